"""Steps: what a long job shows while it runs."""

import re
from io import StringIO

import pytest
from rich.console import Console

from querencia.progress import Steps


def console() -> Console:
    return Console(file=StringIO(), width=80)


def printed(console: Console) -> list[str]:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


def test_every_step_is_one_line_with_its_time_in_seconds() -> None:
    shown = console()
    with Steps(shown) as steps:
        steps("reading")
        steps("writing")
    reading, writing = printed(shown)
    assert re.fullmatch(r"✓ reading \d+\.\d s", reading)
    assert re.fullmatch(r"✓ writing \d+\.\d s", writing)


def test_a_step_is_shown_when_it_is_over() -> None:
    shown = console()
    with Steps(shown) as steps:
        steps("reading")
        assert printed(shown) == []
        steps("writing")
        assert len(printed(shown)) == 1


def test_the_step_that_fails_is_crossed_out() -> None:
    shown = console()

    def job() -> None:
        with Steps(shown) as steps:
            steps("reading")
            steps("writing")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        job()
    assert [line[0] for line in printed(shown)] == ["✓", "✗"]


def test_a_job_without_steps_shows_nothing() -> None:
    shown = console()
    with Steps(shown):
        pass
    assert printed(shown) == []


def test_brackets_in_a_name_are_shown() -> None:
    shown = console()
    with Steps(shown) as steps:
        steps("reading [bold]orders[/bold].csv")
    assert "reading [bold]orders[/bold].csv" in printed(shown)[0]
