"""The console as an ASGI application: paths, what goes wrong, and what is sent with every page."""

import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from features.errors import QuerenciaError
from serving.console.company import Company
from serving.console.desk import Desk, NotYetError
from serving.console.door import Door
from serving.console.listing import Form, Listing
from serving.console.model import Model
from serving.console.person import Person
from serving.edition import Edition
from serving.http import journal
from serving.http.guard import Guard
from serving.http.problem import Problem
from serving.settings import Settings

log = logging.getLogger("querencia.console")

PREFIX = "/console"
POLICY = (
    "default-src 'none'; style-src 'self'; style-src-attr 'unsafe-inline'; script-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
MOST_BYTES = 16_000
"""Of a form."""

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", POLICY.encode()),
    # A browser tells a form's origin only where it may tell its own pages' addresses.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_KEPT, _NOT_KEPT = b"public, max-age=31536000, immutable", b"no-store"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]
Note = Callable[[dict[str, object], dict[bytes, bytes], float], None]


class Console:
    """An ASGI application for the paths under `PREFIX`.

    Args:
        settings: Definitions, and whether ids are masked.
        edition: Tells the edition that answers now.
        guard: Knows the keys.
        note: Told of every request when it is answered, and never whom it was about.
    """

    def __init__(
        self, settings: Settings, edition: Callable[[], Edition], guard: Guard, note: Note
    ) -> None:
        self._desk = Desk(settings, edition, guard)
        self._note = note
        self._app = Starlette(
            routes=self._routes(),
            middleware=[Middleware(GZipMiddleware, minimum_size=500, compresslevel=6)],
            exception_handlers={
                Problem: self._problem,
                QuerenciaError: self._told,
                NotYetError: self._not_yet,
                HTTPException: self._http,
                Exception: self._fault,
            },
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began, headers = time.perf_counter(), dict(scope["headers"])
        request_id = journal.request_id(headers.get(b"x-request-id"))
        facts: dict[str, object] = {"id": request_id, "operation": "console", "status": 500}

        async def sent(message: Scope) -> None:
            if message["type"] == "http.response.start":
                facts["status"] = message["status"]
                cache = _KEPT if scope["path"].startswith(f"{PREFIX}/static/") else _NOT_KEPT
                own = ((b"cache-control", cache), (b"x-request-id", request_id.encode()))
                message["headers"] = [*message["headers"], *_HEADERS, *own]
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception:  # the visitor was told already
            log.exception("an error of ours", extra={"fields": facts})
        self._note(facts, headers, time.perf_counter() - began)

    def _routes(self) -> list[Route]:
        listing, person, company = Listing(self._desk), Person(self._desk), Company(self._desk)
        model, door = Model(self._desk), Door(self._desk)
        campaign = "/campaigns/{campaign}"
        return [
            _get("", listing.page),
            _get("/list.csv", listing.csv),
            _get("/campaigns/new", listing.ask),
            _post("/campaigns", listing.make),
            _post("/find", listing.find),
            _get("/customer/{token}", person.page),
            _get("/campaigns", company.campaigns),
            _get(f"{campaign}/list.csv", company.list_of),
            _get(f"{campaign}/sent", company.ask_sent),
            _post(f"{campaign}/sent", company.note_sent),
            _get("/indicators", company.indicators),
            _get("/journey", company.journey),
            _get("/voice", company.voice),
            _get("/silent.csv", company.silent),
            _get("/data", company.data),
            _get("/model", model.page),
            _get("/model/rollback", model.ask),
            _post("/model/rollback", model.go_back),
            _get("/signin", door.ask),
            _post("/signin", door.sign_in),
            _post("/signout", door.sign_out),
            _get("/static/{name}", self._file),
        ]

    def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        body = self._desk.files.get(name)
        if body is None:
            raise HTTPException(404)
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        return Response(body, media_type=kind)

    def _problem(self, request: Request, problem: Exception) -> Response:
        """A key that is missing is asked for; anything else is told."""
        assert isinstance(problem, Problem)  # noqa: S101 - as it is registered
        if problem.status == 401:
            there = request.url.path + ("?" + request.url.query if request.url.query else "")
            return RedirectResponse(f"{PREFIX}/signin?next={quote(there, safe='')}", 303)
        return self._sorry(request, problem.status, problem.detail)

    def _told(self, request: Request, error: Exception) -> Response:
        return self._sorry(request, 409, str(error))

    def _http(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - as it is registered
        return self._sorry(request, error.status_code)

    def _fault(self, request: Request, error: Exception) -> Response:  # noqa: ARG002
        return self._sorry(request, 500)

    def _sorry(self, request: Request, status: int, detail: str = "") -> Response:
        visit = self._desk.stranger(request)
        known = status if status in (403, 404, 409, 422) else 500
        why = visit.say(f"sorry_{known}")
        return self._desk.page(visit, "sorry", status, why=why, detail=detail)

    def _not_yet(self, request: Request, error: Exception) -> Response:  # noqa: ARG002
        response = self._desk.page(self._desk.stranger(request), "gathering", 202)
        response.headers["refresh"] = "2"
        return response


def _get(path: str, show: Callable[[Request], Response]) -> Route:
    return Route(PREFIX + path, show, methods=["GET"])


def _post(path: str, do: Callable[[Request, Form], Response]) -> Route:
    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(do, request, await _form(request))

    return Route(PREFIX + path, endpoint, methods=["POST"])


async def _form(request: Request) -> Form:
    """The fields of a form, as browsers send them."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise Problem(413, f"A form is no larger than {MOST_BYTES:,} bytes.")
    return dict(parse_qsl(body.decode("utf-8", "replace")))
