"""The threshold of churn by rhythm: how long a silence is too long, by what came of past ones."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from features.errors import QuerenciaError
from features.snapshot import Snapshot

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FactorCurve:
    """What goes wrong when a silence of so many of the own long gaps is taken for the end.

    Attributes:
        factor: Silence in own long gaps from which on a customer is taken for gone, rising.
        false_alarms: Share, of those who came back, that were taken for gone.
        misses: Share, of those who did not, that were not.
    """

    factor: Floats
    false_alarms: Floats
    misses: Floats

    @property
    def best(self) -> float:
        """The factor with the fewest false alarms and misses together."""
        return float(self.factor[np.argmin(self.false_alarms + self.misses)])

    def errors(self, factor: float) -> float:
        """False alarms and misses together at a factor, between those of its neighbours."""
        return float(np.interp(factor, self.factor, self.false_alarms + self.misses))

    def table(self) -> dict[str, list[float]]:
        """The curve as columns, for JSON."""
        return {
            "factor": self.factor.tolist(),
            "false_alarms": self.false_alarms.tolist(),
            "misses": self.misses.tolist(),
        }


GRID = np.round(np.geomspace(0.1, 20, 108), 2)
"""Factors tried, each 5 % above the one before."""


def factor_curve(past: Snapshot) -> FactorCurve:
    """False alarms and misses by factor, over repeat buyers at closed cut-offs.

    A customer silent for `silence` days whose own long gap is `long_gap` is taken for gone where
    silence > factor x long_gap; what is true is whether a purchase came within the horizon. Both
    errors are shares of their own kind: counted in customers, the more common kind would decide.

    Raises:
        QuerenciaError: where no repeat buyer came back, or all did.
    """
    rows = past.rows[past.rows["long_gap"] > 0]
    gone = rows["churned_inactivity"]
    if gone.nunique() < 2:
        raise QuerenciaError(
            f"Of {len(rows):,} silences of repeat buyers none ended within the horizon, or all "
            "did: nothing tells how long is too long. Choose another features.horizon_days."
        )
    false, caught, at = roc_curve(gone, rows["silence"] / rows["long_gap"], drop_intermediate=False)
    # roc_curve takes a score at the threshold for gone, and a factor only what is above it.
    above = len(at) - np.searchsorted(at[::-1], GRID, side="right") - 1
    return FactorCurve(GRID, false[above], 1 - caught[above])


def suggestion(curve: FactorCurve, factor: float) -> str:
    """The curve in words, beside the factor in use."""
    best = curve.best
    return (
        f"With features.rhythm_factor = {factor:g} false alarms and misses come to "
        f"{curve.errors(factor):.1%}; the fewest, {curve.errors(best):.1%}, come with {best:g}."
    )
