"""How the history of versions is shown."""

from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from features.findings import tell
from querencia import versions
from serving.settings import Settings
from training.history import Entry

AT = datetime(2024, 5, 31, 4, tzinfo=UTC)
ENTRIES = [
    Entry(at=AT, what="registered", version=7, by="run", user="ann"),
    Entry(
        at=AT,
        what="refused",
        version=7,
        champion=3,
        by="run",
        user="ann [x]",
        findings=(tell("advice", "first_model", "the first model"), tell("error", "x", "why [so]")),
    ),
]


def shown(entries: list[Entry], **settings: Any) -> str:
    console = Console(width=140, record=True, file=None, quiet=True)
    with console.capture() as captured:
        console.quiet = False
        versions.show(console, entries, Settings.model_construct(**settings))
    return captured.get()


def test_every_entry_has_a_line_with_its_reasons() -> None:
    told = shown(ENTRIES)
    assert "2024-05-31 04:00" in told
    assert "not promoted" in told
    assert "run (ann [x])" in told
    assert "the first model why [so]" in told


def test_it_is_told_in_spanish() -> None:
    told = shown(ENTRIES, language="es")
    assert "no ascendida" in told
    assert "el primer modelo why [so]" in told


def test_without_entries_the_remedy_is_told() -> None:
    assert "querencia train" in shown([])
