"""A file is the old one or the new one, never half of either."""

from pathlib import Path

import pytest

from features.files import aside, renewed


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


def test_a_folder_is_renewed_as_a_whole(tmp_path: Path) -> None:
    for name in ("records/old", "records/both", "scores/kept"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("before")
    with renewed(tmp_path, "records", "quarantine") as new:
        (new / "records").mkdir()
        (new / "records" / "both").write_text("after")
        assert (tmp_path / "records" / "both").read_text() == "before"
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")} == {
        *("records", "records/both", "quarantine", "scores", "scores/kept"),
    }
    assert (tmp_path / "records" / "both").read_text() == "after"


def test_a_folder_stays_as_it_was_where_the_job_dies(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "old").write_text("before")

    def die() -> None:
        with renewed(tmp_path, "records") as new:
            (new / "records").mkdir()
            (new / "records" / "new").write_text("after")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        die()
    assert {path.name for path in tmp_path.rglob("*")} == {"records", "old"}


def test_a_folder_is_made_where_there_is_none(tmp_path: Path) -> None:
    with renewed(tmp_path / "data", "records"):
        pass
    assert (tmp_path / "data" / "records").is_dir()
