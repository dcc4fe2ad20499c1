"""Measures of a ranking beside scikit-learn's, weighted and not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from training.ranking import Ranking

Customers = st.lists(
    st.tuples(st.booleans(), st.integers(1, 19), st.integers(0, 3)), min_size=4, max_size=60
).filter(lambda rows: len({left for left, _, weight in rows if weight}) == 2)


@given(Customers)
def test_measures_are_scikit_learns_with_weights_and_ties(
    rows: list[tuple[bool, int, int]],
) -> None:
    left, risk, weight = (np.array(column, float) for column in zip(*rows, strict=True))
    risk /= 20
    ranking = Ranking.of(left, risk).weighted(weight)
    theirs = {"sample_weight": weight}
    assert ranking.auc_score() == pytest.approx(roc_auc_score(left, risk, **theirs))
    assert ranking.pr_auc_score() == pytest.approx(average_precision_score(left, risk, **theirs))
    assert ranking.log_loss() == pytest.approx(log_loss(left, risk, **theirs))
    assert ranking.brier_loss() == pytest.approx(brier_score_loss(left, risk, **theirs))


@given(Customers)
def test_a_weight_counts_a_customer_so_often(rows: list[tuple[bool, int, int]]) -> None:
    left, risk, weight = (np.array(column) for column in zip(*rows, strict=True))
    weighted = Ranking.of(left, risk / 20).weighted(weight.astype(float))
    repeated = Ranking.of(np.repeat(left, weight), np.repeat(risk / 20, weight))
    money = {"clv": 80.0, "offer_cost": 5.0, "contact_cost": 2.0}
    assert weighted.empc_score(**money) == pytest.approx(repeated.empc_score(**money))
    assert weighted.calibration_loss() == pytest.approx(repeated.calibration_loss())
    assert weighted.top_decile_lift_score() == pytest.approx(repeated.top_decile_lift_score())


def test_a_forecast_that_was_sure_and_wrong_has_a_finite_loss() -> None:
    assert np.isfinite(Ranking.of([1, 0], [0.0, 0.5]).log_loss())
