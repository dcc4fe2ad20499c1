"""The model: how it did, what changed since, its versions, and the way back."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from serving.console.desk import Desk, NotYetError, Visit
from serving.console.gathered import Gathered
from serving.console.listing import Form
from serving.http.problem import Problem
from serving.report import staying
from serving.watched import drifted
from training.history import History
from training.rollback import roll_back

DRIFTS = ("drifted", "drift", "novelty", "novelty_unknown", "last_rehearsal")
"""Findings on what changed since a training."""


class Model:
    """Pages of the model.

    Args:
        desk: What they are made of.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def page(self, request: Request) -> Response:
        """Whether it can be trusted."""
        visit, found = self._desk.visit(request), self._desk.checkup()
        edition, gathered = visit.edition, self._gathered()
        of_training = found.trust.findings if found.trust else ()
        of_scores = drifted(edition.settings)
        drifts = [each for each in (of_scores, *of_training) if each and each.name in DRIFTS]
        return self._desk.page(
            visit,
            "model",
            r=found,
            charts=found.pictures.get(visit.language, {}),
            age=(edition.cutoff - edition.trained_as_of) / timedelta(days=1),
            drifts=[*drifts, *(gathered.novelty if gathered else ())],
            waits=gathered is None,
            staying=staying.read(edition.settings.data, edition.settings.features),
            entries=History(self._desk.settings.registry.folder).entries()[::-1],
            earlier=self._earlier(edition.number),
            back_to=request.query_params.get("back") == str(edition.number) or None,
        )

    def _gathered(self) -> Gathered | None:
        """What is gathered already; without scores the way back must be open all the same."""
        try:
            return self._desk.gathered()
        except NotYetError:
            return None

    def _earlier(self, number: int) -> list[int]:
        """The other versions that have served, the latest first."""
        entries = History(self._desk.settings.registry.folder).entries()
        served = {each.version for each in entries if each.what in ("promoted", "rolled_back")}
        return sorted(served - {number}, reverse=True)

    def ask(self, request: Request) -> Response:
        """Whether to go back."""
        visit = self._desk.visit(request, "admin")
        return self._ask(visit, request.query_params.get("to", ""))

    def _ask(self, visit: Visit, to: str, status: int = 200) -> Response:
        version = self._version(visit, to)
        return self._desk.page(visit, "rollback", status, version=version, here="model")

    def _version(self, visit: Visit, to: str) -> int:
        earlier = {str(number): number for number in self._earlier(visit.edition.number)}
        if to not in earlier:
            raise Problem(422, visit.say("roll_back_none"))
        return earlier[to]

    def go_back(self, request: Request, sent: Form) -> Response:
        """Go back, if that was confirmed."""
        visit, to = self._desk.visit(request, "admin"), sent.get("to", "")
        if sent.get("confirm") != "yes":
            return self._ask(visit, to, 422)
        roll_back(self._desk.settings.registry, to=self._version(visit, to))
        return RedirectResponse("/console/model?back=" + to, 303)
