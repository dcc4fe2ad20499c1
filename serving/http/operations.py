"""The operations: what can be asked at which path, and who may."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from serving.edition import Edition
from serving.http import answers, deciding, listing, receiving
from serving.http.asked import (
    CustomerRequest,
    DecideRequest,
    ExplainRequest,
    ForgetRequest,
    ListRequest,
    ScoreRequest,
)
from serving.http.body import Headers
from serving.http.keys import Scope
from serving.http.problem import Problem, refused
from serving.http.receiving import OutcomesRequest, RecordsRequest, Sent
from serving.http.told import (
    CustomerAnswer,
    DecideAnswer,
    ExplainAnswer,
    ForgetAnswer,
    ListAnswer,
    ModelAnswer,
    ReceiptAnswer,
    ScoreAnswer,
)

AT_ONCE = 20
"""Histories, or tens of rows, up to which a request is answered without a thread of its own."""


LONGEST_KEY = 255
"""Characters of an Idempotency-Key."""


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked.

    Attributes:
        name: Its path without the slash, and its name in logs and metrics.
        scope: What a key must open.
        asked: What is posted; None where nothing is, and the method is GET.
        told: What is answered.
        answer: From an edition and what was posted to the body of the answer.
        is_heavy: Whether it takes long enough to be kept off the event loop.
    """

    name: str
    scope: Scope
    asked: type[BaseModel] | None
    told: type[BaseModel]
    answer: Callable[..., bytes]
    is_heavy: Callable[[Any], bool] = lambda _: False

    @property
    def path(self) -> str:
        """Where it is asked."""
        return f"/{self.name}"

    @property
    def method(self) -> str:
        """How it is asked."""
        return "GET" if self.asked is None else "POST"

    def read(self, body: bytes, headers: Headers) -> BaseModel | None:
        """What was posted, with the sender's name for it where it is to be kept.

        Raises:
            Problem: where it is not what can be asked.
        """
        if self.asked is None:
            return None
        try:
            asked = _ADAPTERS[self.asked].validate_json(body)
        except ValidationError as error:
            raise refused(error) from None
        return asked.named(_key(headers)) if isinstance(asked, Sent) else asked

    def __call__(self, edition: Edition, asked: BaseModel | None) -> bytes:
        """The answer, all of it from this edition."""
        return self.answer(edition) if asked is None else self.answer(edition, asked)


def _key(headers: Headers) -> str | None:
    sent = headers.get(b"idempotency-key")
    if sent is not None and not 0 < len(sent) <= LONGEST_KEY:
        raise Problem(422, f"An Idempotency-Key has 1 to {LONGEST_KEY} characters.")
    return None if sent is None else sent.decode("latin-1")


def size(asked: BaseModel | None) -> dict[str, int]:
    """How many of each kind a request is about: ids, histories, rows."""
    if isinstance(asked, ScoreRequest):
        rows = len(asked.rows.data) if asked.rows else 0
        return {"ids": len(asked.customer_ids), "histories": len(asked.histories), "rows": rows}
    if isinstance(asked, Sent):
        return {"records": len(asked)}
    if isinstance(asked, ExplainRequest | DecideRequest):
        return {"ids": len(asked.customer_ids), "histories": len(asked.histories)}
    return {"ids": 1} if isinstance(asked, CustomerRequest | ForgetRequest) else {}


def _is_large(asked: ScoreRequest) -> bool:
    rows = len(asked.rows.data) if asked.rows else 0
    return len(asked.histories) + rows // 10 > AT_ONCE


def _always(_: Any) -> bool:
    return True


OPERATIONS: Mapping[str, Operation] = {
    operation.path: operation
    for operation in (
        Operation("score", "score", ScoreRequest, ScoreAnswer, answers.score, _is_large),
        Operation("explain", "score", ExplainRequest, ExplainAnswer, answers.explain, _always),
        Operation("at_risk", "score", ListRequest, ListAnswer, listing.at_risk, listing.is_heavy),
        Operation("customer", "score", CustomerRequest, CustomerAnswer, answers.customer, _always),
        Operation("decide", "score", DecideRequest, DecideAnswer, deciding.decide, _always),
        Operation("model", "score", None, ModelAnswer, answers.model),
        Operation("records", "write", RecordsRequest, ReceiptAnswer, receiving.records, _always),
        Operation("outcomes", "write", OutcomesRequest, ReceiptAnswer, receiving.outcomes, _always),
        Operation("forget", "admin", ForgetRequest, ForgetAnswer, receiving.forget, _always),
    )
}

_ADAPTERS: dict[type[BaseModel], TypeAdapter[BaseModel]] = {
    operation.asked: TypeAdapter(operation.asked)
    for operation in OPERATIONS.values()
    if operation.asked
}
