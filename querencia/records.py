"""How records are shown on a terminal: what was read of them, what they carry, what is proposed."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from features.feature import Feature
from features.intake import Intake
from features.mapping import UnknownColumnsError
from features.proposal import Proposal
from features.usability import Report
from querencia.phrases import say
from querencia.shows import LEVELS, grid, line
from serving import words
from serving.settings import Settings


def check(console: Console, report: Report, settings: Settings) -> None:
    """What was read, what was refused and why, and whether it will do."""
    language = settings.language
    for intake in report.intakes:
        refused = settings.data / "quarantine" / f"{intake.table}.csv"
        _intake(console, intake, refused, language)
    if held := report.summary.purchases:
        share = held.repeat_buyers / held.customers
        line(console, say("held", language, share=share, **vars(held)))
    _families(console, report, language)
    for finding in report.findings:
        label, style = words.told(finding.level, language), LEVELS[finding.level]
        line(console, f": {words.finding(finding, language)}", label=label, style=style)
    line(console, say("report", language, path=settings.data / "usability.html"))
    line(console, say("usable" if report.usable else "mend", language))


def _intake(console: Console, intake: Intake, refused: Path, language: words.Language) -> None:
    kept = say("kept", language, kept=intake.kept, rows=intake.rows)
    line(console, kept, label=intake.table, style="bold")
    if intake.again or intake.completed:
        line(console, say("repeats", language, again=intake.again, completed=intake.completed))
    for fault in intake.faults:
        example = ", ".join(f"{name}={value}" for name, value in fault.example.items())
        reason, remedy = (words.told(text, language) for text in (fault.reason, fault.remedy))
        told = {"rows": fault.rows, "reason": reason, "example": example, "remedy": remedy}
        line(console, say("fault", language, **told))
    if intake.faults:
        line(console, say("quarantine", language, path=refused))


def _families(console: Console, report: Report, language: words.Language) -> None:
    table = grid(say("family", language), title=say("families", language))
    table.add_column(say("features", language), justify="right", no_wrap=True)
    table.add_column(say("lacking", language), ratio=1)
    for carried in report.families:
        count = say("of", language, count=len(carried.features), of=carried.of)
        table.add_row(
            words.told(carried.family, language),
            count if carried.features else say("aside", language),
            ", ".join(carried.lacking),
        )
    console.print(table)


def unknown(error: UnknownColumnsError, language: words.Language) -> str:
    """Which columns a source lacks, and which it has."""
    return say(
        "unknown",
        language,
        source=error.proposal.source,
        missing=", ".join(error.missing),
        found=", ".join(error.found),
    )


def proposal(console: Console, proposed: Proposal, settings: Settings) -> None:
    """Which of a file's columns become which of ours, and why."""
    language = settings.language
    title = say("proposal", language, source=proposed.source)
    table = grid(say("theirs", language), title=escape(title))
    table.add_column(say("example", language), overflow="fold")
    for name in ("ours", "meaning", "why"):
        table.add_column(say(name, language))
    meanings = {column.name: column.meaning for column in proposed.contract.columns}
    for guess in proposed.guesses:
        meaning = words.told(meanings[guess.column], language)
        cells = (escape(guess.theirs), escape(guess.example))
        table.add_row(*cells, guess.column, meaning, say(guess.why, language))
    for column in proposed.missing:
        meaning = words.told(column.meaning, language)
        table.add_row(say("missing_value", language), "", column.name, meaning, "")
    console.print(table)
    if proposed.where:
        line(console, say("only", language, where=proposed.where))


def features(
    console: Console, families: Mapping[str, tuple[Feature[Any], ...]], language: words.Language
) -> None:
    """Every feature of these families: unit, meaning, window, and what to do about it."""
    for family, columns in families.items():
        table = grid(say("feature", language), title=words.told(family, language))
        for name in ("unit", "meaning", "window", "driver"):
            table.add_column(say(name, language), no_wrap=name == "window")
        for feature in columns:
            table.add_row(feature.name, *_described(feature, language))
        console.print(table, "")


def _described(feature: Feature[Any], language: words.Language) -> Iterator[str]:
    days = feature.window_days
    yield words.told(feature.unit, language)
    yield words.told(feature.meaning, language)
    yield say("ever", language) if days is None else say("days", language, days=days)
    yield f"{words.told(feature.driver, language)}: {words.told(feature.action, language)}"
