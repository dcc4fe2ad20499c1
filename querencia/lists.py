"""How campaigns are shown on a terminal: a new list, and what came of earlier ones."""

from collections.abc import Hashable, Mapping
from datetime import datetime
from typing import Any

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from features.offers import CONTROL
from querencia.shows import grid, line
from serving import words
from serving.campaigns import Campaign
from serving.outcomes import Estimate
from serving.past import Past
from serving.settings import Settings
from serving.words import HEADINGS, Language, say

WIDE = 150
"""Columns of a terminal from which there is room for every figure."""

_MONEY = ("value", "value_at_stake", "cost", "expected_profit", "expected_profit_low")
_FEWEST = 2
"""Controls without which there is no interval."""


def draft(console: Console, campaign: Campaign, settings: Settings, *, most: int = 10) -> None:
    """The list of a new campaign: the first to contact, the money, and where all of it is."""
    language, summary, rows = settings.language, campaign.summary, campaign.rows()
    if rows.empty:
        line(console, say("nobody", language))
        return
    made = rows[rows["arm"] != CONTROL].head(most)
    console.print(_listed(made, campaign, language, wide=console.width >= WIDE))
    for name in ("people", "chosen", "money"):
        line(console, say(name, language, **summary))
    if summary["control"] < _FEWEST:
        line(console, say("small_control", language))
    path = campaign.folder / "list.csv"
    line(console, say("file", language, shown=len(made), listed=len(rows), path=path))
    line(console, say("go", language, campaign=campaign.id))


def _listed(rows: pd.DataFrame, campaign: Campaign, language: Language, *, wide: bool) -> Table:
    headings = HEADINGS[language]
    table = grid(
        headings["customer_id"], title=_title(campaign, language), caption=headings["caption"]
    )
    more = ("value", "value_at_stake") if wide else ("value_at_stake",)
    last = ("next_purchase_at",) if wide else ()
    names = (
        "risk",
        "leaves",
        *more,
        "offer",
        "cost",
        "expected_profit",
        "expected_profit_low",
        *last,
    )
    for name in names:
        table.add_column(headings[name], justify="right", no_wrap=name != "expected_profit")
    table.add_column(headings["reason"], ratio=1)
    for row in rows.to_dict("records"):
        cells = _cells(row, language)
        table.add_row(
            escape(str(row["customer_id"])), *(cells[name] for name in names), row["reason"]
        )
    return table


def _title(campaign: Campaign, language: Language) -> str:
    told = dict(campaign.summary)
    told |= {
        "cutoff": datetime.fromisoformat(told["cutoff"]),
        "churn": HEADINGS[language][told["churn"]],
    }
    return say("title", language, campaign=campaign.id, **told)


def _cells(row: Mapping[Hashable, Any], language: Language) -> dict[str, str]:
    due = row["next_purchase_at"]
    return {
        **{name: f"{row[name]:.0%}" for name in ("risk", "leaves")},
        "offer": escape(str(row["offer"])),
        "next_purchase_at": HEADINGS[language]["never"] if pd.isna(due) else f"{due:%Y-%m-%d}",
        **{name: words.amount(row[name], language) for name in _MONEY},
    }


def sent(console: Console, past: Past, settings: Settings) -> None:
    """That a list went out, and when its outcome will be known."""
    told = {"campaign": past.campaign.id, "sent": past.campaign.sent_at, "closes": past.closes}
    line(console, say("went", settings.language, **told))


def campaigns(console: Console, past: list[Past], settings: Settings) -> None:
    """Every campaign: what it promised, and what came of it."""
    language = settings.language
    if not past:
        line(console, say("no_campaigns", language))
        return
    headings = HEADINGS[language]
    title = say("campaigns", language, currency=settings.features.currency)
    table = grid(headings["campaign"], title=title, caption=headings["judged"])
    table.add_column(headings["sent"], no_wrap=True)
    for name in ("contacted", "held", "promised", "realised"):
        table.add_column(headings[name], justify="right", no_wrap=True)
    table.add_column(headings["verdict"])
    for each in past:
        table.add_row(each.campaign.id, *_past(each, language))
    console.print(table)


def _past(past: Past, language: Language) -> tuple[str, ...]:
    summary, outcome, sent = past.campaign.summary, past.outcome, past.campaign.sent_at
    if outcome is None:
        known = say(past.state, language, closes=past.closes)
        when = f"{sent:%Y-%m-%d}" if sent else ""
        told = summary["contacts"], summary["control"], summary["expected_profit"], "", known
    else:
        when = f"{sent:%Y-%m-%d}"
        verdict = HEADINGS[language][outcome.verdict]
        realised = _estimate(outcome.realised, language)
        told = outcome.contacted, outcome.control, outcome.promised, realised, verdict
    contacted, control, promised, *rest = told
    counts = (words.fill("{n:,}", language, n=number) for number in (contacted, control))
    return when, *counts, words.amount(promised, language), *rest


def _estimate(told: Estimate, language: Language) -> str:
    if pd.isna(told.value):
        return ""
    return say("interval", language, **vars(told))
