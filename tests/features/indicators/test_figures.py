"""Values with their intervals: formulae against others' and against simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from features.indicators import figures


@given(n=st.integers(1, 5000), data=st.data())
def test_the_interval_of_a_share_is_wilson_s(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    expected = stats.binomtest(hits, n).proportion_ci(method="wilson")
    figure = figures.share(n, hits)
    assert figure == pytest.approx((n, hits / n, expected.low, expected.high), abs=1e-12)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=50))
def test_the_interval_of_a_mean_is_student_s(values: list[float]) -> None:
    deviation = float(np.std(values, ddof=1))
    figure = figures.mean(len(values), float(np.mean(values)), deviation)
    if deviation > 1e-6:
        test = stats.ttest_1samp(values, 0).confidence_interval(0.95)
        assert figure[2:] == pytest.approx((test.low, test.high), rel=1e-6, abs=1e-6)


def test_nps_has_the_variance_of_promoters_and_detractors() -> None:
    """50 promoters, 30 passives, 20 detractors: 30 points, se sqrt(.7 - .09) / 10 = 7.81."""
    figure = figures.net_promoters(100, 50, 20)
    assert figure.value == pytest.approx(30)
    assert (figure.high - figure.low) / 2 == pytest.approx(1.959964 * 7.8102, abs=1e-3)


def test_nps_stays_on_its_scale() -> None:
    assert figures.net_promoters(3, 2, 0).high == 100
    assert figures.net_promoters(3, 0, 2).low == -100


def test_a_spread_s_interval_covers_the_truth_whatever_the_values_shape() -> None:
    rng = np.random.default_rng(1)
    covered = {}
    for name, draw, truth in (
        ("normal", rng.normal, 1.0),
        ("exponential", rng.exponential, 1.0),
    ):
        hits = 0
        for _ in range(300):
            values = draw(size=400)
            excess = float(stats.kurtosis(values))
            told = figures.spread(400, float(np.std(values, ddof=1)), excess)
            hits += told.low <= truth <= told.high
        covered[name] = hits / 300
    assert covered["normal"] > 0.92
    assert covered["exponential"] > 0.85


def test_odds_are_those_of_a_share() -> None:
    figure = figures.odds(30, 20)
    share = figures.share(30, 20)
    assert figure.value == pytest.approx(2)
    assert figure.low == pytest.approx(share.low / (1 - share.low))
    assert math.isnan(figures.odds(5, 5).value)


def test_a_lifetime_is_the_turned_around_rate_of_loss() -> None:
    figure = figures.lifetime(100, 10, 90)
    share = figures.share(100, 10)
    assert figure[1:] == pytest.approx((900, 90 / share.high, 90 / share.low))
    nobody = figures.lifetime(100, 0, 90)
    assert math.isnan(nobody.value)
    assert math.isnan(nobody.high)
    assert nobody.low == pytest.approx(90 / figures.share(100, 0).high)


@pytest.mark.parametrize(
    "empty",
    [
        figures.share(0, None),
        figures.mean(0, None, None),
        figures.net_promoters(0, 0, 0),
        figures.spread(0, None, None),
        figures.quantile(0, None, None, None),
        figures.odds(0, None),
        figures.lifetime(0, None, 90),
    ],
)
def test_of_nothing_nothing_is_told(empty: figures.Figure) -> None:
    assert empty.n == 0
    assert all(math.isnan(value) for value in empty[1:])


def test_of_one_there_is_a_value_and_no_interval() -> None:
    assert figures.mean(1, 5.0, None)[:2] == (1, 5.0)
    assert math.isnan(figures.mean(1, 5.0, None).low)
    assert figures.spread(1, None, None).n == 1


@pytest.mark.parametrize(
    ("own", "others", "low", "high"),
    [
        ((70, 56), (80, 48), 0.0524, 0.3339),
        ((10, 9), (10, 3), 0.1705, 0.8090),
        ((10, 10), (10, 0), 0.6075, 1.0),
    ],
)
def test_the_interval_of_a_difference_of_shares_is_newcombe_s(
    own: tuple[int, int], others: tuple[int, int], low: float, high: float
) -> None:
    """Newcombe (1998), table II, method 10."""
    difference = figures.share_difference(figures.share(*own), figures.share(*others))
    assert difference.n == own[0]
    assert (difference.low, difference.high) == pytest.approx((low, high), abs=5e-5)
