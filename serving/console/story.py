"""A story: every record of one customer, in the order it came to be known, and risk over time."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import pandas as pd
import pyarrow as pa

from features.offers import CONTROL
from features.records import CONTRACTS
from features.snapshot import Snapshot
from serving.edition import Edition
from serving.score_history import ScoreHistory
from training.rows import Rows

What = Literal[
    "bought",
    "refunded",
    "late",
    "answered",
    "unanswered",
    "opened",
    "complained",
    "reopened",
    "resolved",
    "met",
    "recommended",
    "offered",
    "redeemed",
    "held",
]

STEPS, STEP_DAYS = 12, 30
"""Risk is told at so many instants back from the cut-off, so many days apart."""

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    Attributes:
        at: When.
        table: Of which table it is a record.
        what: What happened.
        figures: What a phrase tells of it; None where it is not known.
        words: What the customer wrote.
    """

    at: datetime
    table: str
    what: What
    figures: Mapping[str, Any] = field(default_factory=dict)
    words: str | None = None


@dataclass(frozen=True)
class Told:
    """A risk that was told, or would have been.

    Attributes:
        at: As of when.
        risk: It.
        then: Whether it was told then; else the present model tells it of what was known then.
    """

    at: datetime
    risk: float
    then: bool = False


def events(told: Mapping[str, pa.Table]) -> list[Event]:
    """Every record of a customer in its present version, the latest first.

    Args:
        told: The customer's records (`dossier.records`).
    """
    found = (
        event
        for table, tell in _TELL.items()
        if table in told
        for row in _rows(table, told[table])
        for event in tell(row)
    )
    return sorted(found, key=lambda event: event.at, reverse=True)


def _rows(table: str, own: pa.Table) -> Iterator[Row]:
    """Rows with every column of the contract; None where a value is missing."""
    for row in own.to_pylist():
        if row.get("superseded_at") is None:
            yield dict.fromkeys(CONTRACTS[table].names) | row


def _transaction(row: Row) -> Iterator[Event]:
    bought = row["amount"] >= 0
    figures = {"amount": abs(row["amount"]), "kind": row["category"], "channel": row["channel"]}
    yield Event(row["occurred_at"], "transactions", "bought" if bought else "refunded", figures)
    promised, delivered = row["promised_at"], row["delivered_at"]
    if promised and delivered and delivered > promised:
        days = (delivered - promised) / timedelta(days=1)
        yield Event(delivered, "transactions", "late", {"days": days})


def _survey(row: Row) -> Iterator[Event]:
    figures = {"kind": row["kind"], "score": row["score"], "channel": row["channel"]}
    if row["answered_at"] and row["score"] is not None:
        yield Event(row["answered_at"], "surveys", "answered", figures, row["comment"])
    elif row["asked_at"]:
        yield Event(row["asked_at"], "surveys", "unanswered", figures)


def _ticket(row: Row) -> Iterator[Event]:
    figures = {"kind": row["topic"], "channel": row["channel"]}
    yield Event(
        row["opened_at"], "tickets", "complained" if row["is_complaint"] else "opened", figures
    )
    if row["reopened_at"]:
        yield Event(row["reopened_at"], "tickets", "reopened", figures)
    if row["resolved_at"]:
        days = (row["resolved_at"] - row["opened_at"]) / timedelta(days=1)
        yield Event(row["resolved_at"], "tickets", "resolved", figures | {"days": days})


def _contact(row: Row) -> Iterator[Event]:
    figures = {"kind": row["phase"], "channel": row["channel"]}
    yield Event(row["occurred_at"], "contacts", "met", figures)


def _referral(row: Row) -> Iterator[Event]:
    yield Event(row["occurred_at"], "referrals", "recommended")


def _offer(row: Row) -> Iterator[Event]:
    held = row["arm"] == CONTROL
    figures = {} if held else {"kind": row["arm"]}
    yield Event(row["decided_at"], "offers", "held" if held else "offered", figures)
    if row["redeemed_at"]:
        yield Event(row["redeemed_at"], "offers", "redeemed", figures)


_TELL: Mapping[str, Callable[[Row], Iterator[Event]]] = {
    "transactions": _transaction,
    "surveys": _survey,
    "tickets": _ticket,
    "contacts": _contact,
    "referrals": _referral,
    "offers": _offer,
}

TABLES = tuple(_TELL)
"""The tables that stories are told from."""


def cutoffs(edition: Edition) -> list[datetime]:
    """The instants at which the risk over time is told, ascending; the last is the edition's."""
    back = (timedelta(days=STEP_DAYS * step) for step in range(STEPS, -1, -1))
    return [edition.cutoff - days for days in back]


def risks(edition: Edition, customer_id: str, seen: Snapshot) -> list[Told]:
    """The risk over time, the earliest first.

    At the edition's cut-off and before it the model of today looks at what was known then: it is
    not what was told then, and the model may have learned from what came after. What the scores
    of then told is there beside it.

    Args:
        edition: Its model tells.
        customer_id: The customer.
        seen: The customer's rows at `cutoffs`.
    """
    instants = pd.DatetimeIndex(seen.instants).tz_localize("UTC")
    now = edition.model.risk.predict(Rows.of(seen)).tolist() if len(seen) else []
    would = [Told(at.to_pydatetime(), risk) for at, risk in zip(instants, now, strict=True)]
    past = ScoreHistory(edition.settings.data).of(customer_id)
    then = [
        Told(each.cutoff, each.risk, then=True) for each in past if each.cutoff < edition.cutoff
    ]
    return sorted([*would, *then], key=lambda told: told.at)
