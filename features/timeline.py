"""Records of many customers, sorted by customer and time, and looked up at many instants at once.

The one mechanism every feature rests on: whatever a feature adds up is a running total over the
sorted rows, and its value in a window is the difference of two look-ups. All look-ups of a table
come from one pass (`Timeline.positions`), so twelve cut-offs cost little more than one, and one
posted history runs the same code on tiny arrays.

Everything that is added up is an integer (microseconds, 1/10,000 of a currency or of a score), so
that sums are exact and equal in any order.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
"""Microseconds: instants are integers of microseconds since 1970 UTC."""

UNKNOWN = np.iinfo(np.int64).min
"""Stands for a missing instant, amount or number: before everything, and never looked at."""


def running_total(values: NDArray[np.integer[Any] | np.bool_]) -> Ints:
    """Totals before each row and, last, of all rows: shape (rows,) to (rows + 1,)."""
    totals = np.zeros(len(values) + 1, dtype=np.int64)
    values.cumsum(out=totals[1:])
    return totals


class Picked(Mapping[str, Ints]):
    """Some rows of columns, picked when a column is looked at: few of them are."""

    def __init__(self, columns: Mapping[str, Ints], rows: Ints) -> None:
        self._columns, self._rows = columns, rows
        self._picked: dict[str, Ints] = {}

    def __getitem__(self, name: str) -> Ints:
        if name not in self._picked:
            self._picked[name] = self._columns[name][self._rows]
        return self._picked[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


@dataclass(frozen=True)
class Timeline:
    """The rows of one table for a group of customers.

    Attributes:
        offsets: Row at which each customer's rows begin, and the end: shape (customers + 1,).
        times: Instant of each row, microseconds since 1970 UTC, ascending within a customer.
        columns: Any further columns by name, each of shape (rows,): integers, `UNKNOWN` where
            missing; a text is a position in `words`, -1 where missing.
        words: The words of each text column.
    """

    offsets: Ints
    times: Ints
    columns: Mapping[str, Ints]
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def customers(self) -> int:
        """How many customers there are, with rows or without."""
        return len(self.offsets) - 1

    @cached_property
    def lengths(self) -> Ints:
        """How many rows each customer has: shape (customers,)."""
        return self.offsets[1:] - self.offsets[:-1]

    @cached_property
    def customer(self) -> Ints:
        """Index of the customer each row belongs to: shape (rows,)."""
        return np.arange(self.customers).repeat(self.lengths)

    @cached_property
    def first(self) -> Mask:
        """Whether a row is its customer's first: shape (rows,)."""
        mask = np.zeros(len(self.times), dtype=bool)
        mask[self.offsets[:-1][self.lengths > 0]] = True
        return mask

    def column(self, name: str) -> Ints:
        """A column, all missing where the company does not have it."""
        found = self.columns.get(name)
        return np.full(len(self.times), UNKNOWN) if found is None else found

    def known(self, name: str) -> Mask:
        """Where a column is not missing."""
        found = self.columns.get(name)
        if found is None:
            return np.zeros(len(self.times), dtype=bool)
        return np.greater_equal(found, 0) if name in self.words else np.not_equal(found, UNKNOWN)

    def says(self, name: str, word: str) -> Mask:
        """Where a text column is this word."""
        words = self.words.get(name, ())
        if word not in words:
            return np.zeros(len(self.times), dtype=bool)
        return np.equal(self.column(name), words.index(word))

    def novel(self, name: str) -> Mask:
        """Rows that bring a word of a text column their customer did not have before."""
        pairs = self.customer * (len(self.words.get(name, ())) + 1) + self.column(name) + 1
        mask = np.zeros(len(self.times), dtype=bool)
        mask[np.unique(pairs, return_index=True)[1]] = True
        return mask & self.known(name)

    def none(self) -> Self:
        """No rows at all, of the same customers."""
        return type(self)(np.zeros_like(self.offsets), np.zeros(0, dtype=np.int64), {})

    def without(self, names: Set[str]) -> Self:
        """The same rows, with these columns missing."""
        columns = {name: values for name, values in self.columns.items() if name not in names}
        return replace(self, columns=columns)

    def select(self, keep: Mask) -> Self:
        """Only the rows where `keep` holds; every customer stays, if need be without rows."""
        return self._pick(keep, keep.nonzero()[0], self.times)

    def _pick(self, keep: Mask, rows: Ints, times: Ints) -> Self:
        """The rows kept, in an order within each customer, told by the numbers of the `rows`."""
        offsets = running_total(keep)[self.offsets]
        return type(self)(offsets, times[rows], Picked(self.columns, rows), self.words)

    def subset(self, chosen: Mask) -> Self:
        """Only these customers: shape (customers,)."""
        kept = self.select(chosen[self.customer])
        offsets = running_total(kept.lengths[chosen])
        return type(self)(offsets, kept.times, kept.columns, kept.words)

    def by(self, times: Ints, keep: Mask | None = None) -> Self:
        """The rows put in order of other times, such as when their outcome became known.

        Args:
            times: The new time of each row, or its own where that is later: nothing is known of a
                row before it is there. Rows where it is `UNKNOWN` are left out, and so are those
                where
            keep: does not hold.
        """
        wanted = times != UNKNOWN if keep is None else keep & (times != UNKNOWN)
        if not wanted.any():
            return self.select(wanted)
        times = np.maximum(times, self.times)
        rows = wanted.nonzero()[0]
        return self._pick(wanted, rows[_order(self.customer[rows], times[rows])], times)

    def positions(self, instants: Ints) -> Ints:
        """For each customer and instant, the row after the last row strictly before the instant.

        Args:
            instants: Ascending, distinct instants in microseconds, shape (k,).

        Returns:
            Row numbers, shape (customers, k).
        """
        if not len(self.times):
            return np.repeat(self.offsets[None, :-1], len(instants), axis=0).T
        if self.customers == 1:  # all times ascend, and a search is the quicker way
            return np.searchsorted(self.times, instants)[None]
        # A row counts for every instant after it: bin k holds rows that instant k is the first
        # to look back on, so a running total along the instants counts the rows before each.
        bins = np.searchsorted(instants, self.times, side="right")
        bins *= self.customers
        bins += self.customer
        histogram = np.bincount(bins, minlength=self.customers * (len(instants) + 1))
        # Instants lie outermost in memory, so that an instant is a contiguous row to add and copy.
        rows = histogram.reshape(len(instants) + 1, self.customers)[:-1]
        rows[:1] += self.offsets[:-1]
        for before, row in pairwise(rows):
            row += before
        return rows.T


class AsOf:
    """A timeline as it was known at each of several cut-offs.

    Every answer has shape (customers, cut-offs). Windows of `days` end at the cut-off; without
    `days` all that came before it counts, and negative `days` are those after it.
    """

    def __init__(self, timeline: Timeline, cutoffs: Ints, windows: Iterable[int] = ()) -> None:
        """Look up all cut-offs, and where each window begins, in one pass.

        Args:
            timeline: The records.
            cutoffs: Ascending cut-offs in microseconds, shape (k,).
            windows: Windows in days that are known to be asked for; any other is looked up when
                it is.
        """
        self.timeline = timeline
        self.cutoffs = cutoffs
        self._at = self._look_up({0, *windows})
        self._counts: dict[int | None, Ints] = {}

    def _look_up(self, lags_days: Iterable[int]) -> dict[int, Ints]:
        wanted = {lag: self.cutoffs - lag * DAY for lag in lags_days}
        if len(wanted) == 1:
            return {lag: self.timeline.positions(times) for lag, times in wanted.items()}
        instants = np.unique(np.concatenate(list(wanted.values())))
        positions = self.timeline.positions(instants)
        return {
            lag: positions.T[np.searchsorted(instants, times)].T for lag, times in wanted.items()
        }

    def where(self, keep: Mask) -> "AsOf":
        """The rows where `keep` holds, as they were known at the same cut-offs."""
        return _Kept(self, keep)

    def at(self, lag_days: int | None = 0) -> Ints:
        """Rows before the cut-off less `lag_days` days; with None, before the customer's first."""
        if lag_days is None:
            return self.timeline.offsets[:-1, None]
        if lag_days not in self._at:
            self._at |= self._look_up([lag_days])
        return self._at[lag_days]

    def count(self, days: int | None = None) -> Ints:
        """How many rows; nobody may write into it."""
        if days not in self._counts:
            early, late = _window(days)
            self._counts[days] = np.subtract(self.at(late), self.at(early))
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
        return _looked_up(values, np.maximum(self.at(), 1) - 1)

    def since(self) -> Floats:
        """Days since the last row, NaN without one."""
        return np.where(
            self.count() > 0, (self.cutoffs - self.last(self.timeline.times)) / DAY, np.nan
        )

    def greatest(self, values: Ints) -> Floats:
        """Greatest value of a column, NaN without rows."""
        if not len(values):
            return np.full_like(self.at(), np.nan, dtype=np.float64)
        # Lifting each customer above the one before makes one running maximum start afresh.
        low = values.min()
        lift = self.timeline.customer * (values.max() - low + 1)
        highest = np.maximum.accumulate(values - low + lift) - lift + low
        return np.where(self.count() > 0, self.last(highest), np.nan)

    def quantiles(self, values: Ints, *shares: float) -> tuple[Floats, ...]:
        """Quantiles of a column, interpolated between the two nearest rows; NaN without rows."""
        order = _order(self.timeline.customer, values)
        ordered, times = values[order], self.timeline.times[order]
        # All that is known at the first cut-off, then all that is at the second, and so on.
        known = ordered[np.concatenate([(times < at).nonzero()[0] for at in self.cutoffs])]
        count = self.count().T.ravel()
        some = count.nonzero()[0]
        begin, last = running_total(count)[some], count[some] - 1
        results = tuple(np.full(count.shape, np.nan) for _ in shares)
        for share, result in zip(shares, results, strict=True):
            result[some] = _between(known, begin, share * last)
        return tuple(result.reshape(len(self.cutoffs), -1).T for result in results)


class _Kept(AsOf):
    """Some rows of a timeline, found by counting them among all."""

    def __init__(self, known: AsOf, keep: Mask) -> None:
        self._known, self._before = known, running_total(keep)
        super().__init__(known.timeline.select(keep), known.cutoffs)

    def _look_up(self, lags_days: Iterable[int]) -> dict[int, Ints]:
        return {lag: _looked_up(self._before, self._known.at(lag)) for lag in lags_days}


class Running:
    """A running total over the rows of a timeline, looked up once wherever windows meet."""

    def __init__(self, known: AsOf, values: NDArray[np.integer[Any] | np.bool_]) -> None:
        self._known = known
        self._totals = running_total(values)
        self._at: dict[int | None, Ints] = {}

    def over(self, days: int | None = None) -> Ints:
        """What it grew by in a window of days, shape (customers, cut-offs)."""
        early, late = _window(days)
        return np.subtract(self._look_up(late), self._look_up(early))

    def since(self, rows: Ints) -> Ints:
        """What it grew by from a row of each customer on, shape (customers,) to that of `over`."""
        return np.subtract(self._look_up(0), self._totals[rows, None])

    def _look_up(self, lag: int | None) -> Ints:
        if lag not in self._at:
            self._at[lag] = _looked_up(self._totals, self._known.at(lag))
        return self._at[lag]


def _window(days: int | None) -> tuple[int | None, int]:
    """The lags that a window begins and ends at."""
    return (days, 0) if days is None or days > 0 else (0, days)


def _looked_up(values: Ints, rows: Ints) -> Ints:
    """The values of rows, in the memory order of `positions`."""
    return values.take(rows.T).T


def _order(group: Ints, values: Ints) -> Ints:
    """Rows in order of group and value, in the order they come where both are equal."""
    if not len(values):
        return np.zeros(0, dtype=np.int64)
    # One key in place of two: rows come nearly sorted, and that sort is quick with it.
    low = values.min()
    span = int(values.max()) - int(low) + 1
    if span * (int(group.max()) + 1) > np.iinfo(np.int64).max:
        return np.lexsort((values, group))
    return np.argsort(group * span + (values - low), kind="stable")


def _between(values: Ints, begin: Ints, place: NDArray[np.floating[Any]]) -> Floats:
    """The values at places counted from a beginning, interpolated between two."""
    whole = place.astype(np.int64)
    beyond = place - whole
    below = begin + whole
    low, high = values[below], values[below + (beyond > 0)]
    return np.asarray(low + beyond * (high - low))


def ratio(above: NDArray[Any], below: NDArray[Any]) -> Floats:
    """`above / below`, NaN where `below` is zero: not known is not nought."""
    quotient: Floats = above / np.where(below == 0, np.nan, below)
    return quotient
