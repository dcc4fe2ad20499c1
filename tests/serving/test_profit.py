"""Expected profit: by hand, against the measure of campaigns, and what its bound covers."""

from dataclasses import astuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from serving.catalogue import Offer
from serving.profit import expected_profit, presence, saved
from training.effects import Saved

ONE = np.ones(1)


def of(offer: Offer, *, mean: float, sd: float = 0, risk: float, stake: float) -> dict[str, float]:
    told = expected_profit(offer, Saved(mean * ONE, sd * ONE), risk * ONE, stake * ONE)
    return {name: float(values[0]) for name, values in vars(told).items()}


def test_profit_by_hand() -> None:
    """A risk of .5 of which .1 goes: .6 stay and half of them take it up, 20 + 5 % of 200."""
    offer = Offer(
        cost=2, contact_cost=1, redemption_cost=20, share_of_value=0.05, redemption_rate=0.5
    )
    told = of(offer, mean=0.1, risk=0.5, stake=200)
    assert told["cost"] == pytest.approx(3 + 0.5 * 0.6 * 30)
    assert told["expected"] == pytest.approx(0.1 * 200 - 12)
    assert told["ceiling"] == pytest.approx(20)
    assert told["low"] == told["expected"]


def test_is_the_profit_that_the_measure_of_campaigns_counts() -> None:
    """Verbraken et al.: a contact f, an accepted offer d, kept CLV - d of a share gamma."""
    clv, d, f, gamma, churn = 200.0, 10.0, 1.0, 0.3, 0.4
    offer = Offer(contact_cost=f, redemption_cost=d)
    told = of(offer, mean=gamma * churn, risk=churn, stake=clv)
    assert told["expected"] == pytest.approx(churn * gamma * (clv - d) - (1 - churn) * d - f)


def test_an_offer_that_drives_away_has_no_ceiling_and_a_loss() -> None:
    told = of(Offer(contact_cost=1), mean=-0.1, risk=0.3, stake=100)
    assert told["expected"] == pytest.approx(-11)
    assert told["ceiling"] == 0


def test_an_offer_that_can_cost_more_than_its_share_of_the_margin_is_not_allowed() -> None:
    offer = Offer(contact_cost=1, redemption_cost=9, max_margin_share=0.1)
    assert not of(offer, mean=0.5, risk=0.9, stake=99)["allowed"]
    assert of(offer, mean=0.5, risk=0.9, stake=101)["allowed"]


@given(st.floats(-0.2, 0.5), st.floats(0, 0.2), st.floats(0.2, 0.5), st.floats(0, 1_000))
def test_the_lower_bound_is_the_profit_at_the_tenth_percentile_of_what_is_saved(
    mean: float, sd: float, risk: float, stake: float
) -> None:
    offer = Offer(redemption_cost=5, redemption_rate=0.8)
    told = of(offer, mean=mean, sd=sd, risk=risk, stake=stake)
    drawn = stats.norm(0, 1).ppf(np.linspace(0.0005, 0.9995, 1_000)) * sd + mean
    profit = drawn * stake - 1 - 0.8 * (1 - risk + drawn) * 5
    if 0 <= 1 - risk + mean <= 1:
        assert told["low"] == pytest.approx(np.quantile(profit, 0.1), abs=1e-2 * (1 + stake * sd))
    assert told["low"] <= told["expected"]


def scores(**columns: float) -> pd.DataFrame:
    return pd.DataFrame([{"risk": 0.4, "value": 50.0, "value_at_stake": 100.0} | columns])


def test_what_was_learned_of_an_offer_goes_before_the_prior() -> None:
    prior = {"saved_prior": 0.2, "saved_prior_sd": 0.1}
    own = {"saved_call": 0.05, "saved_call_sd": 0.01}
    assert astuple(saved(scores(**prior, **own), "call")) == pytest.approx((0.05, 0.01))
    assert astuple(saved(scores(**prior, **own), "gift")) == pytest.approx((0.2, 0.1))


def test_a_customer_with_nothing_at_stake_counts_as_there() -> None:
    assert presence(scores(value=0, value_at_stake=0)).tolist() == [1]
    assert presence(scores()).tolist() == [0.5]
