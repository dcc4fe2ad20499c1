"""Measures of amounts: by pencil, by other libraries, and weighted as if drawn."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from features.snapshot import Snapshot
from training.amounts import Forecast, amounts, measures

ROWS = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0, 2.5, 40.0]), st.sampled_from([0.5, 1.0, 3.0, 9.0])),
    min_size=2,
    max_size=30,
).filter(lambda rows: len({truth for truth, _ in rows}) > 1)


def test_measures_by_hand() -> None:
    assert measures(Forecast.of([0.0, 10.0, 2.0], [1.0, 6.0, 2.0])) == {
        "mae_loss": pytest.approx(5 / 3),
        "rmse_loss": pytest.approx(np.sqrt(17 / 3)),
        "spearman_score": pytest.approx(1),
        "gini_score": pytest.approx(1),
        "decile_calibration_loss": pytest.approx(5 / 12),
        "top_decile_capture_score": pytest.approx(10 / 12),
        "total_bias": pytest.approx(-3 / 12),
    }


@given(rows=ROWS)
def test_errors_and_ranks_are_those_of_other_libraries(rows: list[tuple[float, float]]) -> None:
    truth, said = (np.array(column) for column in zip(*rows, strict=True))
    told = measures(Forecast.of(truth, said))
    assert told["mae_loss"] == pytest.approx(mean_absolute_error(truth, said))
    assert told["rmse_loss"] == pytest.approx(root_mean_squared_error(truth, said))
    if np.ptp(said) > 0:
        assert told["spearman_score"] == pytest.approx(spearmanr(truth, said).statistic, abs=1e-12)


@given(rows=ROWS, seed=st.integers(0, 99))
def test_to_weigh_a_customer_is_to_count_it_so_often(
    rows: list[tuple[float, float]], seed: int
) -> None:
    truth, said = (np.array(column) for column in zip(*rows, strict=True))
    weight = np.random.default_rng(seed).integers(1, 4, truth.size)
    weighted = measures(Forecast.of(truth, said).weighted(weight.astype(float)))
    repeated = measures(Forecast.of(np.repeat(truth, weight), np.repeat(said, weight)))
    assert weighted == pytest.approx(repeated, rel=1e-9, abs=1e-12)


def test_a_forecast_that_says_the_same_of_all_orders_nobody() -> None:
    told = measures(Forecast.of([0.0, 1.0, 2.0, 5.0], [2.0, 2.0, 2.0, 2.0]))
    assert told["spearman_score"] == 0
    assert told["gini_score"] == pytest.approx(0)
    assert told["top_decile_capture_score"] == pytest.approx(0.25)


def test_the_naive_formula_goes_on_at_the_same_pace(later: Snapshot) -> None:
    """Four purchase days, and 60 dollars, in 180 days are two, and 30, in the next 90.

    A customer of today has no pace yet, and is counted as a day old.
    """
    given_of = {
        "frequency": [4.0, 0.0],
        "T": [180.0, 0.0],
        "spend": [60.0, 1.0],
        "purchase_days_ahead": [3.0, 0.0],
        "spend_ahead": [20.0, 70.0],
    }
    rows = later.select(np.arange(2)).assign(**given_of)
    assert rows.provenance.cutoffs == (datetime(1998, 4, 1, tzinfo=UTC),)
    found = amounts(rows, {"purchases": np.zeros(2), "spend": np.ones(2)})
    assert found["purchases"].naive.tolist() == [2, 0]
    assert found["spend"].naive.tolist() == [30, 90]
    assert found["spend"].came.tolist() == [20, 70]
    assert found["spend"].forecasts["served"].tolist() == [1, 1]
