"""What all buy-till-you-die models have in common."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, psi

from training.purchases.histories import FEW, Floats, Histories

# The exponential neither overflows here nor falls back to its slow path for underflow.
STEEP = 700.0

# Steps of days, and how many: a search over two years and more, by few calls or by few points.
_AT_ONCE = ((28, 26), (1, 27))
_BY_HALVES = tuple((2**power, 1) for power in reversed(range(10)))

# Histories up to which all days are calculated together: more would not fit a processor's cache.
_TOGETHER = 2048

Slopes = Callable[[Floats], Floats]
"""Derivatives of a log-likelihood by each parameter, summed over histories so weighted: shape
(p,)."""


class Silence(NamedTuple):
    """What becomes of customers within some days, each of shape (n,).

    Attributes:
        there: P(still a customer now).
        left: P(not any more).
        if_there: P(no purchase within the days) of one who still is.
    """

    there: Floats
    left: Floats
    if_there: Floats

    @classmethod
    def of(cls, odds_left: Floats, if_there: Floats) -> Self:
        """By P(left) over P(still there)."""
        there = 1 / (1 + odds_left)
        return cls(there, odds_left * there, if_there)

    @property
    def chance(self) -> Floats:
        """P(no purchase within the days): who has left buys no more."""
        return self.left + self.there * self.if_there


@dataclass(frozen=True)
class Process(ABC):
    """A buy-till-you-die model with its parameters, in the literature's symbols.

    The likelihood of a history is C(x, t_x) [alive + dead]: either they are still there, or they
    left after the last purchase.
    """

    r: float
    alpha: float

    bounds: ClassVar[tuple[tuple[float, float], ...]]
    times: ClassVar[tuple[str, ...]]
    fitter: ClassVar[Any]
    # What tells how much one who is still there buys.
    rhythm: ClassVar[tuple[str, ...]] = ("x", "T")

    @abstractmethod
    def log_constant(self, x: Floats) -> Floats:
        """The logarithm of C up to the offset."""

    @abstractmethod
    def constant_slopes(self, x: Floats) -> Floats:
        """Its derivatives by each parameter, shape (p, n)."""

    @abstractmethod
    def alive(self, h: Histories) -> tuple[Floats, Slopes]:
        """The logarithm of the alive part, and its slopes."""

    @abstractmethod
    def dead(self, h: Histories) -> tuple[Floats, Slopes]:
        """The logarithm of the dead part, and its slopes."""

    @abstractmethod
    def p_silent_if_alive(self, days: Floats, h: Histories) -> Floats:
        """P(no purchase within so many days) of one who is a customer now."""

    @abstractmethod
    def purchases_if_alive(self, days: float | Floats, h: Histories) -> Floats:
        """Mean number of purchases within so many days of one who is a customer now."""

    def purchases_by(self, days: Floats, h: Histories) -> Floats:
        """The same by each of these days, shape (n, days)."""
        if h.x.size > _TOGETHER:
            return np.stack([self.purchases_if_alive(each, h) for each in days.tolist()], axis=1)
        return self._purchases_by(days, h)

    def _purchases_by(self, days: Floats, h: Histories) -> Floats:
        spans = np.tile(days, h.x.size)
        return self.purchases_if_alive(spans, h.repeated(days.size)).reshape(-1, days.size)

    def next_purchase_days(self, chances: Floats, h: Histories) -> Floats:
        """Whole days by which one who is a customer now has bought, shape (n, chances).

        Args:
            chances: With which they have.
            h: Their histories.
        """
        steps = _AT_ONCE if h.x.size <= FEW else _BY_HALVES
        silent_days = np.zeros((h.x.size, 1, 1))
        for step, points in steps:
            days = silent_days + step * np.arange(1, points + 1)
            silent = self.p_silent_if_alive(days.ravel(), h.repeated(math.prod(days.shape[1:])))
            still = silent.reshape(days.shape) > 1 - chances[:, None]
            silent_days = silent_days + step * still.sum(axis=2, keepdims=True)
        return silent_days[:, :, 0] + 1

    def log_offset(self, h: Histories) -> float:  # noqa: ARG002 - for models that have one
        """What the log-likelihood holds that no parameter changes, summed over the customers."""
        return 0.0

    def log_silent(self, h: Histories) -> Floats:
        """The log-likelihood up to C."""
        return np.logaddexp(self.alive(h)[0], self.dead(h)[0])

    def log_likelihood(self, h: Histories) -> float:
        """The sum over the customers."""
        return self.score(h)[0] + self.log_offset(h)

    def silence(self, days: float, h: Histories) -> Silence:
        """What becomes of them within so many days."""
        return Silence.of(self.odds_left(h), self.silent_if_alive(days, h))

    def silent_if_alive(self, days: float, h: Histories) -> Floats:
        """`p_silent_if_alive`, calculated once for those alike in what tells it."""

        def silent(h: Histories) -> Floats:
            return self.p_silent_if_alive(np.full_like(h.T, days), h)

        return h.each(silent, self.rhythm)

    def p_alive(self, h: Histories) -> Floats:
        """P(still a customer)."""
        return 1 / (1 + self.odds_left(h))

    def odds_left(self, h: Histories) -> Floats:
        """P(not a customer any more) over P(still one)."""
        return np.concatenate([self._odds_left(piece) for piece in self.pieces(h)])

    def _odds_left(self, h: Histories) -> Floats:
        odds = self.dead(h)[0] - self.alive(h)[0]
        return np.asarray(np.exp(np.clip(odds, -STEEP, STEEP)))

    def pieces(self, h: Histories) -> list[Histories]:
        """What is calculated at a time."""
        return h.pieces

    def score(self, h: Histories) -> tuple[float, Floats]:
        """The log-likelihood up to the offset, and its derivatives by each parameter."""
        x, counts = h.frequencies
        values, slopes = zip(*(self._silence_score(piece) for piece in self.pieces(h)), strict=True)
        value = counts @ self.log_constant(x) + math.fsum(values)
        return float(value), self.constant_slopes(x) @ counts + np.sum(slopes, axis=0)

    def _silence_score(self, h: Histories) -> tuple[float, Floats]:
        """That of the silence: its slopes are a mean over whether they are alive."""
        (alive, alive_slopes), (dead, dead_slopes) = self.alive(h), self.dead(h)
        odds = dead - alive
        less = np.exp(-np.minimum(np.abs(odds), STEEP))
        left = h.counts * np.where(odds > 0, 1, less) / (1 + less)
        value = h.counts @ (alive + np.maximum(odds, 0) + np.log(1 + less))
        return float(value), alive_slopes(h.counts - left) + dead_slopes(left)

    def log_rate(self, purchases: Floats) -> Floats:
        """log [Gamma(r + purchases) / Gamma(r) alpha^r]."""
        rising = gammaln(self.r + purchases) - gammaln(self.r)
        return np.asarray(rising + self.r * np.log(self.alpha))

    def rate_slopes(self, purchases: Floats) -> tuple[Floats, float]:
        """Its derivatives by r and alpha."""
        by_r = psi(self.r + purchases) - psi(self.r) + np.log(self.alpha)
        return by_r, self.r / self.alpha

    def in_days(self, unit: float) -> Self:
        """The same process when its unit of time was so many days."""
        return replace(self, **{name: unit * getattr(self, name) for name in self.times})


def stacked(*rows: ArrayLike) -> Floats:
    """Rows of one length, where a number stands for as many as the others have."""
    return np.stack(np.broadcast_arrays(*rows))
