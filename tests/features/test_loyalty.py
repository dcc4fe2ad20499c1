"""Recommending, widening, and paying the full price."""

from math import isnan
from typing import Any

import pytest

from tests.features.histories import at, found
from tests.features.naive import Referral, ReferredPurchase, Row


def bought(day: float, amount: float = 5.0, **more: Any) -> Row:
    return Row("a", at(day), amount, **more)


def test_referrals_and_what_follows_count_when_they_happen() -> None:
    events = [Referral("a", at(10)), Referral("a", at(20)), ReferredPurchase("a", at(15))]
    row = found("loyalty", at(15), *events)
    assert (row["referrals"], row["referred_purchases"]) == (1, 0)
    row = found("loyalty", at(21), *events)
    assert (row["referrals"], row["referred_purchases"]) == (2, 1)


def test_the_full_price_share_is_of_purchases_whose_discount_is_known() -> None:
    events = [bought(1, discount=0.0), bought(2, discount=3.0), bought(3, discount=0.0), bought(4)]
    refund = bought(5, -5.0, discount=9.0)
    assert found("loyalty", at(9), *events, refund)["full_price_share"] == pytest.approx(2 / 3)
    assert isnan(found("loyalty", at(9), bought(4))["full_price_share"])


def test_channels_and_categories_are_those_bought_through_so_far() -> None:
    events = [
        bought(1, channel="web", category="shoes"),
        bought(2, channel="web", category="bags"),
        bought(3, channel="shop"),
        bought(4, -5.0, channel="phone", category="hats"),  # a refund
        bought(5, channel="app", category="belts"),
    ]
    row = found("loyalty", at(5), *events)
    assert (row["channels"], row["categories"]) == (2, 2)


SIGNS: dict[str, list[Any]] = {
    "bought more often": [bought(210), bought(220)],
    "widened": [bought(30, channel="web"), bought(30, channel="shop", category="hats")],
    "recommends": [Referral("a", at(10))],
    "pays full price": [bought(30, discount=0.0)],
}


@pytest.mark.parametrize("sign", SIGNS)
def test_each_sign_of_connection_is_a_quarter(sign: str) -> None:
    """Bought on day 0, which at day 300 is in the half year before the last."""
    plain = [bought(20), bought(21)]
    assert found("loyalty", at(300), *plain)["connection"] == 0
    events = [*plain, *SIGNS[sign]]
    if sign == "bought more often":
        events += [bought(230), bought(240)]
    assert found("loyalty", at(300), *events)["connection"] == 0.25


def test_lines_of_one_order_are_one_day_of_buying() -> None:
    lines = [bought(210) for _ in range(9)]
    assert found("loyalty", at(300), bought(20), bought(21), *lines)["connection"] == 0


def test_all_signs_make_a_whole_connection() -> None:
    events = [event for events in SIGNS.values() for event in events]
    late = [bought(200 + day) for day in range(9)]
    assert found("loyalty", at(300), *events, *late)["connection"] == 1


def test_features_step_aside_with_what_they_need() -> None:
    assert found("loyalty", at(9), has={"transactions"}) == {}
    assert set(found("loyalty", at(9), has={"transactions", "transactions.channel"})) == {
        "channels"
    }
    assert set(found("loyalty", at(9), has={"transactions", "referrals"})) == {"referrals"}
