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

from dataclasses import dataclass

import numpy as np
import pandas as pd
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
    """

    base: Floats
    points: pd.DataFrame

    def money(self, value: pd.Series) -> pd.DataFrame:
        """The points times what each customer is worth, in currency: rows by drivers.

        They add up to the expected loss less that of a typical customer worth as much.
        """
        return self.points.mul(value, axis=0)


def in_points(log_odds: pd.DataFrame, base: Floats) -> pd.DataFrame:
    """What each column of log-odds adds to the probability, from these base log-odds on."""
    added = log_odds.to_numpy().sum(axis=1)
    typical = expit(base)
    slope = _slope(expit(base + added) - typical, added, typical * (1 - typical))
    return log_odds.mul(slope, axis=0)


def shared_out(points: pd.DataFrame, total: Floats) -> pd.DataFrame:
    """The points of a mean in proportion, so that they add up to these totals.

    What rounding leaves is shared out equally.
    """
    added = points.to_numpy().sum(axis=1)
    shared = points.mul(_slope(total, added, np.ones_like(added)), axis=0)
    left = total - shared.to_numpy().sum(axis=1)
    return shared.add(left / points.shape[1], axis=0)


def _slope(rise: Floats, run: Floats, where_flat: Floats) -> Floats:
    return np.divide(rise, run, out=where_flat.copy(), where=np.abs(run) > _CLOSE)


def by_driver(contributions: pd.DataFrame) -> pd.DataFrame:
    """Columns of features summed into columns of drivers."""
    return contributions.T.groupby(snapshot.driver).sum().T


def agreement(exact: Reasons, fast: Reasons, *, faint: float) -> dict[str, float]:
    """How far the fast reasons agree with the exact ones of the same customers.

    Returns:
        `same_driver`, the share of the customers for whom the same driver adds most, among those
        to whom one adds more than `faint`; and `mean_points`, the mean distance of a driver's
        points from the exact ones.
    """
    told = exact.points.max(axis=1) > faint
    same = exact.points.idxmax(axis=1) == fast.points.idxmax(axis=1)
    distance = (exact.points - fast.points).abs().to_numpy()
    return {"same_driver": float(same[told].mean()), "mean_points": float(distance.mean())}
