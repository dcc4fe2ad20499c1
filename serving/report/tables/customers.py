"""Customers at risk: one by one, as a list to contact, and by what raises the risk."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from features.indicators.figures import Figure
from features.offers import CONTROL
from serving import words
from serving.report import charts
from serving.report.risk import Group, Risk
from serving.report.writer import Table, Writer
from serving.written import UNKNOWN

TOP = 10
"""Customers shown of each list."""


def scores(w: Writer, rows: pd.DataFrame) -> Table:
    """The first of some customers, why they are at risk and what is lost with them."""
    told = rows.head(TOP)
    reasons = words.reasons(told, w.settings.language)
    return w.table(
        ("who", "why", "risk", "value", "at_stake", "loss_expected"),
        (
            (
                w.id(row["customer_id"], place),
                reason,
                w.value(row["risk"], "share"),
                _value(w, row),
                w.money(row["value_at_stake"]),
                w.money(row["expected_loss"]),
            )
            for place, (row, reason) in enumerate(zip(_rows(told), reasons, strict=True), 1)
        ),
        words=2,
    )


def _rows(rows: pd.DataFrame) -> Iterator[Mapping[Any, Any]]:
    yield from rows.to_dict("records")


def _value(w: Writer, row: Mapping[Any, Any]) -> Markup:
    return w.cell(Figure(1, row["value"], row["value_low"], row["value_high"]), "currency", n=False)


def campaign(w: Writer, rows: pd.DataFrame) -> Table:
    """The first of a list that are to be contacted."""
    numbered = rows.assign(place=range(1, len(rows) + 1))
    told = numbered[numbered["arm"] != CONTROL].head(TOP)
    language = w.settings.language
    actions, reasons = words.actions(told, language), words.reasons(told, language)
    return w.table(
        (*("who", "why", "risk", "value", "at_stake", "cost", "brings", "next_purchase"),),
        (
            (
                w.beside(w.id(row["customer_id"], row["place"]), action),
                reason,
                w.beside(
                    w.value(row["risk"], "share"),
                    w.say("leaves", share=w.value(row["leaves"], "share")),
                ),
                _value(w, row),
                *(w.money(row[name]) for name in ("value_at_stake", "cost")),
                w.beside(
                    w.money(row["expected_profit"]),
                    w.say("at_least", low=w.money(row["expected_profit_low"])),
                ),
                _next_purchase(w, row),
            )
            for row, action, reason in zip(_rows(told), actions, reasons, strict=True)
        ),
        words=2,
    )


def _next_purchase(w: Writer, row: Mapping[Any, Any]) -> str:
    ends = [row[f"next_purchase_{end}"] for end in ("at", "from", "by")]
    if pd.isna(ends[0]):
        return w.say("never")
    at, first, last = (UNKNOWN if pd.isna(end) else f"{w.day(end):%Y-%m-%d}" for end in ends)
    return w.beside(at, f"{first} … {last}")


def drivers(w: Writer, found: Risk) -> Table:
    """All customers by what raises their risk most."""
    total = found.everybody.loss.value
    return w.table(
        ("driver", "customers", "risk", "value_each", "loss_expected", "share_of_loss"),
        (
            (
                driver(w, group.name),
                w.count(group.customers),
                likely(w, group),
                w.cell(group.value, "currency", n=False),
                w.cell(group.loss, "currency", n=False),
                charts.track(group.loss.value / total) + w.value(group.loss.value / total, "share"),
            )
            for group in found.drivers
        ),
    )


def driver(w: Writer, name: str, *, spares: bool = False) -> str:
    """What raises a risk, in words; or what lowers it, as it spares the customer the same."""
    return w.say(f"{'spares' if spares else 'driver'}_{name}")


def likely(w: Writer, group: Group) -> str:
    """Mean risk of some customers, with its interval."""
    ends = (end / group.customers for end in group.leaving[1:])
    return w.cell(Figure(group.customers, *ends), "share", n=False)
