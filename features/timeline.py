"""Records of many customers, sorted by customer and time, and looked up at many instants at once.

The one mechanism every feature rests on: whatever a feature adds up is a running total over the
sorted rows, and its value in a window is the difference of two look-ups (`features.asof`). All
look-ups of a table come from one pass (`Timeline.positions`), so twelve cut-offs cost little more
than one, and one posted history runs the same code on tiny arrays.

Everything that is added up is an integer (microseconds, 1/10,000 of a currency or of a score), so
that sums are exact and equal in any order.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
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

FOREVER = np.iinfo(np.int64).max
"""An instant after all others."""

_FEW = 1_000
"""Rows up to which a plain sort is the quicker one."""

UNKNOWN = np.iinfo(np.int64).min
"""Stands for a missing instant, amount or number: before everything, and never looked at."""


def running_total(values: NDArray[np.integer[Any] | np.bool_]) -> Ints:
    """Totals before each row and, last, of all rows: shape (rows,) to (rows + 1,)."""
    totals = np.empty(len(values) + 1, dtype=np.int64)
    totals[0] = 0
    np.add.accumulate(values, out=totals[1:])
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
        if names.isdisjoint(self.columns):
            return self
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
        return self._pick(wanted, rows[order(self.customer[rows], times[rows])], times)

    def positions(self, instants: Ints) -> Ints:
        """For each customer and instant, the row after the last row strictly before the instant.

        Args:
            instants: Ascending instants in microseconds, shape (k,).

        Returns:
            Row numbers, shape (customers, k).
        """
        if self.customers == 1:  # all times ascend, and a search is the quicker way
            return self.times.searchsorted(instants)[None]
        # A row counts for every instant after it: bin j of its customer holds the rows that
        # instant j is the first to look back on, and the last bin those after all of them. So a
        # running total counts the rows of the customers before, and the own before each instant.
        bins = len(instants) + 1
        bin_of_row = np.searchsorted(instants, self.times, side="right")
        bin_of_row += self.customer * bins
        rows = np.bincount(bin_of_row, minlength=self.customers * bins)
        return rows.cumsum(out=rows).reshape(self.customers, bins)[:, :-1]


def order(group: Ints, values: Ints) -> Ints:
    """Rows in order of group and value, in the order they come where both are equal."""
    if len(values) < _FEW:
        return np.lexsort((values, group))
    # One key in place of two: rows come nearly sorted, and that sort is quick with it.
    low = values.min()
    span = int(values.max()) - int(low) + 1
    if span * (int(group.max()) + 1) > np.iinfo(np.int64).max:
        return np.lexsort((values, group))
    return np.argsort(group * span + (values - low), kind="stable")
