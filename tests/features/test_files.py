"""A file is the old one or the new one, never half of either."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from features.files import aside, clear, workspace


def test_the_new_content_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.txt"
    for content in ("old", "new"):
        with aside(path) as new:
            new.write_text(content)
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_nothing_changes_before_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")
    with aside(path) as new:
        new.write_text("new")
        assert path.read_text() == "old"


def _die(new: Path) -> None:
    new.write_text("half")
    raise RuntimeError("out of luck")


def test_the_old_content_stays_when_the_block_raises(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="out of luck"), aside(path) as new:
        _die(new)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_old_content_stays_when_the_disk_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError("no space left")

    path = tmp_path / "file.txt"
    path.write_text("old")
    monkeypatch.setattr("features.files.os.fsync", full)
    with pytest.raises(OSError, match="no space left"), aside(path) as new:
        new.write_text("new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def _age(folder: Path) -> None:
    for path in folder.iterdir():
        os.utime(path, times=(0, 0))


@pytest.fixture
def dead() -> int:
    """The number of a process that is no more."""
    return int(
        subprocess.run(
            [sys.executable, "-c", "import os; print(os.getpid())"],
            capture_output=True,
            check=True,
        ).stdout
    )


def test_what_a_killed_process_left_is_removed_at_the_next_write(tmp_path: Path, dead: int) -> None:
    (tmp_path / f"other.parquet.{dead}.new").write_text("half")
    (tmp_path / f"workspace.{dead}.new").mkdir()
    (tmp_path / f"workspace.{dead}.new" / "spilt").write_text("half")
    _age(tmp_path)
    with aside(tmp_path / "file.txt") as new:
        new.write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]


def test_what_another_container_may_still_write_stays(tmp_path: Path, dead: int) -> None:
    (tmp_path / f"file.{dead}.new").write_text("half")
    clear(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_what_others_still_write_or_a_person_named_so_stays(tmp_path: Path) -> None:
    kept = {f"file.{os.getppid()}.new", f"file.{os.getpid()}.new", "mine.new", "a.9x.new"}
    kept |= {f"file.{2**80}.new", "file.0.new"}
    for name in kept:
        (tmp_path / name).write_text("half")
    _age(tmp_path)
    clear(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == kept


def test_a_workspace_is_gone_when_the_block_ends(tmp_path: Path) -> None:
    with workspace(tmp_path / "data") as path:
        path.mkdir()
        (path / "spilt").write_text("half")
    assert list((tmp_path / "data").iterdir()) == []
