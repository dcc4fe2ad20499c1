"""The company as a whole: campaigns, indicators, journey, voice, and what the records hold."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from features.indicators.known import has
from features.store import Store
from serving import outreach
from serving.campaigns import PLAIN, Campaign, Campaigns, survey_sheet
from serving.console.desk import Desk, NotYetError, Visit
from serving.console.gathered import Gathered
from serving.console.listing import Form
from serving.console.missing import Missing, Page, missing
from serving.http.problem import Problem
from serving.past import Past, look_back
from serving.report import highlights


class Company:
    """Pages of the company.

    Args:
        desk: What they are made of.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def indicators(self, request: Request) -> Response:
        """Indicators beside the period before, and stages."""
        return self._section(request, "indicators")

    def journey(self, request: Request) -> Response:
        """Where customers meet us, and topics of tickets."""
        return self._section(request, "journey")

    def voice(self, request: Request) -> Response:
        """What customers say, and who says nothing."""
        return self._section(request, "voice")

    def _section(self, request: Request, name: Page) -> Response:
        visit, found = self._desk.visit(request), self._desk.gathered()
        return self._desk.page(
            visit,
            name,
            r=found.report,
            charts=found.pictures[visit.language],
            quotes={} if self._desk.masks.is_on else highlights.quotes(found.report),
            missing=self._missing(name),
        )

    def _missing(self, page: Page) -> list[Missing]:
        return missing(has(Store(self._desk.settings.data)), page)

    def silent(self, request: Request) -> Response:
        """A survey of those at risk of whom nothing was heard, ready for their answers."""
        self._desk.visit(request)
        self._require_ids()
        found = self._desk.gathered().report.silent
        if found is None:
            raise HTTPException(404)
        asked = found.rows["customer_id"].reset_index(drop=True)
        day = f"{datetime.now(UTC):%Y-%m-%d}"
        ids = pd.Series(asked.index + 1).map(f"silent-{day}-{{:06}}".format)
        sheet = survey_sheet(ids, asked, datetime.now(UTC)).to_csv(**PLAIN)
        headers = {"content-disposition": f'attachment; filename="silent-{day}.csv"'}
        return Response(sheet, media_type="text/csv", headers=headers)

    def _require_ids(self) -> None:
        if self._desk.masks.is_on:
            raise Problem(403, "Ids are hidden on this console.")

    def data(self, request: Request) -> Response:
        """What the records hold, how fresh they are, and what was refused."""
        visit, found = self._desk.visit(request), self._desk.gathered()
        checked = found.checked
        refused = {each.table: each.rows - each.kept for each in checked.intakes} if checked else {}
        today = datetime.now(UTC).date()
        held = [
            {"held": each, "age": _age(each.last, today), "refused": refused.get(each.table)}
            for each in found.report.health.summary.tables
        ]
        faults = [
            (each.table, fault)
            for each in (checked.intakes if checked else ())
            for fault in each.faults
        ]
        return self._desk.page(
            visit,
            "data",
            r=found.report,
            held=held,
            faults=faults,
            checked=checked,
            missing=self._missing("data"),
        )

    def campaigns(self, request: Request) -> Response:
        """What was promised, what came of it, and whether to stop."""
        visit = self._desk.visit(request)
        gathered = self._gathered()
        every = Campaigns(visit.edition.settings.data).all()
        past = [self._past(campaign, gathered) for campaign in every]
        trust = self._desk.checkup().trust
        findings = trust.findings if trust else ()
        return self._desk.page(
            visit,
            "campaigns",
            past=past,
            charts=gathered.pictures[visit.language] if gathered else {"past": None},
            drafts=[each.campaign for each in past if each.state == "draft"],
            savings=[each for each in findings if each.name.startswith("offer_")],
            **_done(every, request.query_params),
        )

    def _gathered(self) -> Gathered | None:
        """What is gathered already; these pages can do without."""
        try:
            return self._desk.gathered()
        except NotYetError:
            return None

    def _past(self, campaign: Campaign, gathered: Gathered | None) -> Past:
        """What came of a campaign; what was looked up for the report is not looked up again."""
        for past in gathered.report.campaigns if gathered else ():
            if past.state == "judged" and past.campaign.id == campaign.id:
                return past
        settings = self._desk.settings
        return look_back(campaign, Store(settings.data), settings.features)

    def list_of(self, request: Request) -> Response:
        """The list of a campaign, as it lies in the data folder."""
        self._desk.visit(request)
        self._require_ids()
        campaign = self._find(request)
        return FileResponse(campaign.folder / "list.csv", filename=f"{campaign.id}.csv")

    def ask_sent(self, request: Request) -> Response:
        """Whether a campaign was sent."""
        return self._ask_sent(self._desk.visit(request, "write"), request)

    def _ask_sent(self, visit: Visit, request: Request, status: int = 200) -> Response:
        campaign = self._find(request)
        return self._desk.page(visit, "sent", status, campaign=campaign, here="campaigns")

    def note_sent(self, request: Request, sent: Form) -> Response:
        """Note that it was, if that was confirmed."""
        visit = self._desk.visit(request, "write")
        if sent.get("confirm") != "yes":
            return self._ask_sent(visit, request, 422)
        campaign = self._find(request)
        outreach.send(self._desk.settings, campaign.id)
        return RedirectResponse(f"/console/campaigns?sent={campaign.id}", 303)

    def _find(self, request: Request) -> Campaign:
        return Campaigns(self._desk.settings.data).find(request.path_params["campaign"])


def _age(last: date | None, today: date) -> int | None:
    return (today - last).days if last else None


def _done(every: Sequence[Campaign], said: Mapping[str, str]) -> Mapping[str, Any]:
    """What was just done, where the address says so and it is true."""
    known = {campaign.id for campaign in every}
    return {name: said.get(name) if said.get(name) in known else None for name in ("made", "sent")}
