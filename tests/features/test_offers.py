"""Offers made before; to be held out is no offer."""

from math import isnan

import pytest

from tests.features.histories import at, found
from tests.features.naive import Offer


def offer(day: float, arm: str = "voucher", redeemed: float | None = None) -> Offer:
    return Offer("a", at(day), arm, None if redeemed is None else at(redeemed))


def test_offers_are_counted_with_the_share_redeemed() -> None:
    row = found("offers", at(100), offer(5), offer(50, redeemed=55), offer(60, "call"))
    assert row == pytest.approx(
        {"offers": 3, "offers_redeemed": 1 / 3, "offer_since": 40, "offered_90d": 1}
    )


def test_the_control_arm_is_no_offer() -> None:
    row = found("offers", at(100), offer(50, "control", redeemed=60))
    assert (row["offers"], row["offered_90d"]) == (0, 0)
    assert isnan(row["offers_redeemed"])
    assert isnan(row["offer_since"])


def test_an_offer_is_redeemed_when_it_is() -> None:
    events = [offer(50, redeemed=60)]
    assert found("offers", at(60), *events)["offers_redeemed"] == 0
    assert found("offers", at(60, 1), *events)["offers_redeemed"] == 1
    assert found("offers", at(50), *events)["offers"] == 0


def test_exposure_lasts_ninety_days() -> None:
    assert found("offers", at(100), offer(10))["offered_90d"] == 1
    assert found("offers", at(100, 1), offer(10))["offered_90d"] == 0
