"""Counts of two periods: exact tests, corrected for how many there are."""

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from scipy import stats

from features.indicators.period import Period
from features.indicators.trends import ticket_trends, trends
from features.settings import FeatureSettings
from features.store import Store
from tests.features.indicators.quarter import QUARTER


def test_a_trend_is_a_ratio_of_counts_with_its_exact_test() -> None:
    (trend,) = trends({"billing": (10, 30)})
    assert trend.ratio.value == pytest.approx(3)
    assert trend.p_value == pytest.approx(stats.binomtest(30, 40, 0.5).pvalue)
    assert trend.ratio.low > 1
    assert trend.changed


def test_exposure_counts() -> None:
    """Twice as many in twice the time is no change."""
    (trend,) = trends({"billing": (20, 40)}, exposure=2.0)
    assert trend.ratio.value == pytest.approx(1)
    assert trend.p_value > 0.9
    assert not trend.changed


def test_what_is_new_has_no_ratio_and_what_never_was_is_left_out() -> None:
    (trend,) = trends({"new": (0, 20), "never": (0, 0)})
    assert trend.name == "new"
    assert math.isnan(trend.ratio.value)
    assert trend.changed
    assert trends({}) == ()


def test_what_is_surest_comes_first() -> None:
    found = trends({"same": (10, 11), "up": (5, 40), "down": (30, 12)})
    assert [trend.name for trend in found] == ["up", "down", "same"]


def test_few_false_alarms_are_raised_among_many_topics() -> None:
    """In 200 companies of 20 topics without a change, at most some 5 % tell of one."""
    rng = np.random.default_rng(3)
    alarms = 0
    for _ in range(200):
        counts = rng.poisson(20, size=(20, 2)).tolist()
        alarms += any(
            t.changed for t in trends({str(i): (a, b) for i, (a, b) in enumerate(counts)})
        )
    assert alarms / 200 < 0.08


def test_tickets_are_counted_by_topic(quarter_store: Store, settings: FeatureSettings) -> None:
    middle = QUARTER.start + timedelta(days=60)  # the 31st of May
    late = Period(middle, QUARTER.end)
    found = {
        trend.name: (trend.before, trend.now)
        for trend in ticket_trends(quarter_store, settings, late)
    }
    assert found == {"billing": (1, 0), "delivery": (1, 2)}
    assert (
        ticket_trends(quarter_store, settings, replace(QUARTER, end=QUARTER.start + timedelta(1)))
        == ()
    )
