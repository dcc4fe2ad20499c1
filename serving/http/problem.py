"""Problem details: what a client is told when there is no answer (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import to_json

MOST_FAULTS = 10
"""So many faults of a request are told; more are counted."""


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    at: str = Field(description="where in the body, such as histories.0.transactions.3.amount")
    what: str = Field(description="what is wrong there")


class ProblemDetails(BaseModel):
    """Why there is no answer (RFC 9457)."""

    type: str = Field("about:blank", description="always about:blank: the status says what it is")
    title: str = Field(description="the status in words")
    status: int = Field(description="the HTTP status", ge=400, le=599)
    detail: str = Field(description="what is wrong and what to do about it")
    faults: list[Fault] = Field([], description="every fault of the body, ten at most")
    request_id: str = Field("", description="under which the log knows the request")


class Problem(Exception):  # noqa: N818 - the word of the RFC
    """There is no answer, and why.

    Attributes:
        status: The HTTP status.
        detail: What is wrong and what to do about it; it never quotes what was sent.
        faults: What is wrong where in the body.
        headers: To be sent along, such as Retry-After.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        faults: tuple[Fault, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.faults = faults
        self.headers = headers or {}

    def body(self, request_id: str) -> bytes:
        """As JSON."""
        told: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "faults": [fault.model_dump() for fault in self.faults],
            "request_id": request_id,
        }
        return to_json(told)


def refused(error: ValidationError) -> Problem:
    """The problem of a body that is not what was asked for."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    if found[0]["type"] == "json_invalid":
        return Problem(400, f"The body is no JSON: {_plain(found[0]['msg'])}")
    faults = tuple(
        Fault(at=".".join(map(_place, fault["loc"])), what=fault["msg"])
        for fault in found[:MOST_FAULTS]
    )
    more = f", and {len(found) - MOST_FAULTS} more" if len(found) > MOST_FAULTS else ""
    first = ": ".join(filter(None, (faults[0].at, faults[0].what)))
    return Problem(422, f"The body cannot be used: {first}{more}.", faults=faults)


def _place(part: int | str) -> str:
    return str(part)[:64]


def _plain(message: str) -> str:
    return message.removeprefix("Invalid JSON: ")
