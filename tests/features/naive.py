"""Every purchase feature and label once more, row by row, from their meaning alone: the oracle."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import dropwhile, pairwise
from math import fsum, nan
from statistics import pstdev
from typing import NamedTuple
from zoneinfo import ZoneInfo

WINDOWS_DAYS = (7, 30, 90, 180, 365)


class Row(NamedTuple):
    """A transaction, as the company has it."""

    customer_id: str
    occurred_at: datetime
    amount: float
    recorded_at: datetime | None = None

    @property
    def known_at(self) -> datetime:
        return max(self.occurred_at, self.recorded_at or self.occurred_at)


class Day(NamedTuple):
    """A purchase day: when it began, and the amounts that belong to it, later refunds too."""

    began: datetime
    amounts: list[float]


def features(rows: Iterable[Row], cutoff: datetime, time_zone: str) -> dict[str, float] | None:
    """The features of one customer, None for one who has bought nothing yet."""
    known = in_order(row for row in rows if row.known_at < cutoff)
    days = purchase_days(known, time_zone)
    if not days:
        return None
    first, last, seen = min(days), max(days), day_of(cutoff - timedelta(microseconds=1), time_zone)
    gaps = [(later - earlier).days for earlier, later in pairwise(sorted(days))]
    age, silence = (seen - first).days, (seen - last).days
    refunds = -fsum(row.amount for row in known if row.amount < 0)
    gross = fsum(row.amount for row in known if row.amount > 0)
    mean_gap = mean(gaps)
    row = {
        "frequency": len(days) - 1,
        "recency": (last - first).days,
        "T": age,
        "monetary_value": mean([fsum(days[day].amounts) for day in days if day != first]),
        "spend": gross - refunds,
        "silence": silence,
        "silence_in_gaps": silence / mean_gap,
        "mean_gap": mean_gap,
        "gap_spread": pstdev(gaps) if len(gaps) > 1 else nan,
        "refund_share": refunds / gross if gross else nan,
    }
    for window in WINDOWS_DAYS:
        start = cutoff - timedelta(days=window)
        row[f"purchase_days_{window}d"] = sum(day.began >= start for day in days.values())
        row[f"spend_{window}d"] = fsum(row.amount for row in known if row.occurred_at >= start)
    usual = len(days) * 90 / (age + 1)
    return row | {"pace_90d": row["purchase_days_90d"] / usual if age >= 90 else nan}


def labels(
    rows: Iterable[Row], cutoff: datetime, horizon_days: int, time_zone: str
) -> dict[str, float]:
    """What one customer did in the horizon."""
    end = cutoff + timedelta(days=horizon_days)
    ahead = in_order(row for row in rows if cutoff <= row.occurred_at < end)
    bought = list(dropwhile(lambda row: row.amount < 0, ahead))
    days = {day_of(row.occurred_at, time_zone) for row in bought if row.amount >= 0}
    return {
        "churned": not bought,
        "purchase_days_ahead": len(days),
        "spend_ahead": fsum(row.amount for row in bought),
    }


def purchase_days(rows: Iterable[Row], time_zone: str) -> dict[date, Day]:
    """The purchase days of sorted rows; a refund belongs to the latest one before it."""
    days: dict[date, Day] = {}
    latest = None
    for row in rows:
        if row.amount >= 0:
            latest = days.setdefault(day_of(row.occurred_at, time_zone), Day(row.occurred_at, []))
        if latest:
            latest.amounts.append(row.amount)
    return days


def in_order(rows: Iterable[Row]) -> list[Row]:
    """By time; in one instant the refund comes last."""
    return sorted(rows, key=lambda row: (row.occurred_at, -row.amount))


def day_of(instant: datetime, time_zone: str) -> date:
    return instant.astimezone(ZoneInfo(time_zone)).date()


def mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values) if values else nan
