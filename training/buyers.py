"""Buyers: what those who buy within the horizon spend in it, learned from past cut-offs."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from features.snapshot import Snapshot
from training.churn import SignedLogs
from training.rows import Known

Floats = NDArray[np.float64]

_FEWEST = 100
"""Buyers without whom nothing is learned."""

_PENALTY = 10.0


class BuyersSpend:
    """E[spend in the horizon | buys in it], the logarithm of which is linear in signed logarithms.

    References:
        Duan 1983, "Smearing estimate: a nonparametric retransformation method", JASA 78: what is
        linear in the logarithm is multiplied so that the total is right.
    """

    def __init__(self, *, features: Sequence[str]) -> None:
        self.features = tuple(features)

    @classmethod
    def learn(cls, past: Snapshot) -> Self | None:
        """From rows with labels; None where too few of them bought for it."""
        bought = past.select(np.flatnonzero(past.columns["spend_ahead"] > 0))
        if len(bought) < _FEWEST:
            return None
        return cls(features=past.names).fit(bought, bought.columns["spend_ahead"])

    def fit(self, rows: Known, spend: Floats) -> Self:
        """Learn from rows of buyers and what they spent, in currency."""
        self.logs_ = SignedLogs.of(rows, self.features)
        self.coef_: Floats = Ridge(alpha=_PENALTY).fit(self.logs_(rows), np.log(spend)).coef_
        self.level_ = 1.0
        self.level_ = float(spend.sum() / self.predict(rows).sum())
        return self

    def predict(self, rows: Known) -> Floats:
        """Spend in currency of each row, should it buy; above 0."""
        # Summed row by row, so that a row comes out the same whatever stands beside it.
        return np.asarray(self.level_ * np.exp((self.logs_(rows) * self.coef_).sum(axis=1)))

    def to_dict(self) -> dict[str, Any]:
        """The parameters, for JSON."""
        return {
            "features": list(self.features),
            **self.logs_.to_dict(),
            "coef": self.coef_.tolist(),
            "level": self.level_,
        }

    @classmethod
    def from_dict(cls, parameters: dict[str, Any]) -> Self:
        """The model with these parameters."""
        model = cls(features=parameters["features"])
        model.logs_ = SignedLogs.from_dict(parameters)
        model.coef_, model.level_ = np.asarray(parameters["coef"]), parameters["level"]
        return model
