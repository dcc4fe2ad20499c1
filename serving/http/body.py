"""Bodies of requests: read within limits of kind, size and time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from serving.http.problem import Problem

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Headers = Mapping[bytes, bytes]

JSON = "application/json"


class ClientGoneError(Exception):
    """The client hung up before it had sent everything."""


async def read(headers: Headers, receive: Receive, *, most_bytes: int, seconds: float) -> bytes:
    """The whole body; one without anything is an empty object.

    Raises:
        Problem: 415 where it is no JSON, 413 where it is too large, 408 where it takes too long.
        ClientGoneError: where nobody waits for an answer any more.
    """
    if headers.get(b"content-length", b"0") == b"0" and b"transfer-encoding" not in headers:
        return b"{}"
    _require_json(headers)
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > most_bytes:
        raise _too_large(most_bytes)
    try:
        async with asyncio.timeout(seconds):
            return await _all(receive, most_bytes)
    except TimeoutError:
        raise Problem(408, f"The body took longer than {seconds:g} s to arrive.") from None


async def _all(receive: Receive, most_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most_bytes:
            raise _too_large(most_bytes)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _require_json(headers: Headers) -> None:
    kind, _, parameters = headers.get(b"content-type", b"").lower().partition(b";")
    charset = parameters.replace(b'"', b"").strip()
    if kind.strip() != JSON.encode() or charset not in (b"", b"charset=utf-8"):
        raise Problem(415, f"The body must be JSON in UTF-8: send it with Content-Type: {JSON}.")
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise Problem(415, "The body must not be compressed: send it without Content-Encoding.")


def _too_large(most_bytes: int) -> Problem:
    return Problem(413, f"The body is larger than {most_bytes:,} bytes. Ask in smaller parts.")
