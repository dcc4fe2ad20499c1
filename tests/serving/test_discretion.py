"""What the service keeps to itself: who looks at its pages, and whom a request was about."""

import asyncio
import logging
import sys

import pytest
from pydantic import TypeAdapter, ValidationError

from serving.discretion import POLICY, Message, OwnSourcesOnly, Receive, Send, name_nobody


async def nothing() -> Message:
    return {"type": "http.disconnect"}


def sent_by(*messages: Message) -> list[Message]:
    """What reaches the server of an application that sends these."""

    async def app(_: Message, __: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    sent: list[Message] = []

    async def keep(message: Message) -> None:
        sent.append(message)

    asyncio.run(OwnSourcesOnly(app)({"type": "http"}, nothing, keep))
    return sent


def test_every_answer_says_what_a_page_may_load() -> None:
    kind = (b"content-type", b"text/html")
    start, body = sent_by(
        {"type": "http.response.start", "status": 200, "headers": [kind]},
        {"type": "http.response.body", "body": b"page"},
    )
    assert start["headers"] == [kind, (b"content-security-policy", POLICY.encode())]
    assert body == {"type": "http.response.body", "body": b"page"}


def test_an_answer_without_headers_gets_one() -> None:
    (start,) = sent_by({"type": "http.response.start", "status": 204})
    assert start["headers"] == [(b"content-security-policy", POLICY.encode())]


def test_other_messages_pass_unchanged() -> None:
    accept: Message = {"type": "websocket.accept"}
    assert sent_by(accept) == [{"type": "websocket.accept"}]


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """An error of a request as BentoML logs it, behind the filter."""
    logger = logging.getLogger("test")
    logger.addFilter(name_nobody)
    try:
        logger.error("Exception on /score", exc_info=sys.exc_info())
    finally:
        logger.removeFilter(name_nobody)
    return caplog.text


def test_a_refused_request_is_logged_without_what_was_in_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(dict[str, int]).validate_python({"customer-1": "x"})
    assert "customer-1" in str(refused.value)
    try:
        raise refused.value
    except ValidationError:
        text = logged(caplog)
    assert "Exception on /score" in text
    assert "customer-1" not in text


def test_an_error_of_ours_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise KeyError("risk")
    except KeyError:
        assert "KeyError: 'risk'" in logged(caplog)
