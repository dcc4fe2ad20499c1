"""What is missing: records that would tell more, what they would tell, and what they consist of."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Literal

from features.records import CONTRACTS

Page = Literal["indicators", "journey", "voice", "data"]


@dataclass(frozen=True)
class Missing:
    """Records that a company does not have, or has not named.

    Attributes:
        name: A table, or a column of one: "surveys.comment".
        columns: What a row of it needs, and then what is of use.
    """

    name: str
    columns: tuple[str, ...]

    @property
    def table(self) -> str:
        """The input table."""
        return self.name.partition(".")[0]

    @property
    def phrase(self) -> str:
        """Names the phrase of what it would tell."""
        return "tells_" + self.name.replace(".", "_")


_OF_USE: Mapping[str, tuple[str, ...]] = {
    "surveys": ("answered_at", "score", "comment"),
    "surveys.comment": ("comment",),
    "tickets": ("first_response_at", "resolved_at", "topic"),
    "contacts": ("channel", "phase", "ticket_id"),
    "referrals": ("referred_customer_id",),
    "transactions.delivered_at": ("promised_at", "delivered_at"),
    "transactions.margin": ("margin",),
    "customers.segment": ("segment",),
}

_PAGES: Mapping[Page, tuple[str, ...]] = {
    "journey": ("contacts", "tickets", "surveys", "transactions.delivered_at"),
    "voice": ("surveys", "surveys.comment", "contacts"),
    "indicators": (
        *("surveys", "tickets", "contacts", "referrals"),
        *("transactions.delivered_at", "customers.segment"),
    ),
    "data": tuple(_OF_USE),
}

EVERY = tuple(_OF_USE)
"""All that may be missing."""


def missing(has: Set[str], page: Page) -> list[Missing]:
    """What a page would tell more of.

    Args:
        has: The tables and columns there are (`features.indicators.known.has`).
        page: It.
    """
    found = [Missing(name, _columns(name)) for name in _PAGES[page] if name not in has]
    absent = {each.name for each in found}
    return [each for each in found if each.name == each.table or each.table not in absent]


def _columns(name: str) -> tuple[str, ...]:
    required = CONTRACTS[name].required if name in CONTRACTS else ()
    return (*required, *(each for each in _OF_USE[name] if each not in required))
