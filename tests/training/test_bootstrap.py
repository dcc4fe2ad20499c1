"""Intervals: as wide as theory says, and paired."""

import numpy as np
import pytest

from training import bootstrap as module
from training.bootstrap import Interval, bootstrap, mean_interval
from training.ranking import Ranking


def brier(ranking: Ranking) -> dict[str, float]:
    return {"brier_loss": ranking.brier_loss(), "auc_score": ranking.auc_score()}


@pytest.fixture(scope="module")
def customers() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    risk = rng.beta(2, 3, 4000)
    return (rng.random(4000) < risk).astype(float), risk


def test_an_interval_is_as_wide_as_the_standard_error_says(
    customers: tuple[np.ndarray, np.ndarray],
) -> None:
    left, risk = customers
    losses = (risk - left) ** 2
    spread = 1.96 * losses.std() / np.sqrt(left.size)
    drawn = bootstrap(left, {"model": risk}, brier, resamples=400)
    low, high = drawn.interval("model", "brier_loss")
    assert low == pytest.approx(losses.mean() - spread, abs=0.25 * spread)
    assert high == pytest.approx(losses.mean() + spread, abs=0.25 * spread)
    assert mean_interval(losses) == pytest.approx((low, high), abs=0.5 * spread)


def test_models_are_drawn_on_the_same_customers(
    customers: tuple[np.ndarray, np.ndarray],
) -> None:
    left, risk = customers
    drawn = bootstrap(left, {"model": risk, "again": risk, "worse": np.sqrt(risk)}, brier)
    assert drawn.gain("model", "again", "brier_loss") == (0, 0)
    assert drawn.gain("model", "worse", "auc_score") == (0, 0)  # the same order
    gain = drawn.gain("worse", "model", "brier_loss")
    apart = drawn.interval("worse", "brier_loss").high - drawn.interval("model", "brier_loss").low
    assert 0 < gain.low < gain.high < apart


def test_intervals_are_the_same_under_one_seed(customers: tuple[np.ndarray, np.ndarray]) -> None:
    left, risk = customers
    one, same, other = (
        bootstrap(left, {"model": risk}, brier, random_state=seed).intervals() for seed in (3, 3, 4)
    )
    assert one == same != other


def test_with_many_customers_a_sample_is_drawn_from_and_intervals_are_wider(
    customers: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    left, risk = customers
    whole = bootstrap(left, {"model": risk}, brier).interval("model", "auc_score")
    monkeypatch.setattr(module, "MOST", 1000)
    part = bootstrap(left, {"model": risk}, brier).interval("model", "auc_score")
    assert part.high - part.low > 1.5 * (whole.high - whole.low)


def test_a_draw_without_a_leaver_is_drawn_again() -> None:
    left = np.array([1.0, 0, 0, 0])
    drawn = bootstrap(left, {"model": np.array([0.9, 0.1, 0.2, 0.3])}, brier, resamples=50)
    assert drawn.draws.shape == (50, 1, 2)
    assert drawn.interval("model", "auc_score") == Interval(1, 1)
