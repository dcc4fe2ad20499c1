"""The input tables as contracts: what columns are called, what they hold, what must be true."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from features import rules
from features.rules import Rule
from features.timeline import Ints, Mask, Timeline

UNITS = 10_000
"""Amounts and numbers are held as integers of 1/10,000, so that sums are exact in any order."""

Kind = Literal["id", "text", "instant", "money", "number", "flag"]


@dataclass(frozen=True)
class Column:
    """One column of an input table.

    Attributes:
        name: The name records are read under.
        kind: What it holds: "instant" is a UTC instant, "money" an amount of the currency.
        meaning: For people, with the unit.
        required: Whether a row without it is of no use.
        rule: What must hold where it is given.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    rule: Rule | None = None


@dataclass(frozen=True)
class Contract:
    """One input table: `time` orders its rows, and `key`, if any, names each."""

    table: str
    time: str
    columns: tuple[Column, ...]
    key: str | None = None

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
        rule=rules.not_before(column, earlier),
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
            "discount", "money", "taken off the list price", rule=rules.not_negative("discount")
        ),
        _RECORDED,
    ),
    key="transaction_id",
)

SURVEY_KINDS = (
    "nps",
    "csat",
    "ces",
    "isat",
    "repurchase_intent",
    "loyalty",
    "wallet_share",
    "review",
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
            required=True,
            rule=rules.one_of("kind", SURVEY_KINDS, "the known surveys"),
        ),
        _when("asked_at", "when it was asked"),
        _after("answered_at", "asked_at"),
        Column(
            "score",
            "number",
            "the answer, on the survey's scale",
            rule=rules.on_scale("score", "scale_min", "scale_max"),
        ),
        Column("scale_min", "number", "worst answer, above scale_max where less is better"),
        Column("scale_max", "number", "best answer"),
        Column("comment", "text", "in the customer's words"),
        Column("touchpoint", "text", "what it was about"),
        _CHANNEL,
        Column("language", "text", "of the comment: es, en, ..."),
        Column("consent", "flag", "whether the comment may be quoted"),
    ),
    key="survey_id",
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
            rule=rules.not_negative("handling_minutes"),
        ),
        Column("in_time", "flag", "whether it was resolved in the time promised"),
    ),
    key="ticket_id",
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
    key="contact_id",
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
    key="referral_id",
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
        Column("cost", "money", "what it cost", rule=rules.not_negative("cost")),
        Column(
            "propensity",
            "number",
            "chance of this arm when decided",
            rule=rules.chance("propensity"),
        ),
        _after("redeemed_at", "decided_at"),
    ),
    key="offer_id",
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
    key="customer_id",
)

RATES = Contract(
    "rates",
    "occurred_at",
    (
        Column("currency", "text", "ISO code of a foreign currency", required=True),
        _when("occurred_at", "from when on the rate holds"),
        Column(
            "rate",
            "number",
            "reporting currency for one of it",
            required=True,
            rule=rules.positive("rate"),
        ),
    ),
)

CONTRACTS = {
    contract.table: contract
    for contract in (
        CUSTOMERS,
        RATES,
        TRANSACTIONS,
        SURVEYS,
        TICKETS,
        CONTACTS,
        REFERRALS,
        OFFERS,
    )
}

REFERRED_PURCHASES = Contract(
    "referred_purchases",
    "occurred_at",
    (_CUSTOMER, _when("occurred_at", "when someone they referred bought"), _RECORDED),
)
"""A table derived from referrals and transactions, by the customer who referred."""

TIMELINES = {
    table: contract for table, contract in CONTRACTS.items() if table not in ("customers", "rates")
} | {"referred_purchases": REFERRED_PURCHASES}
"""The tables that features look at."""

LEFT_OUT = {
    "customer_id",
    "comment",
    "consent",
    "in_time",
    "agent",
    *(c.key for c in CONTRACTS.values() if c.key),
    "currency",
} - {"ticket_id"}
"""Columns no feature looks at."""


@dataclass(frozen=True)
class Records:
    """Every record of a group of customers.

    Attributes:
        customers: Customer ids in ascending order, shape (customers,).
        tables: The tables the company has, each a timeline over these customers.
        contract_ends: Instant each customer's contract ends, microseconds, `UNKNOWN` where it
            goes on; None where the company has no contracts.
    """

    customers: NDArray[Any]
    tables: Mapping[str, Timeline]
    contract_ends: Ints | None = None

    def __getitem__(self, table: str) -> Timeline:
        return self.tables[table]

    @property
    def late(self) -> Mask:
        """Customers with a record that came late or was corrected: shape (customers,)."""
        late = np.zeros(len(self.customers), dtype=bool)
        for rows in self.tables.values():
            if {"recorded_at", "superseded_at"} & rows.columns.keys():
                behind = (rows.column("recorded_at") > rows.times) | rows.known("superseded_at")
                late[rows.customer[behind]] = True
        return late

    def known(self, instant: int) -> Self:
        """The records as they stood before an instant: those recorded, in their then version."""
        return self._where(
            lambda rows: (
                (np.maximum(rows.times, rows.column("recorded_at")) < instant)
                & ~(rows.known("superseded_at") & (rows.column("superseded_at") < instant))
            )
        )

    @property
    def final(self) -> Self:
        """The records in their last version."""
        return self._where(lambda rows: ~rows.known("superseded_at"))

    def _where(self, keep: Callable[[Timeline], Mask]) -> Self:
        tables = {name: rows.select(keep(rows)) for name, rows in self.tables.items()}
        return replace(self, tables=tables)

    def subset(self, chosen: Mask) -> Self:
        """Only these customers."""
        if chosen.all():
            return self
        ends = self.contract_ends
        return replace(
            self,
            customers=self.customers[chosen],
            tables={name: rows.subset(chosen) for name, rows in self.tables.items()},
            contract_ends=None if ends is None else ends[chosen],
        )
