"""A period: the days that indicators are read over."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Self

import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.cutoffs import midnight
from features.errors import QuerenciaError
from features.settings import FeatureSettings
from features.store import TIMES, Store


def last_day(store: Store) -> date:
    """The last calendar day of any purchase; of any record where nobody bought.

    Raises:
        QuerenciaError: where there are no records.
    """
    tables = sorted(store.has & TIMES.keys(), key=lambda table: table != "transactions")
    if not tables:
        raise QuerenciaError(
            f"There are no records in {store.folder} yet. Read your files first: "
            "querencia check FILE"
        )
    some = tables[:1] if tables[0] == "transactions" else tables
    days = [pq.read_table(store.path(table), columns=["day"])["day"] for table in some]
    last: date = max(day for day in (pc.max(each).as_py() for each in days) if day)
    return last


def looked_at(
    store: Store, settings: FeatureSettings, *, first: date | None = None, last: date | None = None
) -> "Period":
    """The days from the first to the last.

    By default these are as many days as the horizon, up to the last day there are records of.
    """
    end = last or last_day(store)
    start = first or end - timedelta(days=settings.horizon_days - 1)
    return Period.of(start, end, settings.time_zone)


@dataclass(frozen=True)
class Period:
    """From an instant up to another, which is not part of it; both in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise QuerenciaError(
                f"A period must end after it starts, not go from {self.start:%Y-%m-%d} to "
                f"{self.end:%Y-%m-%d}."
            )

    @classmethod
    def of(cls, first: date, last: date, time_zone: str) -> Self:
        """The calendar days from the first to the last, both part of it, in a time zone."""
        start, end = (midnight(day, time_zone) for day in (first, last + timedelta(days=1)))
        # Within one zone Python would count hours by the clock on the wall.
        return cls(start.astimezone(UTC), end.astimezone(UTC))

    @property
    def days(self) -> float:
        """Its length in days of 24 hours."""
        return (self.end - self.start) / timedelta(days=1)

    @property
    def before(self) -> Self:
        """The period of the same length just before."""
        return type(self)(self.start - (self.end - self.start), self.start)
