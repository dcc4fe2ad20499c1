"""A wish: which customers a page lists, and within what limits, as its address says it."""

from collections.abc import Mapping
from typing import Any, Literal, get_args
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from serving.catalogue import ASK, catalogue
from serving.http.problem import Problem
from serving.settings import Settings

Order = Literal["expected_profit", "risk", "value", "value_at_stake", "cost"]
View = Literal["contact", "leaving"]
"""Whom to contact, or who of the best is about to leave."""

ORDERS: tuple[Order, ...] = get_args(Order)
"""What a list can be sorted by, the most first."""

ROWS = 10
"""Customers on a page."""


class Wish(BaseModel):
    """What differs from the campaign that is configured; all of it may be left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    budget: float | None = Field(None, ge=0, allow_inf_nan=False)
    contacts: int | None = Field(None, ge=0, le=10_000_000)
    min_risk: float | None = Field(None, ge=0, le=100, description="percent")
    segment: str | None = None
    driver: str | None = None
    offer: str | None = None
    view: View = "contact"
    sort: Order = "expected_profit"
    page: int = Field(1, ge=1, le=1_000_000)

    @classmethod
    def read(cls, sent: Mapping[str, Any]) -> "Wish":
        """What an address or a form says; what is left empty is not wished.

        Raises:
            Problem: 422 where it can't be wished.
        """
        try:
            return cls.model_validate({name: value for name, value in sent.items() if value})
        except ValidationError as error:
            names = ", ".join(sorted({str(fault["loc"][0]) for fault in error.errors()}))
            raise Problem(422, f"This cannot be asked for: {names}.") from None

    def within(self, settings: Settings) -> Settings:
        """The settings under which `outreach.flag` makes the list that is wished.

        Raises:
            Problem: 422 where there is no such offer.
        """
        campaign = settings.campaign.but(
            budget=self.budget,
            contacts=self.contacts,
            min_risk=self.least_risk,
            segment=self.segment,
            driver=self.driver,
        )
        return settings.model_copy(update={"campaign": campaign, "offers": self._offers(settings)})

    @property
    def least_risk(self) -> float | None:
        """As a probability."""
        return None if self.min_risk is None else self.min_risk / 100

    def _offers(self, settings: Settings) -> Mapping[str, Any]:
        """Those that are configured, or the one wished, and what it costs to ask."""
        if self.offer is None:
            return settings.offers
        known = catalogue(settings.offers, settings.training.money)
        if self.offer not in known:
            raise Problem(422, "There is no such offer.")
        asks = {name: offer for name, offer in settings.offers.items() if name == ASK}
        return {self.offer: known[self.offer], **asks}

    def query(self, **other: object) -> str:
        """As part of an address, with something else in place of what it says."""
        said = self.model_dump(exclude_defaults=True) | other
        return urlencode({name: value for name, value in said.items() if value is not None})
