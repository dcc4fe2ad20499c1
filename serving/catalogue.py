"""The catalogue: what can be offered to a customer who may leave, and what each offer costs."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from features.offers import CONTROL
from training.settings import MoneySettings

SOME = "offer"
"""The offer there is where none is configured."""

ASK, NOTHING = "ask", "nothing"
"""The two that are no offers: to ask how things are, and to leave alone."""

Level = Literal["answer", "anticipate", "wow"]


class Offer(BaseModel):
    """What can be done for a customer who may leave, and what it costs, in the currency."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cost: float = Field(0, ge=0, description="cost of every one made, taken up or not")
    contact_cost: float = Field(1, ge=0, description="cost of telling the customer")
    redemption_cost: float = Field(0, ge=0, description="cost of every one taken up")
    share_of_value: float = Field(
        0, ge=0, lt=1, description="share of the value at stake that every one taken up costs too"
    )
    redemption_rate: float = Field(
        1,
        ge=0,
        le=1,
        description="share of those who stay that take it up; most would have stayed anyway",
    )
    max_margin_share: float = Field(
        1,
        gt=0,
        le=1,
        description="made only where all it can cost is within this share of the value at stake",
    )
    channel: str = Field("e-mail", min_length=1, description="how the customer is told")
    level: Level = Field(
        "answer",
        description="answer (put right what went wrong), anticipate (before they have to ask) or "
        "wow (what nobody expects)",
    )

    @property
    def fixed_cost(self) -> float:
        """What one more customer contacted costs at once."""
        return self.contact_cost + self.cost


def _well_named(offers: Mapping[str, Offer]) -> Mapping[str, Offer]:
    for name in offers:
        if name in (CONTROL, NOTHING, "prior") or name.endswith("_sd"):
            raise ValueError(f"{name} means something else; choose another name")
        if not re.fullmatch(r"[a-z0-9_-]+", name):
            raise ValueError(f"{name}: use small letters, digits, - and _ only")
    if ASK in offers and (offers[ASK].redemption_cost or offers[ASK].share_of_value):
        raise ValueError("ask: to ask costs cost and contact_cost alone; nothing is taken up")
    return offers


Offers = Annotated[dict[str, Offer], AfterValidator(_well_named)]
"""Offers by name, as they are configured: `[offers.voucher]`, `cost = 10`."""


def catalogue(configured: Mapping[str, Offer], money: MoneySettings) -> dict[str, Offer]:
    """The offers there are; where none is configured, the one that `training.money` tells of."""
    plain = Offer(contact_cost=money.contact_cost, redemption_cost=money.offer_cost)
    made = {name: offer for name, offer in configured.items() if name != ASK}
    return made or {SOME: plain}


def question(configured: Mapping[str, Offer], money: MoneySettings) -> Offer:
    """What it costs to ask a customer: `[offers.ask]`, else a contact."""
    return configured.get(ASK, Offer(contact_cost=money.contact_cost, channel="survey or call"))
