"""Customers ranked by risk, and the measures of such a ranking, however they are weighted.

scikit-learn's measures sort at each call. Intervals need each measure hundreds of times on the
same order, so here the customers are ranked once and only counted again.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.optimize import isotonic_regression
from scipy.special import xlog1py, xlogy

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

_SURE = np.finfo(np.float64).eps
"""Nobody is surer than this: the loss of a forecast of 0 or 1 that fails stays finite."""


@dataclass(frozen=True)
class Ranking:
    """Customers in places from the highest score to the lowest, equal scores in one place.

    Attributes:
        score: The score of each place, falling.
        place: The place of each customer, shape (n,).
        happened: 1 for each customer it happened to, else 0, shape (n,).
        weight: How often each customer counts, shape (n,).
    """

    score: Floats
    place: Ints
    happened: Floats
    weight: Floats

    @classmethod
    def of(cls, y_true: ArrayLike, y_score: ArrayLike) -> Self:
        """Everybody once, by the truth (1 = happened) and the score of each."""
        negative, place = np.unique(-np.asarray(y_score, float), return_inverse=True)
        happened = np.asarray(y_true, float)
        return cls(-negative, place, happened, np.ones(happened.size))

    def weighted(self, weight: Floats) -> Self:
        """The same ranking with each customer counted so often: a resample."""
        return replace(self, weight=weight)

    @cached_property
    def size(self) -> Floats:
        """Customers in each place."""
        return self._counted(self.weight)

    @cached_property
    def hits(self) -> Floats:
        """Of them, those it happened to."""
        return self._counted(self.weight * self.happened)

    def _counted(self, weight: Floats) -> Floats:
        return np.bincount(self.place, weight, minlength=self.score.size).astype(float)

    @cached_property
    def _reached(self) -> tuple[Floats, Floats]:
        """Customers, and hits, down to each place: from none to all."""
        return _running(self.size), _running(self.hits)

    def auc_score(self) -> float:
        """Chance that one it happened to ranks above one it did not; half where they tie."""
        misses = self.size - self.hits
        above = _running(self.hits)[:-1] + self.hits / 2
        return float(above @ misses / (self.hits.sum() * misses.sum()))

    def pr_auc_score(self) -> float:
        """Area under precision and recall: mean precision at each hit (average precision)."""
        customers, hits = (reached[1:] for reached in self._reached)
        precision = np.divide(hits, customers, out=np.zeros_like(hits), where=customers > 0)
        return float(precision @ self.hits / hits[-1])

    def log_loss(self) -> float:
        """Mean of -log of the probability given to what happened; the score is a probability."""
        p = np.clip(self.score, _SURE, 1 - _SURE)
        log_likelihood = xlogy(self.hits, p) + xlog1py(self.size - self.hits, -p)
        return float(-log_likelihood.sum() / self.size.sum())

    def brier_loss(self) -> float:
        """Mean squared distance of the probability from what happened."""
        squares = self.hits * (1 - self.score) ** 2 + (self.size - self.hits) * self.score**2
        return float(squares.sum() / self.size.sum())

    def calibration(self, *, bins: int = 10) -> tuple[Floats, Floats, Floats]:
        """Mean score, observed rate and customers of bins of equal size, lowest score first.

        Customers of one place who fall into two bins share the rate of theirs.
        """
        customers, hits = self._reached
        bins = int(min(bins, customers[-1]))
        edges = np.round(np.linspace(0, customers[-1], bins + 1))
        size = np.diff(edges).astype(float)
        scores, happened = (
            np.diff(np.interp(edges, customers, total))[::-1] / size[::-1]
            for total in (_running(self.size * self.score), hits)
        )
        return scores, happened, size[::-1]

    def calibration_loss(self, *, bins: int = 10) -> float:
        """Mean distance between score and observed rate over bins of equal size (ECE)."""
        score, happened, size = self.calibration(bins=bins)
        return float(np.average(np.abs(score - happened), weights=size))

    def top_decile_lift_score(self) -> float:
        """Rate among the tenth with the highest scores over the rate among all."""
        customers, hits = self._reached
        tenth = max(1.0, customers[-1] // 10)
        return float(np.interp(tenth, customers, hits) / tenth * customers[-1] / hits[-1])

    def empc_score(
        self,
        *,
        clv: float,
        offer_cost: float,
        contact_cost: float,
        alpha: float = 6,
        beta: float = 14,
    ) -> tuple[float, float]:
        """Expected maximum profit of a retention campaign; see `training.metrics.empc_score`."""
        leave = self.hits.sum() / self.size.sum()
        leavers, stayers = self._roc_hull()
        offer, contact = offer_cost / clv, contact_cost / clv
        costs = contact * leave * leavers + (offer + contact) * (1 - leave) * stayers
        gains = (1 - offer) * leave * leavers
        profit, share = best_profit(
            gains, costs, leave * leavers + (1 - leave) * stayers, alpha=alpha, beta=beta
        )
        return clv * profit, share

    def emp_score(
        self,
        *,
        clv: Floats,
        offer_cost: Floats,
        contact_cost: float,
        alpha: float = 6,
        beta: float = 14,
    ) -> tuple[float, float]:
        """The same with a value and a cost of each customer; see `training.metrics.emp_score`."""
        kept = self._counted(self.weight * self.happened * (clv - offer_cost))
        spent = self._counted(self.weight * (1 - self.happened) * offer_cost)
        gains, costs, customers = (
            _running(each) / self.weight.sum()
            for each in (kept, spent + contact_cost * self.size, self.size)
        )
        corner = _hull(gains, costs)
        return best_profit(gains[corner], costs[corner], customers[corner], alpha=alpha, beta=beta)

    def _roc_hull(self) -> tuple[Floats, Floats]:
        """Corners of the convex hull of the ROC curve: shares of leavers and of stayers reached.

        They lie where the antitonic regression of what happened on the rank changes its level.
        """
        customers, hits = self._reached
        held = self.size > 0
        rate = self.hits[held] / self.size[held]
        blocks = isotonic_regression(rate, weights=self.size[held], increasing=False).blocks
        corner = np.append(0, np.flatnonzero(held) + 1)[blocks]
        leavers, stayers = hits[corner], customers[corner] - hits[corner]
        return leavers / leavers[-1], stayers / stayers[-1]


def best_profit(
    gains: Floats, costs: Floats, customers: Floats, *, alpha: float, beta: float
) -> tuple[float, float]:
    """Mean over gamma ~ Beta(alpha, beta) of the best gamma * gains - costs, and of `customers`.

    Args:
        gains: What is earned down to each corner of a convex hull, per point of gamma.
        costs: What is spent.
        customers: How many are reached.
        alpha: First parameter of the distribution.
        beta: Second parameter.
    """
    # The best corner moves to the next one where gain times gamma overtakes cost.
    cost, gain = np.diff(costs), np.diff(gains)
    corners = np.divide(cost, gain, out=np.ones_like(cost), where=gain > cost)
    limits = np.concatenate([[0.0], np.maximum(corners, 0), [1.0]])
    chance = np.diff(stats.beta.cdf(limits, alpha, beta))
    mean = alpha / (alpha + beta) * np.diff(stats.beta.cdf(limits, alpha + 1, beta))
    return float(gains @ mean - costs @ chance), float(customers @ chance)


def _hull(gains: Floats, costs: Floats) -> Ints:
    """Corners of the lower convex hull of the costs over the gains, the least gain first."""
    order = np.lexsort((costs, gains))
    place: Ints = order[np.append(True, np.diff(gains[order]) > 0)]
    if place.size == 1:
        return place
    gain = np.diff(gains[place])
    blocks = isotonic_regression(np.diff(costs[place]) / gain, weights=gain).blocks
    corners: Ints = place[blocks]
    return corners


def _running(values: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(values)])
