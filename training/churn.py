"""Churn models: from what was known at a cut-off to the chance of leaving within the horizon.

Each takes snapshot rows, gives calibrated probabilities, and tells in log-odds what each feature
adds for each customer. They are trained on proper scoring rules and not recalibrated afterwards:
measured on later periods, a recalibration on the last closed cut-off makes them worse
(docs/decisions.md).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd
import xgboost as xgb
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from features.snapshot import Snapshot
from training.btyd import PurchaseModel
from training.settings import TrainingSettings, TreeSettings

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

RFM = ("silence", "frequency", "T", "spend")
"""Recency, frequency, age and money: what a baseline looks at."""


class RiskModel(Protocol):
    """Anything that tells the chance of churn within the horizon."""

    def predict(self, rows: pd.DataFrame) -> Floats:
        """P(churn within the horizon) of each row."""
        ...


class LogisticRisk:
    """Logistic regression on standardised signed logarithms of the features.

    What is not known (NaN) counts as average.
    """

    def __init__(self, *, features: Sequence[str], penalty: float = 1.0) -> None:
        self.features = tuple(features)
        self.penalty = penalty

    def fit(self, rows: pd.DataFrame, churned: Floats) -> Self:
        """Learn from snapshot rows and their labels (1 = churned)."""
        logs = self._logs(rows)
        logs[:, np.isnan(logs).all(axis=0)] = 0  # known of nobody, so without a mean
        scaler = StandardScaler().fit(logs)
        model = LogisticRegression(C=1 / self.penalty, max_iter=1000)
        model.fit(np.nan_to_num(scaler.transform(logs)), churned)
        self.mean_: Floats = scaler.mean_
        self.scale_: Floats = scaler.scale_
        self.coef_: Floats = model.coef_[0]
        self.intercept_ = float(model.intercept_[0])
        return self

    def predict(self, rows: pd.DataFrame) -> Floats:
        """P(churn within the horizon) of each row."""
        return _sigmoid(self.intercept_ + self.contributions(rows).to_numpy().sum(axis=1))

    def contributions(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Log-odds each feature adds against the average training row: rows by features."""
        standard = np.nan_to_num((self._logs(rows) - self.mean_) / self.scale_)
        return pd.DataFrame(standard * self.coef_, columns=self.features, index=rows.index)

    def _logs(self, rows: pd.DataFrame) -> Floats:
        values = rows[list(self.features)].to_numpy(dtype=float)
        return np.asarray(np.sign(values) * np.log1p(np.abs(values)))

    def to_dict(self) -> dict[str, Any]:
        """The parameters, for JSON."""
        return {
            "features": list(self.features),
            "penalty": self.penalty,
            "mean": self.mean_.tolist(),
            "scale": self.scale_.tolist(),
            "coef": self.coef_.tolist(),
            "intercept": self.intercept_,
        }

    @classmethod
    def from_dict(cls, parameters: dict[str, Any]) -> Self:
        """The model with these parameters."""
        model = cls(features=parameters["features"], penalty=parameters["penalty"])
        model.mean_, model.scale_, model.coef_ = (
            np.asarray(parameters[name]) for name in ("mean", "scale", "coef")
        )
        model.intercept_ = parameters["intercept"]
        return model


class TreeRisk:
    """Gradient-boosted trees (xgboost) under modest, fixed settings."""

    def __init__(
        self,
        settings: TreeSettings | None = None,
        *,
        features: Sequence[str],
        random_state: int = 0,
    ) -> None:
        self.settings = settings or TreeSettings()
        self.features = tuple(features)
        self.random_state = random_state

    def fit(self, rows: pd.DataFrame, churned: Floats) -> Self:
        """Learn from snapshot rows and their labels (1 = churned)."""
        settings = self.settings
        parameters = {
            "objective": "binary:logistic",
            "seed": self.random_state,
            "eta": settings.learning_rate,
            "max_depth": settings.max_depth,
            "min_child_weight": settings.min_child_weight,
            "subsample": settings.subsample,
            "colsample_bytree": settings.colsample,
            "lambda": settings.reg_lambda,
        }
        data = xgb.QuantileDMatrix(self._values(rows), churned)
        self.booster_ = xgb.train(parameters, data, settings.rounds)
        return self

    def predict(self, rows: pd.DataFrame) -> Floats:
        """P(churn within the horizon) of each row."""
        return np.asarray(self.booster_.inplace_predict(self._values(rows)), dtype=float)

    def contributions(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Log-odds each feature adds (exact TreeSHAP): rows by features.

        Source: Lundberg et al. 2018, "Consistent individualized feature attribution".
        """
        values = self.booster_.predict(xgb.DMatrix(self._values(rows)), pred_contribs=True)
        return pd.DataFrame(values[:, :-1], columns=self.features, index=rows.index)

    def _values(self, rows: pd.DataFrame) -> NDArray[np.float32]:
        return rows[list(self.features)].to_numpy(dtype=np.float32)

    def save(self, path: Path) -> None:
        """Write the trees in xgboost's own binary JSON (.ubj)."""
        self.booster_.save_model(path)

    @classmethod
    def load(cls, path: Path, *, features: Sequence[str]) -> Self:
        """The model whose trees `save` wrote, over these features."""
        model = cls(features=features)
        model.booster_ = xgb.Booster(model_file=path)
        return model


class RhythmRisk:
    """P(no purchase in the horizon) of a model of the purchase process: no labels needed."""

    def __init__(self, purchases: PurchaseModel, horizon_days: int) -> None:
        self.purchases = purchases
        self.horizon_days = horizon_days

    def predict(self, rows: pd.DataFrame) -> Floats:
        """P(churn within the horizon) of each row."""
        return self.purchases.p_no_purchase(
            self.horizon_days, *(rows[name].to_numpy() for name in ("frequency", "recency", "T"))
        )


class BlendedRisk:
    """The served risk: the mean of purchase process, logistic regression and trees.

    The three err differently; their mean is as good as the best with many customers and far
    better with few (docs/decisions.md).

    Attributes:
        peers: Mean log-odds each feature adds for customers who have bought about as often, which
            `contributions` are told against: one row per class of `peer_class`.
    """

    def __init__(
        self,
        rhythm: RhythmRisk | None,
        logistic: LogisticRisk,
        trees: TreeRisk,
        peers: pd.DataFrame,
    ) -> None:
        self.rhythm = rhythm
        self.logistic = logistic
        self.trees = trees
        self.peers = peers

    @classmethod
    def fit(
        cls,
        rhythm: RhythmRisk | None,
        past: Snapshot,
        settings: TrainingSettings,
        *,
        present: pd.DataFrame,
    ) -> Self:
        """Learn logistic regression and trees.

        Args:
            rhythm: The purchase process, already fitted; None where churn is not its silence.
            past: Rows at past cut-offs, with labels.
            settings: How.
            present: Rows of today's customers, who are one another's peers.
        """
        logistic = LogisticRisk(features=past.names, penalty=settings.logistic_penalty)
        trees = TreeRisk(settings.trees, features=past.names, random_state=settings.random_state)
        for member in (logistic, trees):
            member.fit(past.rows, past.churned)
        sample = present.sample(min(len(present), _SAMPLE), random_state=settings.random_state)
        log_odds = _mean_log_odds(logistic, trees, sample)
        # A class nobody is in has everybody as its peers.
        peers = log_odds.groupby(peer_class(sample)).mean().reindex(range(len(PEER_LIMITS) + 1))
        return cls(rhythm, logistic, trees, peers.fillna(log_odds.mean()))

    def predict(self, rows: pd.DataFrame) -> Floats:
        """P(churn within the horizon) of each row."""
        return np.asarray(
            np.mean([member.predict(rows) for member in self.members.values()], axis=0)
        )

    @property
    def members(self) -> dict[str, RiskModel]:
        """The models whose mean is served, by name."""
        learned: dict[str, RiskModel] = {"logistic": self.logistic, "trees": self.trees}
        return {self.rhythm.purchases.kind: self.rhythm, **learned} if self.rhythm else learned

    def contributions(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Log-odds each feature adds against the customer's peers: rows by features.

        The mean of logistic regression and trees; the purchase process has no features.
        """
        peers = self.peers.loc[peer_class(rows)].set_axis(rows.index)
        return _mean_log_odds(self.logistic, self.trees, rows) - peers


PEER_LIMITS = (1, 2, 4, 8, 16)
"""Frequencies at which another class of peers begins."""

_SAMPLE = 10_000
"""Customers whose mean the peers are: enough for a mean, and quick."""


def peer_class(rows: pd.DataFrame) -> Ints:
    """Which class of peers each row belongs to, by repeat purchase days: 0 to 5."""
    return np.asarray(np.digitize(rows["frequency"].to_numpy(), PEER_LIMITS))


def _mean_log_odds(logistic: LogisticRisk, trees: TreeRisk, rows: pd.DataFrame) -> pd.DataFrame:
    return (logistic.contributions(rows) + trees.contributions(rows)) / 2


def _sigmoid(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-log_odds)))
