"""What the service keeps to itself: who looks at its pages, and whom a request was about."""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from pydantic import ValidationError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

LOGGER = "bentoml._internal.server.http_app"
"""Where BentoML logs the errors of requests."""

POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"


class OwnSourcesOnly:
    """ASGI middleware that sends `POLICY` (Content Security Policy) with every answer.

    BentoML's documentation page would otherwise report its visitors to Google Tag Manager.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer as the wrapped application does, with one header more."""

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                policy = (b"content-security-policy", POLICY.encode())
                message["headers"] = [*message.get("headers", ()), policy]
            await send(message)

        await self._app(scope, receive, with_policy)


def name_nobody(record: logging.LogRecord) -> bool:
    """Logging filter: of a refused request its path is logged, not what was wrong with it.

    The client is told; pydantic's message names fields as they were sent, customers among them.
    """
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, ValidationError):
        record.exc_info = None
    return True
