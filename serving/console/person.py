"""One customer: what happened, how likely they leave and why, and what is done about it."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from features.indicators.figures import Figure
from features.offers import CONTROL
from features.store import Store
from serving import dossier, words
from serving.console import sketches, story
from serving.console.absence import absences
from serving.console.desk import Desk, Visit
from serving.console.listing import absent
from serving.console.standing import Standing
from serving.console.story import Event, Told
from serving.http import answers
from training.scoring import FAINT

MOST = 100
"""Records shown of one customer."""


class Person:
    """The page of one customer.

    Args:
        desk: What it is made of.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def page(self, request: Request) -> Response:
        """Everything there is to know of one."""
        visit, standing = self._desk.visit(request), self._desk.standing()
        row = standing.tokens.get(request.path_params["token"])
        if row is None:
            raise HTTPException(404)
        customer_id = str(standing.scores.rows["customer_id"].iat[row])
        edition = visit.edition
        if customer_id not in edition.places:  # scored, and forgotten since
            raise HTTPException(404)
        score = json.loads(edition.lines[edition.places[customer_id]])
        told = dossier.records(Store(edition.settings.data), customer_id)
        at = story.cutoffs(edition)
        seen = dossier.rows(customer_id, at, edition.champion, edition.settings, told)
        explanation = answers.explanation(edition, customer_id, seen.at(edition.cutoff))
        events, risks = story.events(told), story.risks(edition, customer_id, seen)
        return self._desk.page(
            visit,
            "customer",
            id=self._desk.masks.shown(customer_id),
            score=score,
            value=_figure(score, "value"),
            spend=_figure(score, "expected_spend"),
            window=[_day(visit, score[f"next_purchase_{end}"]) for end in ("from", "at", "by")],
            explanation=explanation,
            reasons=_clear(explanation["reasons"]),
            stage=standing.stages.get(customer_id),
            segment=standing.segment(customer_id),
            plan=_plan(visit, standing, customer_id),
            absences=[absent(visit, each) for each in absences(standing, standing.settings, row)],
            life=_life(visit, risks, events),
            has_rings=any(each.then for each in risks),
            events=[_event(visit, each) for each in events[:MOST]],
            count=len(events),
            offers=[_event(visit, each) for each in events if each.table == "offers"],
            here="list",
        )


def _figure(score: Mapping[str, Any], name: str) -> Figure:
    value, low, high = (score[f"{name}{end}"] for end in ("", "_low", "_high"))
    missing = float("nan")
    return Figure(1, value, missing if low is None else low, missing if high is None else high)


def _day(visit: Visit, instant: str | None) -> str | None:
    return f"{visit.pen.day(datetime.fromisoformat(instant)):%Y-%m-%d}" if instant else None


def _clear(reasons: Sequence[Mapping[str, Any]]) -> tuple[list[Any], list[Any]]:
    """What raises or lowers the risk enough to be told at once, and the rest."""
    clear = [each for each in reasons if abs(each["points"]) > FAINT]
    return clear, [each for each in reasons if abs(each["points"]) <= FAINT]


def _plan(visit: Visit, standing: Standing, customer_id: str) -> str | None:
    """What the present list does about a customer; None where it does nothing."""
    decided = standing.decided(standing.settings)
    place = decided.places.get(customer_id)
    if place is None:
        return None
    found, pen = decided.rows.iloc[[place]], visit.pen
    row = found.iloc[0]
    if row["arm"] == CONTROL:
        return visit.say("held_now")
    return visit.say(
        "contact_now",
        action=words.actions(found, visit.language)[0].capitalize(),
        cost=pen.money(row["cost"]),
        profit=pen.money(row["expected_profit"]),
        low=pen.money(row["expected_profit_low"]),
    )


def _life(visit: Visit, risks: Sequence[Told], events: Sequence[Event]) -> Markup | None:
    if not risks:
        return None
    tables = {event.table for event in events if event.at >= risks[0].at}
    rows = {name: visit.say(f"table_{name}") for name in story.TABLES if name in tables}
    days = [f"{visit.pen.day(each.at):%Y-%m-%d}" for each in risks]
    values = "; ".join(
        f"{day}: {visit.pen.value(each.risk, 'share')}"
        for day, each in zip(days, risks, strict=True)
    )
    told = visit.say("over_time_told", values=values)
    return sketches.life(risks, events, rows, days=days, told=told)


def _event(visit: Visit, event: Event) -> Mapping[str, Any]:
    """A record, as it is written."""
    pen, figures = visit.pen, dict(event.figures)
    if "amount" in figures:
        figures["amount"] = pen.money(figures["amount"])
    if "days" in figures:
        figures["days"] = pen.count(figures["days"])
    if "score" in figures:
        figures["score"] = words.fill("{score:g}", visit.language, score=figures["score"] or 0)
    aside = [] if event.table == "surveys" else [figures.get("kind")]
    return {
        "at": f"{pen.day(pd.Timestamp(event.at).tz_convert(UTC).to_pydatetime()):%Y-%m-%d}",
        "table": visit.say(f"table_{event.table}"),
        "what": visit.say(f"did_{event.what}", **figures),
        "more": " · ".join(filter(None, [*aside, figures.get("channel")])),
        "words": event.words,
    }
