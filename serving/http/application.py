"""The application: from an HTTP request to an answer, or to what is wrong with it."""

import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import NamedTuple

from serving.console.application import Console
from serving.edition import Edition
from serving.http import body, journal, openapi, page
from serving.http.body import ClientGoneError, Message, Receive
from serving.http.guard import Guard
from serving.http.keys import KeyFile
from serving.http.lane import Lane
from serving.http.meters import KIND, Meters
from serving.http.operations import OPERATIONS, Operation, size
from serving.http.problem import Problem
from serving.http.traces import Traces
from serving.settings import Settings

Send = Callable[[Message], Awaitable[None]]

log = logging.getLogger("querencia.http")

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", page.POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Answer(NamedTuple):
    """What is sent back."""

    body: bytes
    kind: bytes = b"application/json"
    status: int = 200
    headers: Iterable[tuple[str, str]] = ()


class Asking(NamedTuple):
    """A request on its way."""

    scope: Message
    headers: dict[bytes, bytes]
    receive: Receive
    facts: dict[str, object]


class Application:
    """An ASGI application.

    Args:
        settings: Limits, and where the keys are.
        edition: Tells the edition that answers now.
        meters: Count what happens.
        traces: Tell of it elsewhere, where somebody collects that.
    """

    def __init__(
        self,
        settings: Settings,
        edition: Callable[[], Edition],
        meters: Meters,
        traces: Traces | None = None,
    ) -> None:
        service = settings.service
        self._service = service
        self._edition = edition
        self._meters = meters
        self._traces = traces
        self.lane = Lane(most=service.most_waiting, most_per_key=service.most_waiting_per_key)
        self._keys = KeyFile(settings.keys)
        self.guard = Guard(self._keys.read(), always=service.always_ask)
        self._console = Console(settings, edition, self.guard, self._note)
        described = openapi.document()
        self._pages = {
            "/": Answer(page.render(described), b"text/html; charset=utf-8"),
            "/openapi.json": Answer(json.dumps(described).encode()),
        }

    def reread_keys(self) -> None:
        """Take the keys as they are now."""
        self.guard.keys = self._keys.read()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request; anything but HTTP is not spoken."""
        if scope["type"] != "http":
            return
        if scope["path"] == "/console" or scope["path"].startswith("/console/"):
            await self._console(scope, receive, send)
            return
        began = time.perf_counter()
        headers = dict(scope["headers"])
        request_id = journal.request_id(headers.get(b"x-request-id"))
        name = _name(scope["path"])
        asking = Asking(scope, headers, receive, {"id": request_id, "operation": name})
        try:
            answer = await self._answer(asking)
        except ClientGoneError:
            return
        except Problem as problem:
            answer = _told(problem, request_id)
        except Exception:
            log.exception("an error of ours", extra={"fields": asking.facts})
            answer = _told(Problem(500, "This is a fault of ours; the log tells it."), request_id)
        await _send(send, answer, request_id, is_head=scope["method"] == "HEAD")
        asking.facts["status"] = answer.status
        self._note(asking.facts, headers, time.perf_counter() - began)

    async def _answer(self, asking: Asking) -> Answer:
        path, method = asking.scope["path"], asking.scope["method"]
        if path in OPERATIONS:
            operation = OPERATIONS[path]
            _require(method, operation.method)
            return Answer(await self._operate(operation, asking))
        if path == "/metrics":
            _require(method, "GET")
            self.guard.admit(asking.scope, asking.headers, "score")
            return Answer(self._meters.page(self._edition(), busy=self.lane.busy), KIND.encode())
        if path in self._pages:
            _require(method, "GET")
            return self._pages[path]
        raise Problem(404, f"There is nothing at this path. Ask: {', '.join(OPERATIONS)}, /")

    async def _operate(self, operation: Operation, asking: Asking) -> bytes:
        who = self.guard.admit(asking.scope, asking.headers, operation.scope)
        asking.facts["key"] = who
        with self.lane.place(who):
            posted = b""
            if operation.asked:
                posted = await body.read(
                    asking.headers,
                    asking.receive,
                    most_bytes=self._service.most_bytes,
                    seconds=self._service.body_seconds,
                )
            asked = operation.read(posted, asking.headers)
            edition = self._edition()
            counts = size(asked)
            asking.facts.update(version=edition.number, **counts)
            self._meters.asked(counts)
            work = partial(operation, edition, asked)
            if operation.is_heavy(asked):
                return await self.lane.run(work, seconds=self._service.answer_seconds)
            return work()

    def _note(self, facts: dict[str, object], headers: dict[bytes, bytes], seconds: float) -> None:
        self._meters.answered(str(facts["operation"]), facts["status"], seconds)
        if self._service.log_requests:
            journal.note({**facts, "ms": round(1000 * seconds, 3)})
        if self._traces:
            self._traces.tell(facts, headers, seconds)


def _name(path: str) -> str:
    """What a path is called in logs and metrics: made-up ones are all one."""
    return path.strip("/") or "docs" if path in _KNOWN else "unknown"


_KNOWN = frozenset({*OPERATIONS, "/metrics", "/", "/openapi.json"})


def _require(method: str, wanted: str) -> None:
    allowed = ("GET", "HEAD") if wanted == "GET" else (wanted,)
    if method not in allowed:
        raise Problem(405, f"Ask with {wanted}.", headers={"allow": ", ".join(allowed)})


def _told(problem: Problem, request_id: str) -> Answer:
    return Answer(
        problem.body(request_id),
        openapi.PROBLEM.encode(),
        problem.status,
        problem.headers.items(),
    )


async def _send(send: Send, answer: Answer, request_id: str, *, is_head: bool) -> None:
    headers = [
        (b"content-type", answer.kind),
        (b"content-length", b"%d" % len(answer.body)),
        (b"x-request-id", request_id.encode()),
        *_HEADERS,
        *((name.encode(), value.encode()) for name, value in answer.headers),
    ]
    start = {"type": "http.response.start", "status": answer.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": b"" if is_head else answer.body})
