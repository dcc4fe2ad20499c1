"""What every page rests on: who asks, in which language, and what is known of the customers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from serving import words
from serving.console import phrases, secret
from serving.console.background import Background, Made
from serving.console.gathered import Checkup, Gathered, spoken
from serving.console.masks import Masks
from serving.console.pen import COOKIE, Pen, language
from serving.console.session import Sessions, is_secure
from serving.console.standing import Standing
from serving.edition import Edition
from serving.http.guard import NOBODY, Guard
from serving.http.keys import Scope
from serving.report import tables
from serving.settings import Settings
from serving.templating import environment
from serving.words import Language

SOON, LATER = 5.0, 0.05
"""Seconds that a page waits for what is read in the background, where that is quick or slow."""

YEAR = 31_536_000
PAGES = ("list", "campaigns", "indicators", "journey", "voice", "model", "data")
"""In the order of the navigation."""


class NotYetError(Exception):
    """What a page tells is still being gathered."""


@dataclass(frozen=True)
class Visit:
    """One request for a page.

    Attributes:
        request: It.
        who: The name of the key; `NOBODY` where none is needed.
        edition: What answers, in the visitor's language.
        pen: Writes in that language.
    """

    request: Request
    who: str
    edition: Edition
    pen: Pen

    @property
    def language(self) -> Language:
        """The visitor's."""
        return self.pen.settings.language

    def in_language(self, language: str) -> str:
        """The address of this page in another language; of what was posted, of the first page."""
        url = self.request.url.include_query_params(lang=language)
        return (
            f"{url.path}?{url.query}" if self.request.method == "GET" else f"/console?{url.query}"
        )

    def say(self, name: str, /, **figures: object) -> str:
        """A phrase of the console."""
        return phrases.say(name, self.language, **figures)


class Desk:
    """Hands out what pages are made of.

    Args:
        settings: Definitions, and whether ids are masked.
        edition: Tells the edition that answers now.
        guard: Knows the keys.
    """

    def __init__(self, settings: Settings, edition: Callable[[], Edition], guard: Guard) -> None:
        self.settings = settings
        self._edition = edition
        own = secret.of(settings.data)
        self.masks = Masks(own, settings.service.mask_ids)
        self.sessions = Sessions(own, guard)
        self._standing = Background(self._stand)
        self._gathered = Background(Gathered.of)
        self._checkup = Background(Checkup.of)

    def _stand(self, edition: Edition) -> Standing:
        return Standing.of(edition, self.masks)

    def visit(self, request: Request, needed: Scope = "score") -> Visit:
        """Let somebody in.

        Raises:
            Problem: where they may not.
        """
        return self._visited(request, self.sessions.admit(request, needed))

    def stranger(self, request: Request) -> Visit:
        """Somebody who may see nothing of the customers."""
        return self._visited(request, NOBODY)

    def _visited(self, request: Request, who: str) -> Visit:
        settings = spoken(self.settings, language(request, self.settings.language))
        edition = replace(self._edition(), settings=settings)
        return Visit(request, who, edition, Pen(settings, self.masks.is_on, masks=self.masks))

    def standing(self) -> Standing:
        """How the customers stand.

        Raises:
            NotYetError: where they are still being read.
        """
        return self._made(self._standing, SOON)

    def gathered(self) -> Gathered:
        """What the report tells; raises as `standing`."""
        return self._made(self._gathered, LATER)

    def checkup(self) -> Checkup:
        """How the model did; raises as `standing`."""
        return self._made(self._checkup, SOON)

    def _made(self, background: Background[Edition, Made], patience: float) -> Made:
        made = background.of(self._edition(), patience=patience)
        if made is None:
            raise NotYetError
        return made

    def page(self, visit: Visit, name: str, /, status: int = 200, **told: object) -> Response:
        """A page by its template."""
        pen = visit.pen
        html = self._templates.get_template(f"{name}.html").render(
            {
                **self._shared,
                "w": pen,
                "say": pen.say,
                "p": visit.say,
                "v": visit,
                "language": visit.language,
                "churn": words.HEADINGS[visit.language][pen.settings.features.churn],
                "is_masked": self.masks.is_on,
                "horizon": pen.settings.features.horizon_days,
                "here": name,
                **told,
            }
        )
        response = HTMLResponse(html, status)
        if visit.request.query_params.get("lang") == visit.language:
            response.set_cookie(
                COOKIE,
                visit.language,
                max_age=YEAR,
                path="/console",
                secure=is_secure(visit.request),
                httponly=True,
                samesite="strict",
            )
        return response

    @cached_property
    def _shared(self) -> Mapping[str, object]:
        return {
            "t": tables,
            "words": words,
            "pages": PAGES,
            "nobody": NOBODY,
            "versions": {name: sha256(body).hexdigest()[:8] for name, body in self.files.items()},
        }

    @cached_property
    def _templates(self) -> Environment:
        return environment(__package__)

    @cached_property
    def files(self) -> Mapping[str, bytes]:
        """The style and the script."""
        script = Path(__file__).parent / "static" / "console.js"
        style = self._templates.get_template("console.css").render()
        return {"console.css": style.encode(), "console.js": script.read_bytes()}
