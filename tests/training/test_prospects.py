"""Risk and value brought together: spend is P(buys) times what those spend who buy."""

import numpy as np
import pytest

from features.snapshot import Snapshot
from training.model import Model
from training.prospects import Prospects, rhythm


def test_spend_is_the_chance_of_buying_times_the_spend_of_those_who_buy(
    model: Model, later: Snapshot
) -> None:
    risk = model.risk.predict(later.rows)
    process = model.value.purchases
    alone = process.expected_purchases(90, *later.history)
    buys = 1 - process.p_no_purchase(90, *later.history)
    expected = Prospects(model.value, later, later.provenance).expected_amounts(risk)
    well_known = buys > 1e-6  # else the division below is rounding
    assert expected["purchases"][well_known] == pytest.approx(
        ((1 - risk) * alone / buys)[well_known], rel=1e-6
    )
    per_purchase = model.value.spend.expected_spend(
        later.columns["frequency"], later.columns["monetary_value"]
    )
    assert expected["spend"] == pytest.approx(expected["purchases"] * per_purchase)
    # Whoever buys, buys at least once.
    assert (expected["purchases"] >= (1 - risk) * (1 - 1e-9)).all()


def test_those_who_buy_spend_the_geometric_mean_of_what_was_learned_and_the_formula(
    model: Model, later: Snapshot
) -> None:
    assert model.buyers is not None
    risk = model.risk.predict(later.rows)
    plain, tilted = (
        Prospects(model.value, later, later.provenance, buyers) for buyers in (None, model.buyers)
    )
    formula, served = (each.expected_amounts(risk) for each in (plain, tilted))
    assert (served["purchases"] == formula["purchases"]).all()
    if_buys = formula["spend"] / (1 - risk)
    learned = model.buyers.predict(later.rows)
    geometric = (1 - risk) * np.sqrt(if_buys * learned)
    assert served["spend"] == pytest.approx(geometric, rel=1e-3)
    assert (plain.tilt == 1).all()


def test_with_the_risk_of_the_process_itself_its_own_amounts_come_out(
    model: Model, later: Snapshot
) -> None:
    process = model.value.purchases
    risk = process.p_no_purchase(90, *later.history)
    prospects = Prospects(model.value, later, later.provenance)
    alive = process.p_alive(*later.history)
    assert prospects.presence(risk) == pytest.approx(alive, abs=1e-9)
    expected = prospects.expected_amounts(risk)["purchases"]
    assert expected == pytest.approx(process.expected_purchases(90, *later.history), abs=1e-9)


@pytest.mark.parametrize("churn", ["rhythm", "decline"])
def test_a_risk_that_is_not_of_silence_says_nothing_of_buying(
    model: Model, later: Snapshot, churn: str
) -> None:
    origin = later.provenance.model_copy(update={"churn": churn})
    prospects = Prospects(model.value, later, origin)
    risk = np.full(len(later), 0.99)
    assert rhythm(model.value, origin) is None
    assert (prospects.presence(risk) == model.value.purchases.p_alive(*later.history)).all()
    alone = model.value.purchases.expected_purchases(90, *later.history)
    assert prospects.expected_amounts(risk)["purchases"] == pytest.approx(alone, rel=1e-12)


def test_whoever_is_under_contract_is_there(model: Model, later: Snapshot) -> None:
    origin = later.provenance.model_copy(update={"churn": "contract"})
    prospects = Prospects(model.value, later, origin)
    risk = np.full(len(later), 0.99)
    assert (prospects.presence(risk) == 1).all()
    value, at_stake = prospects.value_at_stake(risk)
    assert (value == at_stake).all()
