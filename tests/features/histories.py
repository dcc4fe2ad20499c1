"""Histories for tests: strategies that draw them, and the ways they become records."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby

import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st

from features.store import Records, transactions_timeline
from tests.features.naive import WINDOWS_DAYS, Row, day_of, in_order

START = datetime(2023, 1, 1, tzinfo=UTC)
DAYS = 500
TIME_ZONES = ("UTC", "Europe/Madrid", "America/Santiago", "Asia/Kolkata")

# Few days and few times of day, so that rows meet: on one day, in one instant, on a cut-off, at
# the edge of a window or of a local day.
days = st.lists(st.integers(0, DAYS), min_size=1, max_size=8)
minutes = st.sampled_from([0, 30, 180, 270, 600, 1110, 1320, 1350, 1380, 1439])
amounts = st.one_of(st.just(0), st.integers(1, 90_000), st.integers(-40_000, -1))
delays = st.one_of(st.none(), st.integers(-100, 3_000))
time_zones = st.sampled_from(TIME_ZONES)


def at(day: int, minute: int = 0) -> datetime:
    """An instant so many days and minutes after the start."""
    return START + timedelta(days=day, minutes=minute)


@st.composite
def _rows(draw: st.DrawFn, pool: list[int], *, late: bool) -> list[Row]:
    rows = []
    for _ in range(draw(st.integers(1, 25))):
        occurred_at = at(draw(st.sampled_from(pool)), draw(minutes))
        delay = draw(delays) if late else None
        rows.append(
            Row(
                draw(st.sampled_from("abc")),
                occurred_at,
                draw(amounts) / 100,
                None if delay is None else occurred_at + timedelta(hours=delay),
            )
        )
    return rows


@st.composite
def _cutoffs(draw: st.DrawFn, pool: list[int]) -> list[datetime]:
    lags = st.sampled_from([0, 1, *WINDOWS_DAYS, -7, -30, -90])
    day = st.builds(int.__add__, st.sampled_from(pool), lags)
    return draw(st.lists(st.builds(at, day, minutes), min_size=1, max_size=3, unique=True))


@st.composite
def looks(draw: st.DrawFn, *, late: bool = True) -> tuple[list[Row], list[datetime]]:
    """A history of up to three customers, and cut-offs likely to fall on something."""
    pool = draw(days)
    return draw(_rows(pool, late=late)), draw(_cutoffs(pool))


def by_customer(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The rows of each customer."""
    ordered = sorted(rows, key=lambda row: row.customer_id)
    return {name: list(own) for name, own in groupby(ordered, key=lambda row: row.customer_id)}


def table(rows: Iterable[Row], time_zone: str) -> pa.Table:
    """The rows as the store keeps them."""
    kept = sorted(in_order(rows), key=lambda row: row.customer_id)
    instant = pa.timestamp("us", "UTC")
    return pa.table(
        {
            "customer_id": pa.array([row.customer_id for row in kept], pa.string()),
            "occurred_at": pa.array([row.occurred_at for row in kept], instant),
            "amount": pa.array([row.amount for row in kept], pa.float64()),
            "day": pa.array([day_of(row.occurred_at, time_zone) for row in kept], pa.date32()),
            "recorded_at": pa.array([row.recorded_at for row in kept], instant),
        }
    )


def records(rows: Iterable[Row], time_zone: str) -> Records:
    """The rows as a snapshot reads them."""
    return transactions_timeline(table(rows, time_zone))


def indexed(rows: pd.DataFrame) -> pd.DataFrame:
    """Snapshot rows in an order to compare them in."""
    return rows.set_index(["customer_id", "cutoff"]).sort_index()
