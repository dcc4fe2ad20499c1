"""Purchase histories: what a buy-till-you-die model knows of each customer."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from features.errors import QuerenciaError
from training.purchases.panels import Floats, Integers, Panels

__all__ = ["COLUMNS", "Floats", "Histories", "Integers"]

COLUMNS = ("x", "t_x", "T")

# Codes are packed into one integer of 63 bits; whole numbers up to here are codes of their own.
_WHOLE, _PACKED = 2**20, 2**62

_PIECE = 16_384

FEW = 64
"""Histories up to which sharing work between them costs more than it saves."""

# A table with so many places a row is quicker than hashing.
_DENSE = 8


@dataclass(frozen=True, eq=False)
class Histories:
    """Histories in the literature's symbols, and how many customers share each: shape (n,).

    Attributes:
        x: Repeat purchase days.
        t_x: Age at the last purchase.
        T: Age at the cut-off.
        counts: Customers.
    """

    x: Floats
    t_x: Floats
    T: Floats
    counts: Floats

    @classmethod
    def of(cls, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Self:
        """One history a customer.

        Raises:
            QuerenciaError: A history is impossible.
        """
        columns = [np.array(v, dtype=float, copy=None, ndmin=1) for v in (frequency, recency, T)]
        if len({column.size for column in columns}) > 1:
            columns = list(np.broadcast_arrays(*columns))
        x, t_x, age = columns
        possible = (t_x >= 0) & (t_x <= age) & (age < np.inf) & (np.sign(x) == np.sign(t_x))
        if not possible.all():
            i = int(np.argmin(possible))
            raise QuerenciaError(
                f"{np.sum(~possible)} of {x.size} purchase histories are impossible, such as "
                f"frequency {x[i]:g}, recency {t_x[i]:g}, T {age[i]:g}. Frequency counts the days "
                "with a repeat purchase, and recency is the age at the last of them: at most T, "
                "and 0 without any."
            )
        return cls(x, t_x, age, np.ones(x.size))

    @property
    def customers(self) -> int:
        """How many there are."""
        return round(float(self.counts.sum()))

    @cached_property
    def frequencies(self) -> tuple[Floats, Floats]:
        """Each distinct x, and how many customers have it."""
        rows, _ = self.distinct(("x",))
        return rows.x, rows.counts

    @cached_property
    def panels(self) -> Panels:
        """Their ages from t_x to T, in panels."""
        return Panels.of(self.x, self.t_x, self.T)

    @cached_property
    def pieces(self) -> list[Self]:
        """The rows in pieces that fit the processor's cache, where they are handled faster."""
        bounds = [*range(0, self.x.size, _PIECE), self.x.size]
        return [self.rows(slice(*pair)) for pair in pairwise(bounds)] or [self]

    def rows(self, which: Any) -> Self:
        """Some of them."""
        return type(self)(self.x[which], self.t_x[which], self.T[which], self.counts[which])

    def later(self, days: float | Floats) -> Self:
        """The same histories when so much more time has passed without a purchase."""
        return replace(self, T=self.T + days)

    def scaled(self, unit: float) -> Self:
        """The same histories with so many days as the unit of time."""
        return replace(self, t_x=self.t_x / unit, T=self.T / unit)

    def repeated(self, times: int) -> Self:
        """Each so many times, one after another."""
        return self.rows(np.repeat(np.arange(self.x.size), times))

    def sample(self, size: int, rng: np.random.Generator) -> Self:
        """About so many rows, standing for all: the more customers share one, the likelier."""
        chance = np.minimum(self.counts * (size / self.x.size), 1)
        drawn = np.flatnonzero(rng.random(self.x.size) < chance)
        return replace(self.rows(drawn), counts=self.counts[drawn] / chance[drawn])

    def distinct(self, columns: tuple[str, ...] = COLUMNS) -> tuple[Self, Integers]:
        """The histories that differ in these columns, and which of them each customer has."""
        codes = _distinct([getattr(self, name) for name in columns])
        one = np.empty(codes.max(initial=-1) + 1, dtype=np.int64)
        one[codes] = np.arange(codes.size)
        counts = np.asarray(np.bincount(codes, self.counts), dtype=float)
        return replace(self.rows(one), counts=counts), codes

    def each(
        self, function: Callable[[Self], Floats], columns: tuple[str, ...] = COLUMNS
    ) -> Floats:
        """A function of these columns for every customer, once a distinct history of many."""
        if self.x.size <= FEW:
            return function(self)
        rows, codes = self.distinct(columns)
        return function(rows)[codes]


def _distinct(columns: list[Floats]) -> Integers:
    """Numbers from 0 for the rows that differ."""
    packed, size = np.zeros(columns[0].size, dtype=np.int64), 1
    for column in columns:
        codes = _codes(column)
        span = int(codes.max(initial=0)) + 1
        if size * span > _PACKED:
            packed = np.asarray(pd.factorize(packed)[0])
            size = packed.size
        packed, size = packed * span + codes, size * span
    return _dense(packed, size) if size <= _DENSE * packed.size else pd.factorize(packed)[0]


def _dense(numbers: Integers, size: int) -> Integers:
    present = np.zeros(size, dtype=bool)
    present[numbers] = True
    return (np.cumsum(present) - 1)[numbers]


def _codes(column: Floats) -> Integers:
    if column.max(initial=0) < _WHOLE:
        whole = column.astype(np.int64)
        if (whole == column).all():
            return whole
    return np.asarray(pd.factorize(column)[0])
