"""The history: appended to, never rewritten, and readable after a crash."""

from pathlib import Path

from features.findings import tell
from training.history import History


def test_what_is_noted_is_read_again_with_its_figures(tmp_path: Path) -> None:
    history = History(tmp_path)
    assert history.entries() == []
    why = tell("warning", "lost", "lost {tables} of {rows}", tables=("a", "b"), rows=3)
    noted = history.note("refused", 2, by="train", champion=1, findings=(why,))
    assert History(tmp_path).entries() == [noted]
    assert noted.user
    assert noted.at.tzinfo is not None


def test_nothing_written_before_is_changed(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.note("registered", 1, by="train")
    before = history.path.read_bytes()
    history.note("promoted", 1, by="train")
    assert history.path.read_bytes().startswith(before)
    assert [entry.what for entry in history.entries()] == ["registered", "promoted"]


def test_a_torn_line_spoils_no_other(tmp_path: Path) -> None:
    history = History(tmp_path)
    first = history.note("promoted", 1, by="train")
    with history.path.open("ab") as file:
        file.write(b'{"at": "2024-01-')
    second = history.note("promoted", 2, by="train")
    assert history.entries() == [first, second]


def test_who_was_rolled_back_is_in_the_line_of_champions_no_more(tmp_path: Path) -> None:
    history = History(tmp_path)
    for version in (1, 2, 4):
        history.note("registered", version, by="train")
        history.note("promoted", version, by="train")
    history.note("refused", 5, by="train")
    assert history.champions() == [1, 2, 4]
    history.note("rolled_back", 2, by="rollback")
    assert history.champions() == [1, 2]
    history.note("rolled_back", 3, by="rollback")
    assert history.champions() == [1, 2, 3]
