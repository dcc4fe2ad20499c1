"""What a point goes with: slopes at equal spend before."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from features.indicators.money import slope, worth
from features.indicators.period import Period
from features.settings import FeatureSettings
from features.store import Store


def test_a_slope_is_that_of_least_squares_on_both() -> None:
    rng = np.random.default_rng(0)
    past = rng.exponential(100, 500)
    x = rng.normal(size=500) + past / 100
    ahead = 7 * x + 0.5 * past + rng.normal(size=500) * past / 10
    design = np.column_stack([np.ones(500), x, past])
    expected, *_ = np.linalg.lstsq(design, ahead)
    figure = slope(x, past, ahead)
    assert figure.value == pytest.approx(expected[1])
    # HC3 written out: the sandwich with residuals over one less the leverage.
    bread = np.linalg.inv(design.T @ design)
    leverage = np.einsum("ij,jk,ik->i", design, bread, design)
    scaled = (ahead - design @ expected) / (1 - leverage)
    error = np.sqrt((bread @ (design.T * scaled**2) @ design @ bread)[1, 1])
    assert (figure.high - figure.low) / 2 == pytest.approx(1.9647 * error, rel=1e-3)


def test_an_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(400):
        past = rng.exponential(100, 80)
        x = (rng.random(80) < 0.3).astype(float)
        ahead = 20 * x + 0.3 * past + rng.normal(size=80) * past / 3
        figure = slope(x, past, ahead)
        hits += figure.low <= 20 <= figure.high
    assert 0.92 < hits / 400 < 0.985


def test_what_does_not_vary_beside_the_past_has_no_slope() -> None:
    past = np.arange(10.0)
    assert np.isnan(slope(2 * past + 1, past, past**2).value)


START = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(make_store: Callable[..., Store]) -> Store:
    """Sixty customers who spend five more in the month after for every point of a review."""
    sold, asked = [], []
    for number in range(60):
        when = START + timedelta(days=number % 20)
        score, before = number % 5 + 1, 10.0 * (number % 7)
        who = f"c{number}"
        sold += [
            (who, when, before),
            (who, when + timedelta(days=10), 100 + 5.0 * score + before),
            (who, when + timedelta(days=40), 1e6),  # past the horizon
        ]
        # A second review whose horizon is open at the period's end counts for nothing.
        asked += [(who, when + timedelta(days=1), score), (who, START + timedelta(days=55), 1)]
    transactions = pd.DataFrame(sold, columns=["customer_id", "occurred_at", "amount"])
    surveys = pd.DataFrame(asked, columns=["customer_id", "asked_at", "score"])
    surveys = surveys.assign(
        kind="review", answered_at=surveys["asked_at"], survey_id=surveys.index.astype(str)
    )
    return make_store(
        transactions.assign(transaction_id=transactions.index.astype(str)), surveys=surveys
    )


def test_the_last_answer_with_a_closed_horizon_is_set_against_the_spend_after_it(
    store: Store,
) -> None:
    settings = FeatureSettings(horizon_days=30)
    period = Period.of(date(2024, 1, 1), date(2024, 2, 29), "UTC")
    (found,) = worth(store, settings, period)
    assert found.indicator.name == "review"
    assert found.spend.n == 60
    assert found.spend.value == pytest.approx(5)
    assert found.spend.low == pytest.approx(5)


def test_of_few_customers_nothing_is_told(store: Store) -> None:
    settings = FeatureSettings(horizon_days=30)
    period = Period.of(date(2024, 1, 1), date(2024, 2, 1), "UTC")
    assert worth(store, settings, period) == ()
