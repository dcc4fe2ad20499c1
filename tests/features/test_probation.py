"""Probation: what was read stays, or all of it goes, wherever the reading was killed."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from features.errors import QuerenciaError
from features.files import aside
from features.probation import PARTS, Probation, changing, looking, reading


def write(data: Path, text: str, *parts: str) -> None:
    for part in parts:
        with aside(data / part / "table") as new:
            new.write_text(text)


def texts(data: Path) -> dict[str, str]:
    return {part: (data / part / "table").read_text() for part in PARTS}


def fail(data: Path) -> None:
    with reading(data):
        write(data, "after", "records")
        raise OSError("full")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write(tmp_path, "before", *PARTS)
    return tmp_path


OLD, NEW = dict.fromkeys(PARTS, "before"), dict.fromkeys(PARTS, "after")


def test_what_is_read_stays(data: Path) -> None:
    with reading(data):
        write(data, "after", *PARTS)
    assert texts(data) == NEW
    assert {path.name for path in data.iterdir()} == {".lock", *PARTS}


def test_a_reading_that_fails_changes_nothing(data: Path) -> None:
    with pytest.raises(OSError, match="full"):
        fail(data)
    assert texts(data) == OLD
    assert {path.name for path in data.iterdir()} == {".lock", *PARTS}


def test_what_is_refused_goes_and_the_quarantine_that_tells_why_is_kept(data: Path) -> None:
    with reading(data) as before:
        write(data, "after", *PARTS)
        before.refuse()
    assert texts(data) == OLD
    assert (data / "refused" / "table").read_text() == "after"
    with reading(data):
        write(data, "after", *PARTS)
    assert texts(data) == NEW


def test_the_first_records_of_all_are_taken_back_too(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full"):
        fail(tmp_path)
    assert not list(tmp_path.glob("*/table"))


def test_others_are_kept_from_reading_meanwhile(data: Path) -> None:
    with (
        reading(data),
        pytest.raises(QuerenciaError, match="Another job is reading"),
        changing(data),
    ):
        pass


def test_who_looks_keeps_others_from_changing_and_from_nothing_else(data: Path) -> None:
    with looking(data), looking(data):
        with pytest.raises(QuerenciaError, match="training on the records"), changing(data):
            pass
        assert texts(data) == OLD
    with reading(data), pytest.raises(QuerenciaError, match="Another job"), looking(data):
        pass


def test_a_reading_that_was_killed_is_taken_back_before_anybody_looks(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def act() -> None:
        with reading(data):
            write(data, "after", *PARTS)
            os.kill(os.getpid(), signal.SIGKILL)

    assert killed(act, 0, monkeypatch) == -signal.SIGKILL
    assert texts(data) == NEW
    with looking(data):
        assert texts(data) == OLD
    assert not Probation(data).before.exists()


def killed(act: Callable[[], None], at: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Do it in a process that is killed at its n-th step on the disk; says how it ended."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    left = at

    def then(do: Callable[..., object]) -> Callable[..., object]:
        def counted(*arguments: object, **named: object) -> object:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return do(*arguments, **named)

        return counted

    monkeypatch.setattr(Path, "rename", then(Path.rename))
    monkeypatch.setattr(shutil, "rmtree", then(shutil.rmtree))
    monkeypatch.setattr(shutil, "copytree", then(shutil.copytree))
    act()
    os._exit(0)


@pytest.mark.parametrize("refused", [False, True])
def test_wherever_a_reading_is_killed_all_of_it_is_there_or_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: bool
) -> None:
    ended, at = -signal.SIGKILL, 0
    while ended:
        at += 1
        data = tmp_path / str(at)
        write(data, "before", *PARTS)

        def act(data: Path = data) -> None:
            with reading(data) as before:
                write(data, "after", *PARTS)
                if refused:
                    before.refuse()

        ended = killed(act, at, monkeypatch)
        with changing(data):
            assert texts(data) in ([OLD] if refused else [OLD, NEW])
        assert not Probation(data).before.exists()
    assert at > 6
