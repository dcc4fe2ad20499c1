"""How indicators are shown on a terminal, and written to files."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from rich.console import Console
from rich.markup import escape

from features.errors import QuerenciaError
from features.files import aside
from features.indicators.reading import Reading
from querencia.phrases import say
from querencia.shows import grid, line
from serving import words, written
from serving.settings import Settings
from serving.words import Language

NAMED = ("stage", "promise")
"""What has groups of our own naming, to be told in the reader's language."""


def show(
    console: Console, readings: Sequence[Reading], settings: Settings, *, by: str | None
) -> None:
    """A table of the readings, then the definitions they were made under."""
    language = settings.language
    if not readings:
        line(console, say("no_indicators", language))
        return
    period = readings[0].period
    zone = ZoneInfo(settings.features.time_zone)
    start = period.start.astimezone(zone)
    last = period.end.astimezone(zone) - timedelta(microseconds=1)
    table = grid(
        say("indicator", language),
        title=say("indicators", language, start=start, last=last),
        caption=_under(settings),
    )
    if by:
        table.add_column(say("group", language))
    has_targets = any(reading.target is not None for reading in readings)
    for name in ("value", "interval", "n", *(("target", "gap") if has_targets else ())):
        table.add_column(say(name, language), justify="right", no_wrap=True)
    for reading in readings:
        group = [_group(reading, by, language)] if by else []
        table.add_row(
            words.told(reading.indicator.title, language),
            *group,
            *_figures(reading, language),
            *(_aims(reading, language) if has_targets else ()),
        )
    console.print(table)
    console.print(_definitions(readings, language))


def _under(settings: Settings) -> str:
    features, headings = settings.features, words.HEADINGS[settings.language]
    return say(
        "under",
        settings.language,
        horizon_days=features.horizon_days,
        churn=headings[features.churn],
        currency=features.currency,
    )


def _group(reading: Reading, by: str | None, language: Language) -> str:
    # Who is in no stage as the period starts had not bought yet.
    group = reading.group or ("new" if by == "stage" else "-")
    return escape(words.told(group, language) if by in NAMED else group)


def _figures(reading: Reading, language: Language) -> tuple[str, str, str]:
    figure, unit = reading.figure, reading.indicator.unit
    return (
        written.named(figure.value, unit, language),
        written.interval(figure, unit, language),
        written.count(figure.n, language),
    )


def _aims(reading: Reading, language: Language) -> Iterable[str]:
    if reading.target is None or reading.gap is None:
        return ("", "")
    return (
        written.named(each, reading.indicator.unit, language)
        for each in (reading.target, reading.gap)
    )


def _definitions(readings: Sequence[Reading], language: Language) -> Any:
    table = grid(say("indicator", language), title="")
    table.add_column(say("definition", language), ratio=1)
    table.add_column(say("version", language), no_wrap=True)
    for indicator in dict.fromkeys(reading.indicator for reading in readings):
        told = (words.told(text, language) for text in (indicator.title, indicator.definition))
        table.add_row(*told, indicator.version)
    return table


def write(readings: Sequence[Reading], settings: Settings, path: Path) -> None:
    """Write readings as CSV or JSON, each with its definition.

    Raises:
        QuerenciaError: where the file's name ends otherwise.
    """
    rows = [_row(reading, settings) for reading in readings]
    if path.suffix not in (".csv", ".json"):
        raise QuerenciaError(f"Indicators are written as .csv or .json, not as {path.name}.")
    with aside(path) as new:
        if path.suffix == ".csv":
            pd.DataFrame(rows).to_csv(new, index=False)
        else:
            new.write_text(json.dumps(rows, ensure_ascii=False, indent=2), "utf-8")


def _row(reading: Reading, settings: Settings) -> Mapping[str, object]:
    indicator, figure, language = reading.indicator, reading.figure, settings.language
    return {
        "indicator": indicator.name,
        "title": words.told(indicator.title, language),
        "group": reading.group,
        "n": figure.n,
        **{
            name: None if math.isnan(value) else value
            for name, value in zip(("value", "low", "high"), figure[1:], strict=True)
        },
        "unit": indicator.unit,
        "better": indicator.better,
        "target": reading.target,
        "gap": reading.gap,
        "start": reading.period.start.isoformat(),
        "end": reading.period.end.isoformat(),
        "horizon_days": settings.features.horizon_days,
        "churn": settings.features.churn,
        "currency": settings.features.currency,
        "definition": words.told(indicator.definition, language),
        "version": indicator.version,
    }
