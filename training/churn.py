"""Churn models: from what was known at a cut-off to the chance of leaving within the horizon.

Each takes snapshot rows, gives probabilities, and tells in log-odds what each feature adds for each
customer. They are trained on proper scoring rules; `training.blending` corrects what is made of
them where rehearsals show that it helps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from features.snapshot import Snapshot
from training.btyd import PurchaseModel
from training.calibration import clipped
from training.leaves import Leaves, Singles
from training.purchases.process import Silence
from training.rows import Known, Rows
from training.settings import TrainingSettings, TreeSettings

Floats = NDArray[np.float64]

RFM = ("silence", "frequency", "T", "spend")
"""Recency, frequency, age and money: what a baseline looks at."""


class RiskModel(Protocol):
    """Anything that tells the chance of churn within the horizon."""

    def predict(self, rows: Known) -> Floats:
        """P(churn within the horizon) of each row."""
        ...


class Member(RiskModel, Protocol):
    """A part of the served risk.

    Attributes:
        features: What it tells the contributions of.
    """

    features: tuple[str, ...]

    def contributions(self, rows: Known) -> Floats:
        """Log-odds each feature adds: rows by features. What is the same for all is left out."""
        ...


class NaiveRate:
    """The naive formula: everybody goes on buying at the pace of their whole history.

    P(no purchase in H) = exp(-H n / (T + 1)), with n purchase days in T + 1 days; nothing learned.
    """

    def __init__(self, horizon_days: int) -> None:
        self.horizon_days = horizon_days

    def predict(self, rows: Known) -> Floats:
        """P(churn within the horizon) of each row."""
        known = Rows.of(rows)
        per_day = (known["frequency"] + 1) / (known["T"] + 1)
        return np.asarray(np.exp(-self.horizon_days * per_day))


@dataclass(frozen=True)
class SignedLogs:
    """Signed logarithms of features, standardised; what is not known (NaN) counts as average.

    Attributes:
        features: Their names.
        mean: Of the logarithms, shape (features,).
        scale: Their standard deviations; 1 where nothing varies.
    """

    features: tuple[str, ...]
    mean: Floats
    scale: Floats

    @classmethod
    def of(cls, rows: Known, features: tuple[str, ...]) -> Self:
        """What makes these rows standard."""
        logs = np.array(Rows.of(rows).logs(features))
        logs[:, np.isnan(logs).all(axis=0)] = 0  # known of nobody, so without a mean
        scaler = StandardScaler().fit(logs)
        return cls(features, scaler.mean_, scaler.scale_)

    def __call__(self, rows: Known) -> Floats:
        """Rows by features."""
        logs = Rows.of(rows).logs(self.features)
        return np.where(np.isnan(logs), 0, (logs - self.mean) / self.scale)

    def to_dict(self) -> dict[str, list[float]]:
        """Mean and scale, for JSON."""
        return {"mean": self.mean.tolist(), "scale": self.scale.tolist()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """Of these features, with this mean and scale."""
        return cls(tuple(state["features"]), np.asarray(state["mean"]), np.asarray(state["scale"]))


class LogisticRisk:
    """Logistic regression on standardised signed logarithms of the features (`SignedLogs`)."""

    def __init__(self, *, features: Sequence[str], penalty: float = 1.0) -> None:
        self.features = tuple(features)
        self.penalty = penalty

    def fit(self, rows: Known, churned: Floats) -> Self:
        """Learn from snapshot rows and their labels (1 = churned)."""
        self.logs_ = SignedLogs.of(rows, self.features)
        model = LogisticRegression(C=1 / self.penalty, max_iter=1000)
        model.fit(self.logs_(rows), churned)
        self.coef_: Floats = model.coef_[0]
        self.intercept_ = float(model.intercept_[0])
        return self

    def predict(self, rows: Known) -> Floats:
        """P(churn within the horizon) of each row."""
        return np.asarray(expit(self.intercept_ + self.contributions(rows).sum(axis=1)))

    def contributions(self, rows: Known) -> Floats:
        """Log-odds each feature adds against the average training row: rows by features."""
        rows = Rows.of(rows)
        return rows.once(self, lambda: self.logs_(rows) * self.coef_)

    def to_dict(self) -> dict[str, Any]:
        """The parameters, for JSON."""
        return {
            "features": list(self.features),
            "penalty": self.penalty,
            **self.logs_.to_dict(),
            "coef": self.coef_.tolist(),
            "intercept": self.intercept_,
        }

    @classmethod
    def from_dict(cls, parameters: dict[str, Any]) -> Self:
        """The model with these parameters."""
        model = cls(features=parameters["features"], penalty=parameters["penalty"])
        model.logs_ = SignedLogs.from_dict(parameters)
        model.coef_ = np.asarray(parameters["coef"])
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

    @property
    def parameters(self) -> dict[str, Any]:
        """What every interface of xgboost calls the same; not the number of trees."""
        settings = self.settings
        return {
            "random_state": self.random_state,
            "learning_rate": settings.learning_rate,
            "max_depth": settings.max_depth,
            "min_child_weight": settings.min_child_weight,
            "subsample": settings.subsample,
            "colsample_bytree": settings.colsample,
            "reg_lambda": settings.reg_lambda,
        }

    def fit(self, rows: Known, churned: Floats) -> Self:
        """Learn from snapshot rows and their labels (1 = churned)."""
        data = xgb.QuantileDMatrix(self._values(rows), churned)
        parameters = {"objective": "binary:logistic", **self.parameters}
        self.booster_ = xgb.train(parameters, data, self.settings.rounds)
        vars(self).pop("_leaves", None)  # those of an earlier fit
        return self

    @cached_property
    def _leaves(self) -> Leaves | None:
        return Leaves.of(self.booster_)

    def predict(self, rows: Known) -> Floats:
        """P(churn within the horizon) of each row."""
        return self._leaves.predict(self._values(rows)) if self._leaves else self.by_xgboost(rows)

    def by_xgboost(self, rows: Known) -> Floats:
        """The same by xgboost itself, in single precision."""
        return np.asarray(self.booster_.inplace_predict(self._values(rows)), dtype=float)

    def contributions(self, rows: Known) -> Floats:
        """Log-odds each feature adds (exact TreeSHAP): rows by features.

        Source: Lundberg et al. 2018, "Consistent individualized feature attribution".
        """
        values = self._values(rows)
        if self._leaves:
            return self._leaves.contributions(values)
        return self._contributions(values, approx_contribs=False)

    def fast_contributions(self, rows: Known) -> Floats:
        """The same by the change of the mean along each tree's path, some 30 times as fast.

        They add up alike, but credit a feature by where it stands in the tree (Saabas 2014).
        """
        return self._contributions(self._values(rows), approx_contribs=True)

    def _contributions(self, values: Singles, *, approx_contribs: bool) -> Floats:
        told = self.booster_.predict(
            xgb.DMatrix(values), pred_contribs=True, approx_contribs=approx_contribs
        )
        return np.asarray(told[:, :-1], dtype=float)

    def _values(self, rows: Known) -> Singles:
        rows = Rows.of(rows)
        return rows.once(self, lambda: rows.values(self.features).astype(np.float32))

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

    features: tuple[str, ...] = ("silence",)

    def __init__(self, purchases: PurchaseModel, horizon_days: int) -> None:
        self.purchases = purchases
        self.horizon_days = horizon_days

    def predict(self, rows: Known) -> Floats:
        """P(churn within the horizon) of each row."""
        rows = Rows.of(rows)
        return rows.once(self, lambda: silence(self.purchases, self.horizon_days, rows).chance)

    def contributions(self, rows: Known) -> Floats:
        """Its log-odds, all of them the silence's: what it weighs is the silence, by the rhythm."""
        return np.asarray(logit(clipped(self.predict(rows)))[:, None])


def silence(purchases: PurchaseModel, horizon_days: int, rows: Rows) -> Silence:
    """What becomes of each row within the horizon by its purchase process, told once."""
    key = purchases, horizon_days
    return rows.once(key, lambda: purchases.silence(horizon_days, rows.histories))


def fit_members(
    rhythm: RhythmRisk | None,
    past: Snapshot,
    settings: TrainingSettings,
    *,
    trees: TreeRisk | None = None,
) -> dict[str, Member]:
    """The members of the served risk by name, logistic regression and trees learned here.

    Args:
        rhythm: The purchase process, already fitted; None where churn is not its silence.
        past: Rows at past cut-offs, with labels.
        settings: How.
        trees: Where they have learned elsewhere.
    """
    logistic = LogisticRisk(features=past.names, penalty=settings.logistic_penalty)
    learned: dict[str, Member] = {
        "logistic": logistic.fit(past.rows, past.churned),
        "trees": trees or _trees(past, settings),
    }
    return {rhythm.purchases.kind_: rhythm, **learned} if rhythm else learned


def _trees(past: Snapshot, settings: TrainingSettings) -> TreeRisk:
    trees = TreeRisk(settings.trees, features=past.names, random_state=settings.random_state)
    return trees.fit(past.rows, past.churned)


def baselines(past: Snapshot) -> dict[str, RiskModel]:
    """What the served risk must beat, by name: two small models, and a formula."""
    return {
        "baseline_rfm": LogisticRisk(features=RFM).fit(past.rows, past.churned),
        "baseline_recency": LogisticRisk(features=("silence",)).fit(past.rows, past.churned),
        "naive_rate": NaiveRate(past.provenance.horizon_days),
    }
