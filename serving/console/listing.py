"""The list: whom to contact within some limits, as a page, as a file, and as a campaign."""

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from features.indicators.figures import Figure
from features.offers import CONTROL
from serving import batch, desks, outreach, words
from serving.batch import ScoreFile
from serving.campaigns import PLAIN, Campaigns, rounded
from serving.catalogue import ASK, catalogue
from serving.chooser import Chosen
from serving.console import sketches
from serving.console.absence import Absence, absences
from serving.console.desk import Desk, Visit
from serving.console.standing import Standing
from serving.console.wish import ORDERS, ROWS, Wish
from serving.decisions import Decisions
from serving.http.problem import Problem
from serving.promise import Promise
from serving.settings import Settings

Form = Mapping[str, str]


@dataclass(frozen=True)
class List:
    """The list that a wish comes to.

    Attributes:
        standing: All customers.
        wish: What was wished.
    """

    standing: Standing
    wish: Wish

    @cached_property
    def settings(self) -> Settings:
        """The limits and the offers."""
        return self.wish.within(self.standing.settings)

    @cached_property
    def decided(self) -> Chosen:
        """What is done about whom."""
        return self.standing.decided(self.settings)

    @property
    def decisions(self) -> Decisions:
        """The same, with what other budgets would bring."""
        return self.decided.decisions

    @cached_property
    def promise(self) -> Promise:
        """What it costs and brings."""
        return Promise.of(self.decisions, self.settings.campaign.budget)

    @cached_property
    def contacts(self) -> pd.DataFrame:
        """Those to contact, in the order wished."""
        rows = self.decisions.rows
        made = rows[rows["arm"] != CONTROL]
        return made.sort_values(self.wish.sort, ascending=False, kind="stable")

    @cached_property
    def rows(self) -> pd.DataFrame:
        """Those whom the page is about."""
        if self.wish.view == "contact":
            return self.contacts
        leaving = self.standing.scores.rows.iloc[self.leaving]
        by = self.wish.sort if self.wish.sort in leaving else "expected_loss"
        return leaving.sort_values(by, ascending=False, kind="stable")

    @cached_property
    def leaving(self) -> list[int]:
        """The best who are about to leave, by their rows."""
        wish = self.wish
        least = wish.least_risk if wish.view == "leaving" else None
        return self.standing.edition.leaving(
            min_risk=least, segment=wish.segment, driver=wish.driver
        )

    @property
    def least_risk(self) -> float:
        """Of those whom the page is about."""
        if self.wish.view == "contact":
            return self.settings.campaign.min_risk
        usual = self.settings.list.min_risk
        return usual if self.wish.least_risk is None else self.wish.least_risk

    @property
    def pages(self) -> int:
        """How many pages they fill."""
        return max(math.ceil(len(self.rows) / ROWS), 1)

    @property
    def shown(self) -> pd.DataFrame:
        """Those on the page wished; beyond the last page the last one."""
        first = ROWS * (min(self.wish.page, self.pages) - 1)
        return self.rows.iloc[first : first + ROWS]

    @cached_property
    def most(self) -> float:
        """The largest budget worth a thought, a round number."""
        curve = self.decisions.curve
        useful = max((point.budget for point in curve), default=0.0)
        return _round_up(max(1.1 * useful, self.settings.campaign.budget, 1.0))


def _round_up(amount: float) -> float:
    step = 10 ** math.floor(math.log10(amount)) / 2
    return float(step * math.ceil(amount / step))


class Listing:
    """Pages of the list.

    Args:
        desk: What they are made of.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def page(self, request: Request) -> Response:
        """Who is about to leave, and whom to contact."""
        visit = self._desk.visit(request)
        found = List(self._desk.standing(), Wish.read(request.query_params))
        return self._show(visit, found)

    def _show(self, visit: Visit, found: List, *, unknown: bool = False) -> Response:
        standing = found.standing
        return self._desk.page(
            visit,
            "list",
            found=found,
            leaving=len(standing.leaving),
            stake=float(standing.scores.rows["value_at_stake"].iloc[standing.leaving].sum()),
            rows=list(_told(visit, found)),
            offers=[*catalogue(standing.settings.offers, standing.settings.training.money)],
            orders=ORDERS,
            curve=_curve(visit, found),
            points=_points(found),
            unknown=unknown,
        )

    def csv(self, request: Request) -> Response:
        """The list as `list.csv` of its campaign would have it, in the order wished."""
        self._desk.visit(request)
        found = List(self._desk.standing(), Wish.read(request.query_params))
        rows = found.decisions.rows
        ordered = pd.concat([found.contacts, rows[rows["arm"] == CONTROL]])
        name = desks.next_campaign(found.settings)
        listed = batch.listed(
            ordered,
            found.standing.scores.provenance,
            campaign=name,
            language=found.settings.language,
        )
        shown = listed.assign(customer_id=listed["customer_id"].map(self._desk.masks.shown))
        file = io.StringIO()
        rounded(shown).to_csv(file, **PLAIN)
        headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
        return Response(file.getvalue(), media_type="text/csv", headers=headers)

    def ask(self, request: Request) -> Response:
        """Whether to make the list a campaign."""
        return self._ask(self._desk.visit(request, "write"), Wish.read(request.query_params))

    def _ask(self, visit: Visit, wish: Wish, status: int = 200) -> Response:
        found = List(self._desk.standing(), wish)
        drafts = [campaign.id for campaign in Campaigns(found.settings.data).drafts()]
        name = desks.next_campaign(found.settings)
        return self._desk.page(
            visit, "new_campaign", status, found=found, name=name, drafts=drafts, here="list"
        )

    def make(self, request: Request, sent: Form) -> Response:
        """Make it one, if that was confirmed."""
        visit, wish = self._desk.visit(request, "write"), Wish.read(sent)
        if sent.get("confirm") != "yes":
            return self._ask(visit, wish, 422)
        found = List(self._desk.standing(), wish)
        if found.contacts.empty:
            raise Problem(409, visit.say("empty"))
        scored_by = ScoreFile(found.settings.data).provenance.model_version
        if scored_by != str(visit.edition.number):
            raise Problem(409, visit.say("changed"))
        campaign = outreach.flag(found.settings)
        return RedirectResponse(f"/console/campaigns?made={campaign.id}", 303)

    def find(self, request: Request, sent: Form) -> Response:
        """The page of the customer with an id."""
        visit, standing = self._desk.visit(request), self._desk.standing()
        token = self._desk.masks.token(sent.get("customer_id", "").strip())
        if token in standing.tokens:
            return RedirectResponse(f"/console/customer/{token}", 303)
        return self._show(visit, List(standing, Wish()), unknown=True)


def _told(visit: Visit, found: List) -> Iterator[Mapping[str, Any]]:
    """The customers on the page, as they are written."""
    rows, pen, segment = found.shown, visit.pen, found.standing.segment
    plans = _plans(visit, found, rows["customer_id"].tolist())
    reasons = words.reasons(rows, visit.language)
    for row, reason in zip(rows.to_dict("records"), reasons, strict=True):
        customer = str(row["customer_id"])
        interval = Figure(1, row["value"], row["value_low"], row["value_high"])
        yield {
            **(plans.get(customer) or _left(visit, found, customer)),
            "who": pen.id(customer, 0),
            "segment": segment(customer),
            "reason": reason,
            "risk": row["risk"],
            "value": pen.cell(interval, "currency", n=False),
            "at_stake": pen.money(row["value_at_stake"]),
        }


def _plans(visit: Visit, found: List, customers: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """What is done about those of them who are on the list."""
    places = found.decided.places
    chosen = found.decided.rows.iloc[[places[each] for each in customers if each in places]]
    money, actions = visit.pen.money, words.actions(chosen, visit.language)
    return {
        row["customer_id"]: {
            "action": action,
            "cost": money(row["cost"]),
            "profit": money(row["expected_profit"]),
            "low": money(row["expected_profit_low"]),
        }
        for row, action in zip(chosen.to_dict("records"), actions, strict=True)
    }


def _left(visit: Visit, found: List, customer_id: str) -> Mapping[str, str]:
    """What keeps a customer off the list."""
    number = found.standing.tokens[visit.pen.masks.token(customer_id)]
    first = absences(found.standing, found.settings, number)[0]
    return {"action": absent(visit, first), "cost": "", "profit": "", "low": ""}


def absent(visit: Visit, absence: Absence) -> str:
    """What keeps a customer off the list, in words."""
    return visit.say(f"not_{absence.cause}", **absence.figures)


def _points(found: List) -> list[tuple[float, float, float]]:
    """About what a budget brings, from nothing on: budget, profit, contacts.

    The curve is that of offers alone, control included; so the control's share is left out, and
    asking costs and counts as it does in the list.
    """
    rows, made = found.decisions.rows, 1 - found.settings.campaign.control
    asked = rows[rows["offer"] == ASK]
    cost, count = float(asked["cost"].sum()), len(asked)
    told = [
        (point.budget + cost, made * (point.profit - cost), made * (point.contacts + count))
        for point in found.decisions.curve
    ]
    return [(0.0, 0.0, 0.0), *told]


def _curve(visit: Visit, found: List) -> Markup | None:
    curve, promise, pen = found.decisions.curve, found.promise, visit.pen
    if len(curve) < 2:
        return None
    points = _points(found)
    (first_budget, first, _), (last_budget, last, _) = points[1], points[-1]
    told = visit.say(
        "curve_told",
        first=pen.money(first),
        first_budget=pen.money(first_budget),
        last=pen.money(last),
        last_budget=pen.money(last_budget),
        spent=pen.money(promise.spent),
        profit=pen.money(promise.expected_profit),
    )
    ends = pen.money(found.most), visit.say("curve_top", profit=pen.money(last))
    return sketches.profit(points, promise.spent, found.most, ends=ends, told=told)
