"""The instants snapshots look back from, and whose horizons have closed."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from features.timeline import Ints

Rhythm = Literal["week", "month"]
"""How far apart cut-offs lie: every Monday, or every first of the month."""


def midnight(day: date, time_zone: str) -> datetime:
    """The instant a calendar day begins in a time zone."""
    return datetime.combine(day, time(), ZoneInfo(time_zone))


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microsecond(instant: datetime) -> int:
    """An instant as microseconds since 1970 UTC."""
    return (instant - EPOCH) // _MICROSECOND


def microseconds(instants: tuple[datetime, ...]) -> Ints:
    """Instants as integers of microseconds since 1970 UTC, shape (k,)."""
    return np.array([microsecond(instant) for instant in instants], dtype=np.int64)


def last_days(instants: tuple[datetime, ...], time_zone: str) -> Ints:
    """The local calendar day, since 1970, that ends at or holds the moment before each instant."""
    moments = (
        instant.astimezone(ZoneInfo(time_zone))
        for instant in (instant - timedelta(microseconds=1) for instant in instants)
    )
    return np.array([(moment.date() - date(1970, 1, 1)).days for moment in moments], np.int64)


@dataclass(frozen=True)
class Plan:
    """Which cut-offs a training uses, nothing of it later than what was known.

    Attributes:
        training: Cut-offs whose horizons had closed by `evaluation`, ascending.
        evaluation: The latest cut-off whose horizon has closed: models are trained as of this
            instant and judged on the horizon after it.
        scoring: Where the records end: customers are scored as of this instant.
    """

    training: tuple[datetime, ...]
    evaluation: datetime
    scoring: datetime


def plan(
    first_day: date, end_day: date, *, horizon_days: int, every: Rhythm, most: int, time_zone: str
) -> Plan | None:
    """Lay cut-offs over the records.

    Args:
        first_day: Calendar day of the first record.
        end_day: Calendar day after the last record; the scoring cut-off.
        horizon_days: Length of the horizon in days of 24 hours, as labels count them.
        every: Distance of cut-offs.
        most: At most so many training cut-offs; the latest are taken.
        time_zone: Zone of the calendar days.

    Returns:
        The plan, or None where the records are too short for one training cut-off with a horizon
        of history before it.
    """
    horizon = timedelta(days=horizon_days)
    scoring = midnight(end_day, time_zone)
    evaluation = midnight(_latest(scoring, horizon, every), time_zone)
    training: list[date] = []
    cutoff = _latest(evaluation, horizon, every)
    while cutoff >= first_day + horizon and len(training) < most:
        training.append(cutoff)
        cutoff = _begin(cutoff - timedelta(days=1), every)
    if not training:
        return None
    return Plan(
        tuple(midnight(day, time_zone) for day in reversed(training)),
        evaluation,
        scoring,
    )


def _latest(closed_by: datetime, horizon: timedelta, every: Rhythm) -> date:
    """The day of the latest cut-off whose horizon has closed by an instant."""
    # In UTC, because a zone's arithmetic is the wall clock's: off by an hour over a clock change.
    opened = (closed_by.astimezone(UTC) - horizon).astimezone(closed_by.tzinfo)
    return _begin(opened.date(), every)


def _begin(day: date, every: Rhythm) -> date:
    return day.replace(day=1) if every == "month" else day - timedelta(days=day.weekday())
