"""The threshold of churn by rhythm: errors counted by hand, and the least of them."""

import numpy as np
import pytest

from features.errors import QuerenciaError
from features.snapshot import Snapshot
from training.rhythm import GRID, factor_curve, suggestion


def test_errors_are_those_counted_one_by_one(past: Snapshot) -> None:
    curve = factor_curve(past)
    rows = past.rows[past.rows["frequency"] > 0]
    gone = rows["churned_inactivity"] == 1
    for place in (0, 30, 60, 107):
        flagged = rows["silence"] > curve.factor[place] * rows["long_gap"]
        assert curve.false_alarms[place] == pytest.approx(flagged[~gone].mean())
        assert curve.misses[place] == pytest.approx((~flagged)[gone].mean())


def test_the_best_factor_has_the_fewest_errors(past: Snapshot) -> None:
    curve = factor_curve(past)
    assert curve.best in GRID
    assert curve.errors(curve.best) == min(curve.false_alarms + curve.misses)
    assert f"{curve.best:g}" in suggestion(curve, 2.0)
    assert (np.diff(curve.false_alarms) <= 0).all()
    assert (np.diff(curve.misses) >= 0).all()


def test_a_threshold_that_is_in_the_data_is_found(past: Snapshot) -> None:
    """Whoever was silent for more than three long gaps never came back, and all others did."""
    rng = np.random.default_rng(0)
    gap, share = rng.uniform(10, 60, 2000), rng.uniform(0, 8, 2000)
    gone = (share > 3).astype(float)
    rows = past.select(np.zeros(2000, dtype=np.int64))
    curve = factor_curve(rows.assign(long_gap=gap, silence=share * gap, churned_inactivity=gone))
    assert curve.best == pytest.approx(3, rel=0.05)
    assert curve.errors(curve.best) < 0.02


def test_without_both_outcomes_there_is_no_threshold(past: Snapshot) -> None:
    with pytest.raises(QuerenciaError, match="nothing tells how long is too long"):
        factor_curve(past.assign(churned_inactivity=1.0))
