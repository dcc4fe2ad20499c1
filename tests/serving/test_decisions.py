"""What is done about each customer, and who is left alone to learn from."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import QuerenciaError
from features.offers import CONTROL
from serving.catalogue import ASK, Offer
from serving.decisions import DECIDED, Desk
from serving.limits import CampaignSettings
from serving.touches import Touches

OFFERS = {"gift": Offer(cost=20, contact_cost=1), "call": Offer(contact_cost=4, channel="phone")}
DESK = Desk(OFFERS, Offer(contact_cost=2), CampaignSettings())


def people(size: int = 400) -> pd.DataFrame:
    """Customers who are there, and for whom a gift does more than a call."""
    rng = np.random.default_rng(1)
    risk, stake = rng.uniform(0, 0.8, size), rng.lognormal(5, 1, size)
    return pd.DataFrame(
        {
            "customer_id": [f"c{number}" for number in range(size)],
            "risk": risk,
            "value": stake * 0.9,
            "value_at_stake": stake,
            "expected_loss": risk * stake * 0.9,
            "driver": rng.choice(["silence", "effort"], size),
            "saved_gift": 0.3 * risk,
            "saved_gift_sd": 0.1 * risk,
            "saved_call": 0.2 * risk,
            "saved_call_sd": 0.1 * risk,
        }
    )


def with_limits(desk: Desk = DESK, **limits: object) -> Desk:
    return replace(desk, limits=CampaignSettings.model_validate(limits))


def test_money_and_contacts_last() -> None:
    rows = with_limits(budget=300, contacts=50).decide(people(), campaign="a").rows
    assert set(DECIDED) < set(rows)
    assert 295 < rows["cost"].sum() <= 300
    assert len(rows) <= 50
    assert set(rows["offer"]) == {"gift", "call"}
    assert (rows["expected_profit"] > 0).all()


def test_everybody_gets_the_offer_that_brings_most_where_nothing_is_short() -> None:
    scores = people()
    decided = with_limits(budget=1e6, contacts=1_000).decide(scores, campaign="a")
    gift = 0.3 * scores["risk"] * scores["value_at_stake"] - 21
    call = 0.2 * scores["risk"] * scores["value_at_stake"] - 4
    best = pd.Series(np.where(gift > call, "gift", "call"), scores["customer_id"])
    best = best[(gift.clip(lower=call) > 0).to_numpy()]
    assert decided.rows.set_index("customer_id")["offer"].to_dict() == best.to_dict()
    assert (decided.choice.next_euro, decided.choice.next_contact) == (0, 0)


@given(st.permutations(range(90)))
def test_the_order_of_the_rows_makes_no_difference(order: list[int]) -> None:
    twins = pd.concat([people(30)] * 3, ignore_index=True)
    twins["customer_id"] = [f"c{number}" for number in range(len(twins))]
    shuffled = twins.iloc[order]
    desk = with_limits(budget=100, contacts=20)
    first, second = (desk.decide(each, campaign="a").rows for each in (twins, shuffled))
    pd.testing.assert_frame_equal(first, second)


def test_one_in_twenty_is_control_with_its_propensity_and_comes_last() -> None:
    rows = with_limits(budget=1e6, contacts=3_000).decide(people(3_000), campaign="a").rows
    held = rows["arm"] == CONTROL
    assert 0.03 < held.mean() < 0.07
    assert (rows["propensity"] == np.where(held, 0.05, 0.95)).all()
    assert (rows["arm"] == rows["offer"])[~held].all()
    assert held.is_monotonic_increasing
    assert rows["expected_profit"][~held].is_monotonic_decreasing


def test_the_control_is_drawn_by_campaign() -> None:
    first, again, other = (
        with_limits(control=0.5).decide(people(), campaign=name).rows for name in ("a", "a", "b")
    )
    assert first["arm"].tolist() == again["arm"].tolist()
    assert set(first["customer_id"]) == set(other["customer_id"])
    assert first["customer_id"].tolist() != other["customer_id"].tolist()


@pytest.mark.parametrize(
    "limits", [{"min_risk": 0.6}, {"top_share": 0.1}, {"driver": "effort"}, {"segment": "gold"}]
)
def test_limits_keep_customers_out(limits: dict[str, object]) -> None:
    scores = people()
    gold = dict.fromkeys(scores["customer_id"][::2], "gold")
    desk = replace(DESK, touches=Touches(segment=gold))
    rows = with_limits(desk, **limits).decide(scores, campaign="a").rows
    assert len(rows)
    assert (rows["risk"] >= limits.get("min_risk", 0)).all()
    assert (rows["value"] >= scores["value"].quantile(1 - limits.get("top_share", 1))).all()
    assert set(rows["driver"]) <= {limits.get("driver", "silence"), "effort"}
    if "segment" in limits:
        assert set(rows["customer_id"]) <= gold.keys()


@pytest.mark.parametrize("limits", [{"driver": "envy"}, {"segment": "gold"}])
def test_what_no_customer_has_is_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(QuerenciaError, match=rf"{next(iter(limits.values()))}. There are: "):
        with_limits(**limits).decide(people(), campaign="a")


def test_who_was_contacted_or_is_control_of_late_is_left_alone() -> None:
    before = DESK.decide(people(), campaign="a").rows["customer_id"]
    touches = Touches(tired=frozenset(before[:5]), held=frozenset(before[5:9]))
    after = replace(DESK, touches=touches).decide(people(), campaign="a").rows["customer_id"]
    assert set(before[:9]).isdisjoint(after)


def test_who_has_left_already_is_no_matter_for_an_offer() -> None:
    gone = people().assign(value=lambda rows: rows["value_at_stake"] * 0.1)
    assert DESK.decide(gone, campaign="a").rows.empty
    assert len(with_limits(min_presence=0).decide(gone, campaign="a").rows)


def test_the_silent_at_risk_are_asked_with_what_is_kept_for_it() -> None:
    scores = people()
    heard = frozenset(scores["customer_id"][:200])
    desk = replace(DESK, touches=Touches(heard=heard))
    decided = with_limits(desk, budget=200, contacts=100, ask_risk=0.4).decide(scores, campaign="a")
    asked = decided.rows[decided.rows["offer"] == ASK]
    assert len(asked) == 10
    assert decided.rows["cost"].sum() <= 200
    assert (asked["risk"] >= 0.4).all()
    assert not asked["customer_id"].isin(heard).any()
    assert asked["expected_profit"].tolist() == [-2] * 10


@pytest.mark.parametrize("limits", [{"ask_share": 0}, {"ask_risk": 1}])
def test_nobody_is_asked_where_nothing_is_kept_for_it(limits: dict[str, float]) -> None:
    desk = with_limits(replace(DESK, touches=Touches(heard=frozenset())), **limits)
    assert ASK not in set(desk.decide(people(), campaign="a").rows["offer"])


def test_nobody_is_called_silent_where_nothing_tells_who_speaks() -> None:
    assert ASK not in set(DESK.decide(people(), campaign="a").rows["offer"])


def test_an_offer_beyond_its_share_of_the_margin_is_not_made() -> None:
    dear = {"gift": OFFERS["gift"].model_copy(update={"max_margin_share": 0.05})}
    rows = replace(DESK, offers=dear).decide(people(), campaign="a").rows
    assert (0.05 * rows["value_at_stake"] >= 21).all()
