"""Measures by hand, by brute force and by print."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from training import metrics

SCORES = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9])  # few, so that they tie
DECADE = np.arange(20) / 20


@st.composite
def outcomes(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Who left, somebody and not everybody, and scores."""
    left = [0, 1, *draw(st.lists(st.integers(0, 1), max_size=10))]
    score = draw(st.lists(SCORES, min_size=len(left), max_size=len(left)))
    return np.array(left, float), np.array(score)


@st.composite
def shuffled(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcomes, scores and another order of the rows."""
    left, score = draw(outcomes())
    return left, score, np.array(draw(st.permutations(range(len(left)))))


# EMPC


def test_empc_is_the_published_figure() -> None:
    profit, share = metrics.empc_score(
        [0, 1, 0, 1, 0, 1, 0, 1],
        [0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9],
        clv=200,
        offer_cost=10,
        contact_cost=1,
    )
    assert profit == pytest.approx(23.8755934, abs=5e-8)
    assert share == pytest.approx(0.87437, abs=5e-6)


def best_campaign(
    left: np.ndarray,
    score: np.ndarray,
    *,
    clv: float,
    offer_cost: float,
    contact_cost: float,
    alpha: float,
    beta: float,
) -> tuple[float, float]:
    """The same by trying every threshold at every save rate of a fine grid."""
    rates = (np.arange(20_000) + 0.5) / 20_000
    reached = score >= np.append(np.unique(score), np.inf)[:, None]
    leavers, stayers = (reached & (left == 1)).mean(1), (reached & (left == 0)).mean(1)
    saved = np.outer(leavers, rates * (clv - offer_cost) - contact_cost)
    profits = saved - (stayers * (offer_cost + contact_cost))[:, None]
    best = profits.argmax(axis=0)
    weights = stats.beta.pdf(rates, alpha, beta) / len(rates)
    return float(profits.max(axis=0) @ weights), float(reached.mean(1)[best] @ weights)


@given(
    rows=outcomes(),
    clv=st.floats(20, 500),
    offer_cost=st.floats(0, 50),
    contact_cost=st.floats(0.1, 20),
    alpha=st.floats(2, 10),
    beta=st.floats(2, 20),
)
def test_empc_is_the_best_of_every_threshold_at_every_save_rate(
    rows: tuple[np.ndarray, np.ndarray],
    clv: float,
    offer_cost: float,
    contact_cost: float,
    alpha: float,
    beta: float,
) -> None:
    money = {"clv": clv, "offer_cost": offer_cost, "contact_cost": contact_cost}
    left, score = rows
    profit, share = metrics.empc_score(left, score, **money, alpha=alpha, beta=beta)
    expected_profit, expected_share = best_campaign(left, score, **money, alpha=alpha, beta=beta)
    assert profit == pytest.approx(expected_profit, abs=1e-6 * clv)
    assert share == pytest.approx(expected_share, abs=1e-3)


@pytest.mark.parametrize("clv", [0.1, 5])
def test_empc_is_nought_where_an_offer_costs_more_than_a_customer(clv: float) -> None:
    """Costs some 1e308 times the gain must not overflow, nor a negative gain be taken."""
    campaign = metrics.empc_score(
        [0, 0, 0, 1], [0.1, 0.2, 0.3, 0.9], clv=clv, offer_cost=10, contact_cost=0
    )
    assert campaign == (0, 0)


def test_empc_contacts_everybody_where_it_costs_nothing() -> None:
    profit, share = metrics.empc_score(
        [0, 1, 0, 1], [0.9, 0.1, 0.8, 0.2], clv=100, offer_cost=0, contact_cost=0
    )
    assert profit == pytest.approx(100 * 0.5 * 6 / 20)
    assert share == pytest.approx(1)


def test_empc_of_constant_scores_is_contacting_all_or_none() -> None:
    left = np.array([1, 0, 0, 0])
    money = {"clv": 200, "offer_cost": 10, "contact_cost": 1}
    profit, share = metrics.empc_score(left, np.full(4, 0.5), **money)
    worth_it = (0.25 * 1 + 0.75 * 11) / (0.25 * 190)
    assert share == pytest.approx(stats.beta.sf(worth_it, 6, 14))
    assert profit <= metrics.empc_score(left, left, **money)[0]


# Order


def test_equal_scores_share_their_truth() -> None:
    ranked = metrics.ranked([1, 0, 5, 4, 2], [0.2, 0.9, 0.2, 0.9, 0.5])
    assert ranked.tolist() == [2, 2, 2, 3, 3]


@given(shuffled())
def test_no_measure_depends_on_the_order_of_the_rows(
    rows: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    left, score, order = rows
    for measure in (
        metrics.expected_calibration_loss,
        metrics.top_decile_lift_score,
        metrics.top_decile_capture_score,
        metrics.normalised_gini_score,
    ):
        there, here = measure(left[order], score[order]), measure(left, score)
        assert there == pytest.approx(here, abs=1e-12)


@pytest.mark.parametrize("at_random", [0.0, 0.5])
def test_a_constant_score_tells_nothing(at_random: float) -> None:
    """Rows sorted by the truth, so that an order of the rows would show."""
    left, score = np.array([1.0] * 5 + [0.0] * 15), np.full(20, at_random)
    assert metrics.top_decile_lift_score(left, score) == pytest.approx(1)
    assert metrics.top_decile_capture_score(left, score) == pytest.approx(0.1)
    assert metrics.normalised_gini_score(left, score) == pytest.approx(0)


# Lift and capture


def test_lift_is_the_rate_in_the_top_tenth_over_the_rate_of_all() -> None:
    left = np.zeros(20)
    left[[18, 3, 4, 5]] = 1  # of the two with the highest scores one left; of all, a fifth
    assert metrics.top_decile_lift_score(left, DECADE) == pytest.approx(0.5 / 0.2)


def test_lift_is_at_most_the_inverse_rate_and_at_least_nought() -> None:
    left = np.array([0] * 16 + [1] * 4)
    assert metrics.top_decile_lift_score(left, DECADE) == pytest.approx(5)
    assert metrics.top_decile_lift_score(left, -DECADE) == 0


def test_fewer_than_ten_customers_have_a_top_of_one() -> None:
    assert metrics.top_decile_lift_score([0, 0, 1], [0.1, 0.2, 0.3]) == pytest.approx(3)


def test_capture_is_the_share_of_the_total_in_the_top_tenth() -> None:
    spend = np.arange(20.0)  # 190 in all
    assert metrics.top_decile_capture_score(spend, spend) == pytest.approx((19 + 18) / 190)
    assert metrics.top_decile_capture_score(spend, -spend) == pytest.approx((0 + 1) / 190)


# Gini


def test_gini_by_hand() -> None:
    """The only spender predicted second of four: 1/3.

    Shares reached are 0, 1, 1, 1, against 1, 1, 1, 1 in the true order.
    """
    assert metrics.normalised_gini_score([10, 0, 0, 0], [3, 4, 2, 1]) == pytest.approx(
        (2 * 3 / 4 - 5 / 4) / (2 - 5 / 4)
    )


def test_gini_of_the_true_order_is_one_and_of_its_reverse_minus_one() -> None:
    spend = np.array([5.0, 1.0, 0.0, 30.0, 2.0])
    assert metrics.normalised_gini_score(spend, spend**3) == pytest.approx(1)
    assert metrics.normalised_gini_score(spend, -spend) == pytest.approx(-1)


@given(outcomes())
def test_gini_of_a_yes_or_no_is_twice_the_auc_less_one(
    rows: tuple[np.ndarray, np.ndarray],
) -> None:
    left, score = rows
    below = np.sign(score[left == 1][:, None] - score[left == 0]).mean()
    assert metrics.normalised_gini_score(left, score) == pytest.approx(below, abs=1e-12)


# Calibration


def test_the_calibration_table_by_hand() -> None:
    predicted, observed, size = metrics.calibration_table(
        [1, 0, 1, 0, 1], [0.8, 0.1, 0.3, 0.2, 0.6], bins=2
    )
    assert predicted == pytest.approx([0.2, 0.7])
    assert observed == pytest.approx([1 / 3, 1])
    assert size.tolist() == [3, 2]


def test_the_calibration_loss_weighs_bins_by_size() -> None:
    loss = metrics.expected_calibration_loss([1, 0, 1, 0, 1], [0.8, 0.1, 0.3, 0.2, 0.6], bins=2)
    assert loss == pytest.approx((3 * (1 / 3 - 0.2) + 2 * (1 - 0.7)) / 5)


def test_the_calibration_loss_of_a_certain_and_true_forecast_is_nought() -> None:
    left = np.tile([0.0, 1.0], 20)
    assert metrics.expected_calibration_loss(left, left) == 0
    assert metrics.expected_calibration_loss(left, 1 - left) == 1


def test_the_calibration_loss_of_a_constant_is_its_distance_from_the_rate() -> None:
    left = np.array([1.0] * 5 + [0.0] * 15)
    assert metrics.expected_calibration_loss(left, np.full(20, 0.4)) == pytest.approx(0.15)


def test_fewer_customers_than_bins_are_a_bin_each() -> None:
    _, observed, size = metrics.calibration_table([1, 0, 1], [0.3, 0.1, 0.2], bins=10)
    assert observed.tolist() == [0, 1, 1]
    assert size.tolist() == [1, 1, 1]


# Totals


@pytest.mark.parametrize(
    ("predicted", "bias"), [([1, 2, 6], -0.1), ([10, 0, 0], 0), ([5, 5, 5], 0.5)]
)
def test_total_bias_is_what_the_total_is_wrong_by(predicted: list[float], bias: float) -> None:
    assert metrics.total_bias([2, 3, 5], predicted) == pytest.approx(bias)


# EMP with a value of each customer

LEFT = [0, 1, 0, 1, 0, 1, 0, 1]
RISK = [0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9]
VALUES = np.array([100.0, 200, 150, 300, 120, 250, 180, 220])


def test_emp_of_one_value_for_all_is_the_published_empc() -> None:
    profit, share = metrics.emp_score(LEFT, RISK, clv=200, offer_cost=10, contact_cost=1)
    assert profit == pytest.approx(23.8755934, abs=5e-8)
    assert share == pytest.approx(0.87437, abs=5e-6)


@pytest.mark.parametrize(
    ("alpha", "beta", "fraction", "contact_cost", "theirs"),
    [(6, 14, 0.05, 15, 18.61875), (10, 7, 0.02, 25, 46.89705882352941)],
)
def test_emp_at_a_certain_save_rate_is_empulses_empb(
    alpha: float, beta: float, fraction: float, contact_cost: float, theirs: float
) -> None:
    """`empulse.metrics.empb_score` 0.13.1 on the example of its documentation; it takes the mean
    rate as certain."""
    certain = 1e7
    ours, _ = metrics.emp_score(
        LEFT,
        RISK,
        clv=VALUES,
        offer_cost=fraction * VALUES,
        contact_cost=contact_cost,
        alpha=alpha * certain,
        beta=beta * certain,
    )
    assert ours == pytest.approx(theirs, rel=1e-6)


@given(
    rows=outcomes(),
    contact_cost=st.floats(0.1, 20),
    alpha=st.floats(2, 10),
    beta=st.floats(2, 20),
    seed=st.integers(0, 100),
)
def test_emp_is_the_best_of_every_threshold_at_every_save_rate(
    rows: tuple[np.ndarray, np.ndarray],
    contact_cost: float,
    alpha: float,
    beta: float,
    seed: int,
) -> None:
    left, score = rows
    rng = np.random.default_rng(seed)
    clv, offer = rng.gamma(2, 100, left.size), rng.uniform(0, 60, left.size)
    rates = (np.arange(20_000) + 0.5) / 20_000
    reached = score >= np.append(np.unique(score), np.inf)[:, None]
    gains, costs = (reached @ each for each in (left * (clv - offer), (1 - left) * offer))
    costs = costs + contact_cost * reached.sum(axis=1)
    best = (np.outer(gains, rates) - costs[:, None]).max(axis=0) / left.size
    profit, share = metrics.emp_score(
        left, score, clv=clv, offer_cost=offer, contact_cost=contact_cost, alpha=alpha, beta=beta
    )
    assert profit == pytest.approx(best @ stats.beta.pdf(rates, alpha, beta) / 20_000, abs=0.01)
    assert 0 <= share <= 1
