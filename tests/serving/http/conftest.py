"""The application in this process, over a trained folder of its own, asked without a network."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from serving.http import answers
from serving.http.application import Application
from serving.http.body import Message
from serving.http.keys import KeyFile
from serving.http.meters import Meters
from serving.http.traces import Traces
from serving.settings import ServiceSettings, Settings
from serving.watch import Watch
from tests.folders import copied


class Told(NamedTuple):
    """What an application sent back."""

    status: int
    headers: dict[str, str]
    body: bytes


class Client:
    """Asks an application as its server would, with a key that opens everything.

    Args:
        application: It.
        secret: The key.
    """

    def __init__(self, application: Application, secret: str) -> None:
        self.application = application
        self.secret = secret

    def post(self, path: str, body: bytes, **headers: str) -> Told:
        """What is answered to a body of JSON."""
        kind = {"content_type": "application/json", "content_length": str(len(body))}
        return asyncio.run(self.ask("POST", path, [body], **kind | headers))

    def get(self, path: str, **headers: str) -> Told:
        """What is answered to nothing."""
        return asyncio.run(self.ask("GET", path, [], **headers))

    async def ask(self, method: str, path: str, parts: list[bytes | None], **headers: str) -> Told:
        """What is answered to a body in parts; None stands for one that never arrives."""
        sent: list[Message] = []
        waiting = iter(parts)

        async def receive() -> Message:
            part = next(waiting, b"")
            if part is None:
                await asyncio.Event().wait()
            return {"type": "http.request", "body": part, "more_body": len(parts) > 1}

        async def send(message: Message) -> None:
            sent.append(message)

        known = {"host": "localhost", "authorization": f"Bearer {self.secret}", **headers}
        scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "path": path,
            "client": ("10.0.0.7", 40_000),
            "server": ("10.0.0.1", 3000),
            "headers": [
                (name.replace("_", "-").encode(), value.encode("latin-1"))
                for name, value in known.items()
            ],
        }
        await self.application(scope, receive, send)
        start, body = sent
        told = {name.decode(): value.decode() for name, value in start["headers"]}
        return Told(start["status"], told, body["body"])


@pytest.fixture(scope="session")
def own_folder(trained: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A trained folder that may be written to."""
    return copied(trained, tmp_path_factory.mktemp("application"))


@pytest.fixture(scope="session")
def make_client(own_folder: Settings) -> Iterator[Callable[..., Client]]:
    """Applications over one edition, with settings of their own."""
    watch = Watch(own_folder, warm_up=answers.warm_up)
    secret = KeyFile(own_folder.keys).make("everything", ["admin"])
    made: list[Application] = []

    def make(traces: Traces | None = None, **service: Any) -> Client:
        quiet = {"log_requests": False, "always_ask": True}
        settings = own_folder.model_copy(update={"service": ServiceSettings(**quiet | service)})
        made.append(Application(settings, lambda: watch.edition, Meters(), traces))
        return Client(made[-1], secret)

    yield make
    for application in made:
        application.lane.close()


@pytest.fixture(scope="session")
def client(make_client: Callable[..., Client]) -> Client:
    """An application as it is configured when nothing is."""
    return make_client()
