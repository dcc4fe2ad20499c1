"""Amounts of each customer in a horizon: what came beside what was expected, and its measures."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from features.snapshot import Snapshot
from training.ranking import Ranking

Floats = NDArray[np.float64]

AMOUNTS = {"purchases": "purchase_days_ahead", "spend": "spend_ahead"}
"""What is expected of customers, and the labels that tell what came: purchase days, currency."""


SERVED, NAIVE = "served", "naive_rate"
"""Names of the served model and of the naive formula."""


@dataclass(frozen=True)
class Amount:
    """One amount of the same customers, each of shape (n,).

    Attributes:
        came: The truth.
        expected: What the served model expected.
        naive: The naive formula: as much a day as in their whole history.
    """

    came: Floats
    expected: Floats
    naive: Floats

    @property
    def forecasts(self) -> dict[str, Floats]:
        """The two forecasts, by model."""
        return {SERVED: self.expected, NAIVE: self.naive}


def amounts(closed: Snapshot, expected: Mapping[str, Floats]) -> dict[str, Amount]:
    """Every amount of rows whose horizon has closed, with what was expected of them."""
    ages = np.maximum(closed.columns["T"], 1)
    per_day = {"purchases": closed.columns["frequency"], "spend": closed.columns["spend"]}
    days = closed.provenance.horizon_days
    return {
        name: Amount(closed.columns[label], expected[name], days * per_day[name] / ages)
        for name, label in AMOUNTS.items()
    }


@dataclass(frozen=True)
class Forecast:
    """Amounts predicted beside the true ones, customers counted as often as they weigh.

    Attributes:
        ranking: The true amounts, ranked by the predicted ones.
        ideal: The true amounts, ranked by themselves.
    """

    ranking: Ranking
    ideal: Ranking

    @classmethod
    def of(cls, y_true: ArrayLike, y_pred: ArrayLike) -> Self:
        """Everybody once."""
        return cls(Ranking.of(y_true, y_pred), Ranking.of(y_true, y_true))

    def weighted(self, weight: Floats) -> Self:
        """The same forecast with each customer counted so often: a resample."""
        return replace(
            self, ranking=self.ranking.weighted(weight), ideal=self.ideal.weighted(weight)
        )

    @cached_property
    def _error(self) -> Floats:
        return self.ranking.score[self.ranking.place] - self.ranking.happened

    def _mean(self, values: Floats) -> float:
        return float(np.average(values, weights=self.ranking.weight))

    def mae_loss(self) -> float:
        """Mean distance from the truth."""
        return self._mean(np.abs(self._error))

    def rmse_loss(self) -> float:
        """Root of the mean squared distance."""
        return float(np.sqrt(self._mean(self._error**2)))

    def spearman_score(self) -> float:
        """Correlation of the ranks; equal amounts share the mean of theirs."""
        ranks = [_mid_ranks(each) for each in (self.ranking, self.ideal)]
        one, other = (rank - self._mean(rank) for rank in ranks)
        spread = np.sqrt(self._mean(one**2) * self._mean(other**2))
        return self._mean(one * other) / float(spread) if spread else 0.0

    def gini_score(self) -> float:
        """How well the prediction orders the customers by amount: 1 the true order, 0 chance."""
        return _gini(self.ranking) / _gini(self.ideal)

    def decile_calibration_loss(self) -> float:
        """Mean distance between predicted and true mean of tenths, over the mean of all."""
        predicted, true, size = self.ranking.calibration()
        return float(size @ np.abs(predicted - true) / (size @ true))

    def top_decile_capture_score(self) -> float:
        """Share of the true total held by the tenth with the highest predictions."""
        size = float(self.ranking.size.sum())
        return self.ranking.top_decile_lift_score() * max(1.0, size // 10) / size

    def total_bias(self) -> float:
        """Predicted total over true total, less one: -0.1 is ten per cent too low."""
        return float(self.ranking.size @ self.ranking.score / self.ranking.hits.sum() - 1)


def _mid_ranks(ranking: Ranking) -> Floats:
    """The rank of each customer, the lowest 0, less a constant."""
    places = np.cumsum(ranking.size) - ranking.size / 2
    return np.asarray(-places[ranking.place])


def _gini(ranking: Ranking) -> float:
    """Twice the area over the diagonal of the curve of customers and their share of the total.

    Those of one place share the mean of theirs.
    """
    size, hits = ranking.size, ranking.hits
    customers, total = size.sum(), hits.sum()
    before = np.cumsum(hits) - hits
    area = (size * before + hits * (size + 1) / 2).sum() / (customers * total)
    return float(2 * area - 1 - 1 / customers)


def measures(forecast: Forecast) -> dict[str, float]:
    """What a forecast of an amount is judged by."""
    return {
        "mae_loss": forecast.mae_loss(),
        "rmse_loss": forecast.rmse_loss(),
        "spearman_score": forecast.spearman_score(),
        "gini_score": forecast.gini_score(),
        "decile_calibration_loss": forecast.decile_calibration_loss(),
        "top_decile_capture_score": forecast.top_decile_capture_score(),
        "total_bias": forecast.total_bias(),
    }
