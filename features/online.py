"""The snapshot row of one posted history: the same features as the batch, on tiny arrays."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from features import comments, snapshot
from features.comments import Themes
from features.cutoffs import EPOCH, microsecond
from features.records import LEFT_OUT, TIMELINES, UNITS, Kind, Records
from features.settings import FeatureSettings
from features.snapshot import Snapshot
from features.timeline import DAY, UNKNOWN, Ints, Timeline

_OF_ISSUES = tuple(
    table
    for table, contract in TIMELINES.items()
    if any(column.name == "ticket_id" for column in contract.columns)
)
"""Tables whose rows belong to an issue, by its number."""

History = Mapping[str, Sequence[Mapping[str, Any]]]
"""A customer's rows by table, each in its present version; instants are datetimes with a zone."""


def row(
    customer_id: str,
    history: History,
    cutoff: datetime,
    settings: FeatureSettings,
    *,
    has: Set[str],
    themes: Themes | None = None,
) -> Snapshot:
    """The snapshot of one customer at one cut-off.

    Args:
        customer_id: Given back with the row.
        history: Everything that is known of the customer.
        cutoff: The instant to look back from.
        settings: The definitions.
        has: The tables and columns the model knows; the history's others are not looked at.
        themes: What comments are about, as the model has learned it.

    Returns:
        One row, or none where the history holds no purchase before the cut-off.
    """
    tables = {table: history.get(table, ()) for table in TIMELINES if table in has}
    unseen = snapshot.NEEDED - has
    issues = _codes(row.get("ticket_id") for table in _OF_ISSUES for row in tables.get(table, ()))
    records = Records(
        np.array([customer_id], dtype=object),
        {
            table: _timeline(table, rows, issues, unseen, settings.time_zone, themes)
            for table, rows in tables.items()
        },
    )
    return next(snapshot.groups([records], [cutoff], settings, has=has, themes=themes))


def _timeline(
    table: str,
    rows: Sequence[Mapping[str, Any]],
    issues: Mapping[Any, int],
    unseen: Set[str],
    time_zone: str,
    themes: Themes | None,
) -> Timeline:
    contract = TIMELINES[table]
    ordered = sorted(rows, key=lambda row: (row[contract.time], -row.get("amount", 0)))
    told = {name for row in rows for name, value in row.items() if value is not None}
    held = (told | {column.name for column in contract.columns if column.required}) - LEFT_OUT
    columns: dict[str, Ints] = {}
    codes: dict[str, Mapping[Any, int]] = {}
    for column in contract.columns:
        if column.name not in held or f"{table}.{column.name}" in unseen:
            continue
        values = [row.get(column.name) for row in ordered]
        if column.kind in ("id", "text"):
            codes[column.name] = issues if column.name == "ticket_id" else _codes(values)
        columns[column.name] = _held(values, column.kind, codes.get(column.name))
    words = {name: tuple(known) for name, known in codes.items()}
    if table == "surveys" and themes is not None:
        texts, languages = ([row.get(name) for row in ordered] for name in ("comment", "language"))
        columns |= comments.columns(themes, texts, languages)
    times = columns[contract.time]
    columns["day"] = _days([row[contract.time] for row in ordered], times, time_zone)
    return Timeline(np.array([0, len(ordered)]), times, columns, words)


def _held(values: list[Any], kind: Kind, codes: Mapping[Any, int] | None) -> Ints:
    """A column: the codes of its words where it is text."""
    if codes is not None:
        return _integers([codes.get(value, -1) for value in values])
    whole = _WHOLE[kind]
    return _integers([UNKNOWN if value is None else whole(value) for value in values])


def _codes(words: Iterable[Any]) -> dict[Any, int]:
    """A number for each word, in order of appearance."""
    return {word: code for code, word in enumerate(dict.fromkeys(filter(None, words)))}


def _integers(values: list[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def _units(amount: float) -> int:
    return round(amount * UNITS)


_WHOLE: dict[Kind, Callable[[Any], int]] = {
    "instant": microsecond,
    "money": _units,
    "number": _units,
    "flag": int,
}
"""What is held of a value, by what its column holds."""


def _days(instants: list[datetime], times: Ints, time_zone: str) -> Ints:
    """The calendar day of each instant, since 1970."""
    if time_zone == "UTC":  # by far the quicker way
        return times // DAY
    zone = ZoneInfo(time_zone)
    return _integers([i.astimezone(zone).toordinal() - EPOCH.toordinal() for i in instants])
