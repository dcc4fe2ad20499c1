"""What buyers spend: learned of buyers alone, right in total, and back from JSON to the bit."""

import json

import numpy as np
import pandas as pd
import pytest

from features.snapshot import Snapshot
from training.amounts import Forecast
from training.buyers import BuyersSpend


@pytest.fixture(scope="module")
def buyers(past: Snapshot) -> BuyersSpend:
    learned = BuyersSpend.learn(past)
    assert learned is not None
    return learned


def test_a_power_law_is_found_again() -> None:
    rng = np.random.default_rng(1)
    before = rng.uniform(10, 1_000, 5_000)
    noise = rng.lognormal(0, 0.3, before.size)
    rows = pd.DataFrame({"spend": before})
    spend = 2 * (1 + before) ** 0.5 * noise
    model = BuyersSpend(features=["spend"]).fit(rows, spend)
    mean = 2 * (1 + before) ** 0.5 * np.exp(0.3**2 / 2)
    assert model.predict(rows) == pytest.approx(mean, rel=0.03)


def test_the_total_of_the_buyers_is_right(buyers: BuyersSpend, past: Snapshot) -> None:
    spend = past.columns["spend_ahead"]
    bought = past.select(np.flatnonzero(spend > 0))
    assert buyers.predict(bought.rows).sum() == pytest.approx(spend[spend > 0].sum())


def test_those_who_did_not_buy_change_nothing(buyers: BuyersSpend, past: Snapshot) -> None:
    bought = past.select(np.flatnonzero(past.columns["spend_ahead"] > 0))
    again = BuyersSpend.learn(bought)
    assert again is not None
    assert (again.coef_ == buyers.coef_).all()


def test_later_buyers_are_ordered_by_what_they_spend(buyers: BuyersSpend, later: Snapshot) -> None:
    """On CDNOW, past spend per purchase alone orders them less well."""
    bought = later.select(np.flatnonzero(later.columns["spend_ahead"] > 0))
    spend = bought.columns["spend_ahead"]
    learned = Forecast.of(spend, buyers.predict(bought.rows)).gini_score()
    average = np.nan_to_num(bought.columns["monetary_value"])
    assert learned > Forecast.of(spend, average).gini_score() + 0.05


def test_too_few_buyers_teach_nothing(past: Snapshot) -> None:
    assert BuyersSpend.learn(past.select(np.arange(60))) is None


def test_it_comes_back_from_json_to_the_bit(buyers: BuyersSpend, later: Snapshot) -> None:
    back = BuyersSpend.from_dict(json.loads(json.dumps(buyers.to_dict())))
    assert (back.predict(later.rows) == buyers.predict(later.rows)).all()
