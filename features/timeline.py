"""Records of many customers, sorted by customer and time, and looked up at many instants at once.

The one mechanism every feature rests on: whatever a feature adds up is a running total over the
sorted rows, and its value in a window is the difference of two look-ups. All look-ups of a table
come from one pass (`Timeline.positions`), so twelve cut-offs cost little more than one, and one
posted history runs the same code on tiny arrays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SECOND = 1_000_000
DAY = 86_400 * SECOND
"""Microseconds in a second and in a day of 24 hours: instants are integers of microseconds."""


def running_total(values: NDArray[np.integer[Any] | np.bool_]) -> Ints:
    """Totals before each row and, last, of all rows: shape (rows,) to (rows + 1,)."""
    totals = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(values, out=totals[1:])
    return totals


@dataclass(frozen=True)
class Timeline:
    """The rows of one table for a group of customers.

    Attributes:
        offsets: Row at which each customer's rows begin, and the end: shape (customers + 1,).
        times: Instant of each row, microseconds since 1970 UTC, ascending within a customer.
        columns: Any further columns by name, each of shape (rows,).
    """

    offsets: Ints
    times: Ints
    columns: dict[str, NDArray[Any]]

    @property
    def customers(self) -> int:
        """How many customers there are, with rows or without."""
        return len(self.offsets) - 1

    @cached_property
    def customer(self) -> Ints:
        """Index of the customer each row belongs to: shape (rows,)."""
        return np.repeat(np.arange(self.customers), np.diff(self.offsets))

    @cached_property
    def first(self) -> NDArray[np.bool_]:
        """Whether a row is its customer's first: shape (rows,)."""
        mask = np.zeros(len(self.times), dtype=bool)
        mask[self.offsets[:-1][np.diff(self.offsets) > 0]] = True
        return mask

    def select(self, keep: NDArray[np.bool_]) -> "Timeline":
        """Only the rows where `keep` holds; every customer stays, if need be without rows."""
        return Timeline(
            running_total(keep)[self.offsets],
            self.times[keep],
            {name: values[keep] for name, values in self.columns.items()},
        )

    def positions(self, instants: Ints) -> Ints:
        """For each customer and instant, the row after the last row strictly before the instant.

        Args:
            instants: Ascending, distinct instants in microseconds, shape (k,).

        Returns:
            Row numbers, shape (customers, k).
        """
        width = len(instants) + 1
        # A row counts for every instant after it: bin k holds rows that instant k is the first
        # to look back on, so a running total along the instants counts the rows before each.
        bins = np.searchsorted(instants, self.times, side="right")
        histogram = np.bincount(self.customer * width + bins, minlength=self.customers * width)
        counts = np.cumsum(histogram.reshape(self.customers, width)[:, :-1], axis=1)
        return self.offsets[:-1, None] + counts


class AsOf:
    """A timeline as it was known at each of several cut-offs.

    Every answer has shape (customers, cut-offs).
    """

    def __init__(self, timeline: Timeline, cutoffs: Ints, lags_days: Sequence[int] = ()) -> None:
        """Look up all cut-offs, and all cut-offs less each lag, in one pass.

        Args:
            timeline: The records.
            cutoffs: Ascending cut-offs in microseconds, shape (k,).
            lags_days: Window lengths in days that will be asked for; negative ones look ahead,
                as labels do.
        """
        self.timeline = timeline
        self.cutoffs = cutoffs
        wanted = {lag: cutoffs - lag * DAY for lag in {0, *lags_days}}
        instants = np.unique(np.concatenate(list(wanted.values())))
        positions = timeline.positions(instants)
        self._at = {
            lag: positions[:, np.searchsorted(instants, times)] for lag, times in wanted.items()
        }

    @property
    def start(self) -> Ints:
        """Row at which each customer begins, shape (customers, 1)."""
        return self.timeline.offsets[:-1, None]

    def at(self, lag_days: int = 0) -> Ints:
        """Rows before the cut-off less `lag_days` days."""
        return self._at[lag_days]

    def total(self, totals: Ints, days: int | None = None) -> Ints:
        """What a running total grew by before the cut-off, ever or in the last `days` days.

        Args:
            totals: From `running_total`, shape (rows + 1,).
            days: Length of the window; negative for the days after the cut-off.
        """
        if days is None:
            return np.subtract(totals[self.at()], totals[self.start])
        early, late = (days, 0) if days > 0 else (0, days)
        return np.subtract(totals[self.at(late)], totals[self.at(early)])

    def last(self, values: Ints) -> Ints:
        """The value of the last row before the cut-off; meaningless where there is none."""
        padded = np.append(values, 0)  # so that there is an answer where there are no rows at all
        return np.take(padded, np.maximum(self.at(), 1) - 1)
