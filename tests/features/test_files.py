"""A file is the old one or the new one, never half of either."""

from pathlib import Path

import pytest

from features.files import aside


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
