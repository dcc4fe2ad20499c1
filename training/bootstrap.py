"""Intervals of measures: the same customers drawn again, for all models alike."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.ranking import Ranking

Floats = NDArray[np.float64]
Measure = Callable[[Ranking], Mapping[str, float]]

LEVEL = 0.95
RESAMPLES = 200
"""Draws: enough for the ends of a 95 % interval to be right to a tenth of its width."""

MOST = 50_000
"""With more customers a sample of so many is drawn from: intervals are then wider than need be."""


class Interval(NamedTuple):
    """Where a measure lies with a confidence of 95 %."""

    low: float
    high: float


@dataclass(frozen=True)
class Bootstrap:
    """Measures of some models on many draws of the same customers.

    Attributes:
        models: Their names.
        measures: The names of the measures.
        draws: Shape (draws, models, measures).
    """

    models: tuple[str, ...]
    measures: tuple[str, ...]
    draws: Floats

    def interval(self, model: str, measure: str) -> Interval:
        """Where the measure of the model lies."""
        return _interval(self._of(model, measure))

    def gain(self, model: str, other: str, measure: str) -> Interval:
        """By how much the model is above the other, both on the same customers in each draw."""
        return _interval(self._of(model, measure) - self._of(other, measure))

    def intervals(self) -> dict[str, dict[str, Interval]]:
        """Every measure of every model."""
        return {
            model: {measure: self.interval(model, measure) for measure in self.measures}
            for model in self.models
        }

    def _of(self, model: str, measure: str) -> Floats:
        return self.draws[:, self.models.index(model), self.measures.index(measure)]


def bootstrap(
    y_true: Floats,
    forecasts: Mapping[str, Floats],
    measure: Measure,
    *,
    resamples: int = RESAMPLES,
    random_state: int = 0,
) -> Bootstrap:
    """Measure every forecast on draws of the customers, with replacement.

    Args:
        y_true: 1 where it happened, shape (n,); both outcomes must occur.
        forecasts: What each model said of the same customers, shape (n,).
        measure: The measures of a ranking.
        resamples: How many draws.
        random_state: Seed of the draws.
    """
    rng = np.random.default_rng(random_state)
    chosen = np.arange(len(y_true))
    if len(chosen) > MOST:
        chosen = rng.choice(chosen, MOST, replace=False)
    rankings = [Ranking.of(y_true[chosen], each[chosen]) for each in forecasts.values()]
    measured = [
        [measure(ranking.weighted(weight)) for ranking in rankings]
        for weight in _weights(y_true[chosen], rng, resamples)
    ]
    draws = [[list(of_model.values()) for of_model in draw] for draw in measured]
    return Bootstrap(tuple(forecasts), tuple(measured[0][0]), np.asarray(draws))


def _weights(y_true: Floats, rng: np.random.Generator, resamples: int) -> Iterator[Floats]:
    """How often each customer is drawn; a draw in which all have one outcome is drawn again."""
    drawn = 0
    while drawn < resamples:
        weight = np.bincount(rng.integers(0, y_true.size, y_true.size), minlength=y_true.size)
        if 0 < weight @ y_true < y_true.size:
            drawn += 1
            yield weight.astype(float)


def mean_interval(values: Floats, *, random_state: int = 0) -> Interval:
    """Where the mean of the values lies, by the same draws."""
    rng = np.random.default_rng(random_state)
    size = min(values.size, MOST)
    means = [values[rng.integers(0, values.size, size)].mean() for _ in range(RESAMPLES)]
    return _interval(np.asarray(means))


def _interval(draws: Floats) -> Interval:
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))
