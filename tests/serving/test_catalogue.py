"""The catalogue: what may be offered, what it costs, and names that would be mistaken."""

import pytest
from pydantic import TypeAdapter, ValidationError

from serving.catalogue import ASK, Offer, Offers, catalogue, question
from training.settings import MoneySettings

OFFERS = TypeAdapter(Offers)
MONEY = MoneySettings(offer_cost=7, contact_cost=0.5)


@pytest.mark.parametrize("name", ["control", "nothing", "prior", "voucher_sd", "Voucher", "a b"])
def test_a_name_that_would_be_mistaken_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        OFFERS.validate_python({name: {"cost": 1}})


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"cost": -1}, "greater than or equal to 0"),
        ({"level": "shout"}, "'answer', 'anticipate' or 'wow'"),
        ({"share_of_value": 1}, "less than 1"),
        ({"price": 1}, "Extra inputs are not permitted"),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(entry: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        OFFERS.validate_python({"voucher": entry})


def test_nothing_is_taken_up_when_asked() -> None:
    with pytest.raises(ValidationError, match="nothing is taken up"):
        OFFERS.validate_python({ASK: {"redemption_cost": 5}})


def test_without_a_catalogue_there_is_the_offer_that_the_money_settings_tell_of() -> None:
    (offer,) = catalogue({}, MONEY).values()
    assert (offer.redemption_cost, offer.fixed_cost) == (7, 0.5)
    assert question({}, MONEY).fixed_cost == 0.5


def test_to_ask_is_no_offer_of_the_catalogue() -> None:
    configured = {"call": Offer(cost=3, contact_cost=2), ASK: Offer(contact_cost=4)}
    assert catalogue(configured, MONEY) == {"call": configured["call"]}
    assert question(configured, MONEY).fixed_cost == 4
    assert configured["call"].fixed_cost == 5
