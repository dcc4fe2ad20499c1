"""The input tables as contracts: what columns are called, what they hold, what must be true."""

from dataclasses import dataclass
from typing import Literal

UNITS_PER_CURRENCY = 10_000
"""Amounts are added up as integers of 1/10,000, so that sums are exact in any order."""

Kind = Literal["id", "text", "instant", "money", "number", "flag"]


@dataclass(frozen=True)
class Column:
    """One column of an input table.

    Attributes:
        name: The name records are read under.
        kind: What it holds: "instant" is a UTC instant, "money" an amount of the currency.
        meaning: For people, with the unit.
        required: Whether a row without it is of no use.
        rule: What must hold where it is given, as a SQL condition; and
        reason: what a row that breaks the rule is told.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    rule: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Contract:
    """One input table: its first column is the key, `time` the column that orders it."""

    table: str
    time: str
    columns: tuple[Column, ...]

    @property
    def key(self) -> str:
        """The column that names a row."""
        return self.columns[0].name

    @property
    def names(self) -> tuple[str, ...]:
        """All column names."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """The columns a row cannot do without."""
        return tuple(column.name for column in self.columns if column.required)


def _after(column: str, earlier: str) -> Column:
    return Column(
        column,
        "instant",
        f"when it was {column.removesuffix('_at')}",
        False,
        f"{column} >= {earlier}",
        f"{column} is before {earlier}",
    )


_CUSTOMER = Column("customer_id", "id", "who bought, answered or called", required=True)
_RECORDED = Column("recorded_at", "instant", "when the company learned of it; else at once")
_CHANNEL = Column("channel", "text", "web, shop, app, phone, e-mail, ...")


def _key(name: str) -> Column:
    return Column(name, "id", "names the row", required=True)


def _when(name: str, meaning: str) -> Column:
    return Column(name, "instant", meaning, required=True)


TRANSACTIONS = Contract(
    "transactions",
    "occurred_at",
    (
        _key("transaction_id"),
        _CUSTOMER,
        _when("occurred_at", "when it was bought"),
        Column("amount", "money", "net amount; negative for a refund", required=True),
        Column("currency", "text", "ISO code, where it is not the reporting currency"),
        Column("margin", "money", "what the company keeps of the amount"),
        _CHANNEL,
        Column("category", "text", "what was bought"),
        Column("promised_at", "instant", "when delivery was promised"),
        _after("delivered_at", "occurred_at"),
        Column(
            "discount",
            "money",
            "taken off the list price",
            False,
            "discount >= 0",
            "discount is negative",
        ),
        _RECORDED,
    ),
)

SURVEYS = Contract(
    "surveys",
    "asked_at",
    (
        _key("survey_id"),
        _CUSTOMER,
        Column(
            "kind",
            "text",
            "what was asked",
            True,
            "kind IN ('nps', 'csat', 'ces', 'isat', 'repurchase_intent', 'loyalty', "
            "'wallet_share', 'review')",
            "kind is none of the known surveys",
        ),
        _when("asked_at", "when it was asked"),
        _after("answered_at", "asked_at"),
        Column(
            "score",
            "number",
            "the answer, on the survey's scale",
            False,
            "score BETWEEN coalesce(scale_min, score) AND coalesce(scale_max, score) "
            "AND (kind <> 'nps' OR score BETWEEN 0 AND 10)",
            "score is off its scale",
        ),
        Column("scale_min", "number", "lowest answer"),
        Column("scale_max", "number", "highest answer"),
        Column("comment", "text", "in the customer's words"),
        Column("touchpoint", "text", "what it was about"),
        _CHANNEL,
        Column("language", "text", "of the comment: es, en, ..."),
    ),
)

TICKETS = Contract(
    "tickets",
    "opened_at",
    (
        _key("ticket_id"),
        _CUSTOMER,
        _when("opened_at", "when the customer first asked"),
        _after("first_response_at", "opened_at"),
        _after("resolved_at", "opened_at"),
        _after("reopened_at", "opened_at"),
        Column("topic", "text", "what it was about"),
        _CHANNEL,
        Column("is_complaint", "flag", "whether it was a complaint"),
        Column(
            "handling_minutes",
            "number",
            "minutes of work, known when resolved",
            False,
            "handling_minutes >= 0",
            "handling_minutes is negative",
        ),
    ),
)

CONTACTS = Contract(
    "contacts",
    "occurred_at",
    (
        _key("contact_id"),
        _CUSTOMER,
        _when("occurred_at", "when they were in touch"),
        Column("channel", "text", "through which channel", required=True),
        Column("phase", "text", "of the journey"),
        Column("touchpoint", "text", "where they met"),
        Column("ticket_id", "id", "the issue it belongs to"),
        Column("agent", "text", "who answered"),
    ),
)

REFERRALS = Contract(
    "referrals",
    "occurred_at",
    (
        _key("referral_id"),
        _CUSTOMER,
        _when("occurred_at", "when the customer recommended"),
        Column("referred_customer_id", "id", "who came of it"),
    ),
)

OFFERS = Contract(
    "offers",
    "decided_at",
    (
        _key("offer_id"),
        _CUSTOMER,
        Column("campaign_id", "id", "the campaign", required=True),
        _when("decided_at", "when it was decided"),
        Column("arm", "text", "name of the offer, or 'control'", required=True),
        Column("cost", "money", "what it cost", False, "cost >= 0", "cost is negative"),
        Column(
            "propensity",
            "number",
            "chance of this arm when decided",
            False,
            "propensity > 0 AND propensity <= 1",
            "propensity is not in (0, 1]",
        ),
        _after("redeemed_at", "decided_at"),
    ),
)

CUSTOMERS = Contract(
    "customers",
    "acquired_at",
    (
        _CUSTOMER,
        Column("acquired_at", "instant", "when they became known"),
        Column("segment", "text", "the company's own segment"),
        Column("country", "text", "ISO code"),
        Column("contract_ends_at", "instant", "when the subscription ends"),
        Column("erased_at", "instant", "when they asked to be forgotten"),
    ),
)

CONTRACTS = {
    contract.table: contract
    for contract in (TRANSACTIONS, SURVEYS, TICKETS, CONTACTS, REFERRALS, OFFERS, CUSTOMERS)
}
