"""What a timeline tells of a customer as of a cut-off: counts, sums and quantiles of its rows.

A snapshot has a row for each pair of a customer and a cut-off, and so has every answer here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from features.timeline import DAY, Floats, Ints, Mask, Timeline, order, running_total


@dataclass(frozen=True)
class Pairs:
    """Customers, and the cut-offs that they are looked at as of.

    Attributes:
        cutoffs: Ascending cut-offs in microseconds, shape (k,).
        customer: Place of each pair's customer in the timelines, shape (pairs,).
        cutoff: Place of each pair's cut-off in `cutoffs`, shape (pairs,).
    """

    cutoffs: Ints
    customer: Ints
    cutoff: Ints

    @classmethod
    def where(cls, wanted: Mask, cutoffs: Ints) -> Self:
        """The pairs where `wanted` holds, shape (customers, k)."""
        return cls(cutoffs, *wanted.nonzero())

    def __len__(self) -> int:
        return len(self.customer)

    @cached_property
    def flat(self) -> Ints:
        """Place of each pair among all customers and cut-offs, shape (customers, k) laid flat."""
        return self.customer * len(self.cutoffs) + self.cutoff

    @cached_property
    def instants(self) -> Ints:
        """The cut-off of each pair, microseconds."""
        return self.cutoffs[self.cutoff]


class AsOf:
    """A timeline as it was known to each pair's customer at its cut-off.

    Every answer has shape (pairs,). Windows of `days` end at the cut-off; without `days` all that
    came before it counts, and negative `days` are those after it.
    """

    def __init__(self, timeline: Timeline, pairs: Pairs, windows: Iterable[int] = ()) -> None:
        """Look up all cut-offs, and where each window begins, in one pass.

        Args:
            timeline: The records.
            pairs: Whom to look at, and when.
            windows: Windows in days that are known to be asked for; any other is looked up when
                it is.
        """
        self.timeline = timeline
        self.pairs = pairs
        self._at = self._look_up({0, *windows})
        self._counts: dict[int | None, Ints] = {}

    def _look_up(self, lags_days: Iterable[int]) -> dict[int | None, Ints]:
        wanted = {lag: self.pairs.cutoffs - lag * DAY for lag in lags_days}
        instants = np.sort(np.concatenate([*wanted.values()]))
        positions = self.timeline.positions(instants)
        return {
            lag: positions[:, instants.searchsorted(times)].take(self.pairs.flat)
            for lag, times in wanted.items()
        }

    def where(self, keep: Mask) -> "AsOf":
        """The rows where `keep` holds, as they were known to the same pairs."""
        return _Kept(self, keep)

    def at(self, lag_days: int | None = 0) -> Ints:
        """The row after the last before the cut-off less `lag_days` days; with None, the first."""
        if lag_days not in self._at:
            self._at |= (
                {None: self.timeline.offsets[self.pairs.customer]}
                if lag_days is None
                else self._look_up([lag_days])
            )
        return self._at[lag_days]

    def count(self, days: int | None = None) -> Ints:
        """How many rows; nobody may write into it."""
        if days not in self._counts:
            early, late = _window(days)
            self._counts[days] = self.at(late) - self.at(early)
        return self._counts[days]

    def running(self, values: NDArray[np.integer[Any] | np.bool_]) -> "Running":
        """The running total of a column, to be asked for several windows."""
        return Running(self, values)

    def sum(self, values: NDArray[np.integer[Any] | np.bool_], days: int | None = None) -> Ints:
        """Sum of a column."""
        return self.running(values).over(days)

    def mean(self, values: NDArray[np.integer[Any] | np.bool_], days: int | None = None) -> Floats:
        """Mean of a column, NaN without rows."""
        return ratio(self.sum(values, days), self.count(days))

    def spread(self, values: Ints) -> Floats:
        """Standard deviation of a column, NaN with fewer than two rows.

        Values must stay below about a million, so that their squares can be added up.
        """
        count = np.where(self.count() > 1, self.count(), 0)
        mean = ratio(self.sum(values), count)
        return np.sqrt(np.maximum(ratio(self.sum(values**2), count) - mean**2, 0))

    def last(self, values: Ints) -> Ints:
        """The value of the last row; meaningless where there is none."""
        if not len(values):
            return np.zeros_like(self.at())
        return values.take(self.at() - 1, mode="clip")

    def since(self) -> Floats:
        """Days since the last row, NaN without one."""
        age = (self.pairs.instants - self.last(self.timeline.times)) / DAY
        return np.where(self.count() > 0, age, np.nan)

    def greatest(self, values: Ints) -> Floats:
        """Greatest value of a column, NaN without rows."""
        # Lifting each customer above the one before makes one running maximum start afresh.
        low = values.min(initial=0)
        lift = self.timeline.customer * (values.max(initial=0) - low + 1)
        highest = np.maximum.accumulate(values - low + lift) - lift + low
        return np.where(self.count() > 0, self.last(highest), np.nan)

    def quantiles(self, values: Ints, *shares: float) -> tuple[Floats, ...]:
        """Quantiles of a column, interpolated between the two nearest rows; NaN without rows."""
        timeline, pairs = self.timeline, self.pairs
        ascending = order(timeline.customer, values)
        # All that is known at the first cut-off, then all that is at the second, and so on.
        is_known = timeline.times[ascending] < pairs.cutoffs[:, None]
        known = values[ascending[is_known.nonzero()[1]]]
        begin = running_total(is_known.ravel())[
            pairs.cutoff * len(values) + timeline.offsets[pairs.customer]
        ]
        some = self.count().nonzero()[0]
        begin, last = begin[some], self.count()[some] - 1
        results = np.full((len(shares), len(pairs)), np.nan)
        results[:, some] = _between(known, begin, np.multiply.outer(shares, last))
        return tuple(results)


class _Kept(AsOf):
    """Some rows of a timeline, found by counting them among all."""

    def __init__(self, known: AsOf, keep: Mask) -> None:
        self._known, self._before = known, running_total(keep)
        super().__init__(known.timeline.select(keep), known.pairs)

    def _look_up(self, lags_days: Iterable[int]) -> dict[int | None, Ints]:
        return {lag: self._before.take(self._known.at(lag)) for lag in lags_days}


class Running:
    """A running total over the rows of a timeline, looked up once wherever windows meet."""

    def __init__(self, known: AsOf, values: NDArray[np.integer[Any] | np.bool_]) -> None:
        self._known = known
        self._totals = running_total(values)
        self._at: dict[int | None, Ints] = {}

    def over(self, days: int | None = None) -> Ints:
        """What it grew by in a window of days, shape (pairs,)."""
        early, late = _window(days)
        return self._look_up(late) - self._look_up(early)

    def since(self, rows: Ints) -> Ints:
        """What it grew by from a row of each pair's customer on, shapes (pairs,)."""
        return self._look_up(0) - self._totals.take(rows)

    def _look_up(self, lag: int | None) -> Ints:
        if lag not in self._at:
            self._at[lag] = self._totals.take(self._known.at(lag))
        return self._at[lag]


def _window(days: int | None) -> tuple[int | None, int]:
    """The lags that a window begins and ends at."""
    return (days, 0) if days is None or days > 0 else (0, days)


def _between(values: Ints, begin: Ints, place: NDArray[np.floating[Any]]) -> Floats:
    """The values at places counted from a beginning, interpolated between two."""
    whole = place.astype(np.int64)
    beyond = place - whole
    below = begin + whole
    low, high = values[below], values[below + (beyond > 0)]
    between: Floats = low + beyond * (high - low)
    return between


def ratio(above: NDArray[Any], below: NDArray[Any]) -> Floats:
    """`above / below`, NaN where `below` is zero: not known is not nought."""
    quotient: Floats = below.astype(float)
    quotient[below == 0] = np.nan
    np.divide(above, quotient, out=quotient)
    return quotient
