"""Campaigns: promised and realised."""

from collections.abc import Iterable

from features.indicators.figures import Figure
from serving import words
from serving.past import Past
from serving.report.writer import Table, Writer
from serving.written import UNKNOWN


def campaigns(w: Writer, found: Iterable[Past]) -> Table:
    """What each campaign promised, and what came of it."""
    return w.table(
        ("campaign_id", "sent_on", "contacted", "control", "promised", "realised", "verdict"),
        (_past(w, each) for each in found),
    )


def _past(w: Writer, past: Past) -> tuple[str, ...]:
    summary, outcome, sent = past.campaign.summary, past.outcome, past.campaign.sent_at
    when = f"{w.day(sent):%Y-%m-%d}" if sent else w.say("draft")
    if outcome is None:
        counts = (summary["contacts"], summary["control"])
        promised = w.beside(
            w.money(summary["expected_profit"]),
            w.say("at_least", low=w.money(summary["expected_profit_low"])),
        )
        rest = (promised, UNKNOWN, waiting(w, past))
    else:
        counts = (outcome.contacted, outcome.control)
        low = w.say("at_least", low=w.money(outcome.promised_low))
        realised = Figure(outcome.contacted, *vars(outcome.realised).values())
        rest = (
            w.beside(w.money(outcome.promised), low),
            w.cell(realised, "currency", n=False),
            words.say(outcome.verdict, w.settings.language),
        )
    return (past.campaign.id, when, *map(w.count, counts), *rest)


def waiting(w: Writer, past: Past) -> str:
    """Why nothing is known of a campaign yet."""
    if past.state == "closes" and past.closes:
        return w.say("known_on", day=w.day(past.closes))
    return w.say("draft" if past.state == "draft" else "nobody")
