"""Limits: who sends too slowly, too much or too often is told when to come back."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from serving.http import operations
from serving.http.operations import OPERATIONS

JSON = {"content_type": "application/json", "content_length": "100"}
NEVER = None
"""The part of a body that does not arrive."""


async def at_once(client: Any, count: int) -> list[Any]:
    """What so many are told who begin a body and never end it."""
    asked = (client.ask("POST", "/score", [b"{", NEVER], **JSON) for _ in range(count))
    return await asyncio.gather(*asked)


def test_a_body_that_does_not_arrive_is_waited_for_only_so_long(
    make_client: Callable[..., Any],
) -> None:
    (told,) = asyncio.run(at_once(make_client(body_seconds=0.05), 1))
    assert told.status == 408
    assert b"took longer than 0.05 s" in told.body


def test_more_than_can_wait_are_told_to_come_back(make_client: Callable[..., Any]) -> None:
    client = make_client(body_seconds=0.2, most_waiting=3)
    told = asyncio.run(at_once(client, 5))
    assert sorted(each.status for each in told) == [408, 408, 408, 503, 503]
    assert {each.headers.get("retry-after") for each in told if each.status == 503} == {"1"}


def test_one_key_cannot_take_every_place(make_client: Callable[..., Any]) -> None:
    client = make_client(body_seconds=0.2, most_waiting_per_key=2)
    told = asyncio.run(at_once(client, 3))
    assert sorted(each.status for each in told) == [408, 408, 429]
    assert {each.headers.get("retry-after") for each in told if each.status == 429} == {"1"}


def test_places_are_given_back(make_client: Callable[..., Any]) -> None:
    client = make_client(body_seconds=0.05, most_waiting=1)
    for _ in range(3):
        assert asyncio.run(at_once(client, 1))[0].status == 408
    assert client.application.lane.busy == 0
    assert client.get("/model").status == 200


@pytest.mark.parametrize("headers", [{"content_length": "1000"}, {"transfer_encoding": "chunked"}])
def test_a_body_may_be_too_large(make_client: Callable[..., Any], headers: dict[str, str]) -> None:
    client = make_client(most_bytes=100)
    kind = {"content_type": "application/json"}
    told = asyncio.run(client.ask("POST", "/score", [b" " * 1000], **kind, **headers))
    assert told.status == 413


def test_an_answer_that_takes_too_long_is_not_waited_for(
    make_client: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is the one behind it, which then is not begun at all."""
    client, released, begun = make_client(answer_seconds=0.2), threading.Event(), []

    def slow(*_: Any) -> bytes:
        begun.append(1)
        released.wait(60)
        return b"{}"

    explain = OPERATIONS["/explain"]
    slowed = {**OPERATIONS, "/explain": operations.Operation(**vars(explain) | {"answer": slow})}
    monkeypatch.setattr("serving.http.application.OPERATIONS", slowed)
    body = b'{"customer_ids": ["a"]}'
    size = {"content_type": "application/json", "content_length": str(len(body))}

    async def both() -> list[Any]:
        asked = (client.ask("POST", "/explain", [body], **size) for _ in range(2))
        return await asyncio.gather(*asked)

    told = asyncio.run(both())
    released.set()
    assert [each.status for each in told] == [503, 503]
    assert {each.headers["retry-after"] for each in told} == {"1"}
    assert client.application.lane.busy == 0
    client.application.lane.close()
    assert len(begun) == 1
