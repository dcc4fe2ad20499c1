"""Reasons: what each driver adds to a customer's risk, adding up to all of it.

The risk is a mean of members, each of which adds up its features in log-odds: exact linear terms,
exact TreeSHAP, and the purchase process as one term. For one member and one customer let L be the
log-odds, L0 those of a typical customer who bought as often (the mean of such customers), and d_j
what feature j adds beyond what it adds for them, so that L - L0 is the sum of the d_j. Then

    p - p0 = sum of d_j s,  s = (p - p0) / (L - L0),  p = expit(L), p0 = expit(L0)

gives each feature its share of the difference in probability, in proportion to its share in
log-odds; s is a slope of the logistic curve, between 0 and 1/4, so that no sign is turned. The mean
over the members keeps the sum, and a correction of that mean, which rises, is shared out alike.
It is the Aumann-Shapley value of the logistic curve along the straight line from the typical
customer to this one.

References:
    Lundberg et al. 2018, "Consistent individualized feature attribution for tree ensembles";
    Sundararajan, Taly & Yan 2017, "Axiomatic attribution for deep networks" (the straight line).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from features import snapshot

Floats = NDArray[np.float64]

_CLOSE = 1e-6
"""Log-odds, or probability, below which a difference has the slope of the curve itself."""


@dataclass(frozen=True)
class Reasons:
    """Why each customer's risk is what it is.

    Attributes:
        base: Risk of a typical customer who bought as often, of each row.
        points: What each driver adds to it, as a probability: rows by drivers. A row's points and
            its base add up to the risk.
        drivers: Their names, in order.
    """

    base: Floats
    points: Floats
    drivers: tuple[str, ...]


def in_points(log_odds: Floats, base: Floats, typical: Floats) -> Floats:
    """What each column of log-odds adds to the probability.

    Args:
        log_odds: Shape (..., columns).
        base: Log-odds from which on they are added, shape (...).
        typical: The probability that these are.
    """
    added = log_odds.sum(axis=-1)
    slope = _slope(expit(base + added) - typical, added, typical * (1 - typical))
    return log_odds * slope[..., None]


def shared_out(points: Floats, total: Floats) -> Floats:
    """The points of a mean in proportion, so that they add up to these totals.

    What rounding leaves is shared out equally.
    """
    added = points.sum(axis=1)
    shared = points * _slope(total, added, np.ones_like(added))[:, None]
    left = total - shared.sum(axis=1)
    return np.asarray(shared + left[:, None] / points.shape[1])


def _slope(rise: Floats, run: Floats, where_flat: Floats) -> Floats:
    return np.divide(rise, run, out=where_flat, where=np.abs(run) > _CLOSE)


def belonging(features: Sequence[str], drivers: Sequence[str]) -> Floats:
    """1 where a feature is of a driver, else 0, shape (features, drivers).

    Contributions of features times it are those of drivers.
    """
    own = [snapshot.driver(name) for name in features]
    return np.array([[float(name == each) for each in drivers] for name in own])


def agreement(exact: Reasons, fast: Reasons, *, faint: float) -> dict[str, float]:
    """How far the fast reasons agree with the exact ones of the same customers.

    Returns:
        `same_driver`, the share of the customers for whom the same driver adds most, among those
        to whom one adds more than `faint`; and `mean_points`, the mean distance of a driver's
        points from the exact ones.
    """
    told = exact.points.max(axis=1) > faint
    same = exact.points.argmax(axis=1) == fast.points.argmax(axis=1)
    distance = np.abs(exact.points - fast.points)
    return {"same_driver": float(same[told].mean()), "mean_points": float(distance.mean())}
