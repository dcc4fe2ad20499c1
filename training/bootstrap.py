"""Intervals of measures: the same customers drawn again, for all models alike."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from training.ranking import Ranking

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Measure = Callable[[Ranking], Mapping[str, float]]


class Weighable(Protocol):
    """A truth with a forecast, whose customers can be counted as often as they are drawn."""

    def weighted(self, weight: Floats) -> Self:
        """The same with each customer counted so often."""
        ...


Drawn = TypeVar("Drawn", bound=Weighable)

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
    return redrawn(
        y_true, forecasts, Ranking.of, measure, resamples=resamples, random_state=random_state
    )


def redrawn(
    y_true: Floats,
    forecasts: Mapping[str, Floats],
    of: Callable[[Floats, Floats], Drawn],
    measure: Callable[[Drawn], Mapping[str, float]],
    *,
    resamples: int = RESAMPLES,
    random_state: int = 0,
) -> Bootstrap:
    """The same for any truth that is not the same of all, ranked with a forecast by `of`."""
    rng = np.random.default_rng(random_state)
    chosen = np.arange(len(y_true))
    if len(chosen) > MOST:
        chosen = rng.choice(chosen, MOST, replace=False)
    ranked = [of(y_true[chosen], each[chosen]) for each in forecasts.values()]
    measured = [
        [measure(each.weighted(weight)) for each in ranked]
        for weight in _weights(y_true[chosen], rng, resamples)
    ]
    draws = [[list(of_model.values()) for of_model in draw] for draw in measured]
    return Bootstrap(tuple(forecasts), tuple(measured[0][0]), np.asarray(draws))


def _weights(y_true: Floats, rng: np.random.Generator, resamples: int) -> Iterator[Floats]:
    """How often each customer is drawn; a draw in which all have one outcome is drawn again."""
    drawn = 0
    while drawn < resamples:
        weight = np.bincount(rng.integers(0, y_true.size, y_true.size), minlength=y_true.size)
        if np.ptp(y_true[weight > 0]) > 0:
            drawn += 1
            yield weight.astype(float)


def mean_interval(values: Floats, *, random_state: int = 0) -> Interval:
    """Where the mean of the values lies, by the same draws."""

    def mean(drawn: Ints) -> float:
        return float(values[drawn].mean())

    return drawn_interval(mean, values.size, random_state=random_state)


def drawn_interval(
    statistic: Callable[[Ints], float], customers: int, *, random_state: int = 0
) -> Interval:
    """Where a statistic of so many customers lies; it is told who is drawn."""
    rng = np.random.default_rng(random_state)
    size = min(customers, MOST)
    draws = [statistic(rng.integers(0, customers, size)) for _ in range(RESAMPLES)]
    return _interval(np.asarray(draws))


def _interval(draws: Floats) -> Interval:
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))
