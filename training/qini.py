"""The Qini curve: who should be offered first, judged on contacts whose arm was drawn at random.

The truth is a change no customer shows: each was offered or held out. Weighted by the inverse of
the propensity, those offered and those held out both stand for all who were contacted, so that the
difference of their outcomes down to a place in the ranking is what the offer does down to it.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from training.bootstrap import Interval, drawn_interval

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True)
class Qini:
    """Contacts in places from the highest score to the lowest, equal scores in one place.

    Attributes:
        place: The place of each contact, shape (n,).
        lost: What is to be prevented: 1 where it happened, or how likely it did, shape (n,).
        offered: Whether the offer was made, else held out, shape (n,).
        inverse: 1 over the propensity of the arm that was drawn, shape (n,).
        weight: How often each contact counts, shape (n,).
    """

    place: Ints
    lost: Floats
    offered: NDArray[np.bool_]
    inverse: Floats
    weight: Floats

    @classmethod
    def of(
        cls, lost: ArrayLike, offered: ArrayLike, propensity: ArrayLike, score: ArrayLike
    ) -> Self:
        """Everybody once; a high score means that the offer is said to save much."""
        _, place = np.unique(-np.asarray(score, float), return_inverse=True)
        happened = np.asarray(lost, float)
        inverse = 1 / np.asarray(propensity, float)
        return cls(place, happened, np.asarray(offered, bool), inverse, np.ones(happened.size))

    def weighted(self, weight: Floats) -> Self:
        """The same with each contact counted so often: a resample."""
        return replace(self, weight=weight)

    @cached_property
    def curve(self) -> tuple[Floats, Floats]:
        """Share of the contacts down to each place, and saved among them, per contact of all.

        Both begin at 0. Down to a place where only one arm has been seen nothing is known, and
        nothing counts as saved.
        """
        share = self._down(self.weight)
        share = share / share[-1]
        held_out, made = self._rate(~self.offered), self._rate(self.offered)
        known = ~np.isnan(held_out - made)
        return share, np.where(known, share * np.nan_to_num(held_out - made), 0.0)

    def _rate(self, arm: NDArray[np.bool_]) -> Floats:
        weight = self.weight * self.inverse * arm
        size, lost = self._down(weight), self._down(weight * self.lost)
        return np.divide(lost, size, out=np.full_like(size, np.nan), where=size > 0)

    def _down(self, values: Floats) -> Floats:
        return np.append(0.0, np.cumsum(np.bincount(self.place, values)))

    def score(self) -> float:
        """Area between the curve and the straight line to its end: 0 where the order is chance.

        In what is saved, per contact: half of what the best share saves above chance, or so.
        """
        share, saved = self.curve
        return float(np.trapezoid(saved - saved[-1] * share, share))


def qini_score(
    lost: ArrayLike, offered: ArrayLike, propensity: ArrayLike, score: ArrayLike
) -> float:
    """Area between the Qini curve and that of a random order (`Qini.score`).

    Args:
        lost: What is to be prevented, 0 to 1, shape (n,).
        offered: Whether the offer was made, shape (n,).
        propensity: Chance of the arm that was drawn, shape (n,).
        score: Higher where the offer is said to save more, shape (n,).

    References:
        Radcliffe 2007, "Using control groups to target on predicted lift"; each arm weighted by
        the inverse of its propensity, and both taken per contact, so that the offer's share of the
        contacts does not matter.
    """
    return Qini.of(lost, offered, propensity, score).score()


def gain_interval(better: Qini, base: Qini, customer: Ints, *, random_state: int = 0) -> Interval:
    """By how much one ranking of the same contacts is above another: 95 %, customers redrawn.

    Args:
        better: The one.
        base: The other.
        customer: Whose contact each is, 0 to customers - 1, shape (n,).
        random_state: Seed of the draws.
    """
    customers = int(customer.max()) + 1

    def gain(drawn: Ints) -> float:
        weight = np.bincount(drawn, minlength=customers)[customer].astype(float)
        return better.weighted(weight).score() - base.weighted(weight).score()

    return drawn_interval(gain, customers, random_state=random_state)


def interval(qini: Qini, customer: Ints, *, random_state: int = 0) -> Interval:
    """Where the score lies: 95 %, customers drawn again."""
    nothing = replace(qini, place=np.zeros_like(qini.place))
    return gain_interval(qini, nothing, customer, random_state=random_state)
