"""Outcomes: by hand, in simulated campaigns whose truth is known, and where nothing can be told."""

import numpy as np
import pandas as pd
import pytest

from features.offers import CONTROL
from serving.outcomes import judge


def campaign(
    size: int,
    *,
    saves: float,
    control: float = 0.1,
    cost: float = 2.0,
    seed: int = 0,
    wrong: float = 0.0,
) -> tuple[pd.DataFrame, float]:
    """A campaign with an offer that takes away this share of the risk, and its true profit.

    The risk told is the true one plus `wrong`.
    """
    rng = np.random.default_rng(seed)
    risk, stake = rng.uniform(0.2, 0.6, size), rng.gamma(2, 50, size)
    held = rng.random(size) < control
    chance = risk * np.where(held, 1, 1 - saves)
    rows = pd.DataFrame(
        {
            "arm": np.where(held, CONTROL, "gift"),
            "propensity": np.where(held, control, 1 - control),
            "risk": risk + wrong,
            "value_at_stake": stake,
            "cost": cost,
            "expected_profit": saves * risk * stake - cost,
            "expected_profit_low": -cost,
            "churned": (rng.random(size) < chance).astype(float),
            "spend_ahead": stake,
            "expected_spend_low": stake * 0.9,
            "expected_spend_high": np.where(rng.random(size) < 0.8, stake * 1.1, stake * 0.95),
        }
    )
    true = (saves * risk * stake - cost)[~held].sum()
    return rows, float(true)


def test_by_hand() -> None:
    """Contacted: one of two at risk .5 and stake 100 left; control: both left. Cost 3 each."""
    rows = pd.DataFrame(
        {
            "arm": ["gift", "gift", CONTROL, CONTROL],
            "propensity": [0.5] * 4,
            "risk": [0.5] * 4,
            "value_at_stake": [100.0] * 4,
            "cost": [3.0] * 4,
            "expected_profit": [10.0, 12.0, 99.0, 99.0],
            "expected_profit_low": [1.0, 2.0, 99.0, 99.0],
            "churned": [1.0, 0.0, 1.0, 1.0],
            "spend_ahead": [0.0, 5.0, 1.0, 9.0],
            "expected_spend_low": [0.0, 0.0, 0.0, np.nan],
            "expected_spend_high": [1.0, 1.0, 1.0, np.nan],
        }
    )
    outcome = judge(rows)
    assert (outcome.contacted, outcome.control) == (2, 2)
    assert (outcome.promised, outcome.promised_low) == (22, 3)
    assert outcome.realised.value == pytest.approx(2 * (0 - -50) - 6)
    assert (outcome.said, outcome.left.value, outcome.covered) == (0.5, 1, 1)
    assert outcome.verdict == "not clear"


@pytest.mark.parametrize("wrong", [0.0, 0.3])
@pytest.mark.parametrize("saves", [0.5, 0.0, -0.5])
def test_the_truth_is_in_the_interval_as_often_as_it_says_even_where_the_risk_is_wrong(
    saves: float, wrong: float
) -> None:
    told = [campaign(400, saves=saves, wrong=wrong, seed=seed) for seed in range(200)]
    outcomes = [(judge(rows).realised, true) for rows, true in told]
    covered = np.mean([each.low <= true <= each.high for each, true in outcomes])
    assert 0.9 <= covered <= 0.99
    off = np.array([each.value - true for each, true in outcomes])
    assert abs(off.mean()) < 3 * off.std() / np.sqrt(len(off))


def test_a_campaign_that_paid_and_one_that_lost_are_told() -> None:
    paid, _ = campaign(20_000, saves=0.5)
    lost, _ = campaign(20_000, saves=-0.5)
    assert judge(paid).verdict == "paid"
    assert judge(paid).kept
    assert judge(lost).verdict == "lost"


def test_the_control_tells_whether_risk_and_spend_were_right() -> None:
    rows, _ = campaign(20_000, saves=0.5)
    outcome = judge(rows)
    assert outcome.left.low < outcome.said < outcome.left.high
    assert outcome.covered == pytest.approx(0.8, abs=0.04)
    wrong, _ = campaign(20_000, saves=0.5, wrong=0.2)
    assert judge(wrong).said > judge(wrong).left.high


@pytest.mark.parametrize("controls", [0, 1])
def test_without_a_control_nothing_is_told(controls: int) -> None:
    rows, _ = campaign(50, saves=0.5)
    held = rows["arm"] == CONTROL
    outcome = judge(pd.concat([rows[~held], rows[held].head(controls)]))
    assert outcome.verdict == "no control"
    assert np.isnan(outcome.realised.value)
    assert not outcome.kept


def test_a_series_of_outcomes_is_flat() -> None:
    figures = judge(campaign(300, saves=0.5)[0]).figures()
    assert {"realised", "realised_low", "realised_high", "left_low", "kept"} <= figures.keys()
    assert all(isinstance(value, int | float | str) for value in figures.values())
