"""The HTTP service: BentoML is the shell (processes, packaging, health) around our application.

Started by `querencia serve`. What is slow to import is imported when a worker starts, not in the
process that watches over it.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, ClassVar

import bentoml

from serving.http.body import Message, Receive

if TYPE_CHECKING:
    from serving.http.application import Application, Send
    from serving.watch import Watch

_UNTRACED = [".*"]
_HEALTH = ("/livez", "/readyz")

Asgi = Callable[[Message, Receive, "Send"], Awaitable[None]]


class Gate:
    """Leads requests to the application, and what asks for health on to BentoML.

    It stands before all of BentoML's own layers, which cost more than our answer does: its time
    limit alone makes a task and a timer of a minute for every request.

    Args:
        app: BentoML's.
    """

    application: "ClassVar[Application | None]" = None
    """None before the worker has started: BentoML answers then."""

    def __init__(self, app: Asgi) -> None:
        self._shell = app

    async def __call__(self, scope: Message, receive: Receive, send: "Send") -> None:
        """Answer one request."""
        is_ours = scope["type"] == "http" and scope["path"] not in _HEALTH
        ours = self.application if is_ours else None
        await (ours or self._shell)(scope, receive, send)


class Shell(bentoml.Service[Any]):  # type: ignore[misc]
    """A BentoML service whose application stands behind the gate."""

    def to_asgi(self, is_main: bool = True) -> Asgi:
        """What uvicorn asks."""
        return Gate(super().to_asgi(is_main))


@bentoml.service(
    name="querencia",
    service_class=Shell,
    workers=1,
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": _UNTRACED},
)
class QuerenciaService:
    """Which customers are about to leave, what each is worth, and why."""

    watch: "Watch"

    def __init__(self) -> None:
        from serving import settings
        from serving.http import answers, journal, traces
        from serving.http.application import Application
        from serving.http.meters import Meters
        from serving.watch import Watch

        journal.begin()
        configured, meters = settings.load(), Meters()
        self.watch = Watch(configured, warm_up=answers.warm_up, told=meters.swapped)
        self._traces = traces.begin()
        application = Application(configured, lambda: self.watch.edition, meters, self._traces)
        self.watch.start(application.reread_keys)
        Gate.application = application

    def __is_ready__(self) -> bool:
        """Ready when the champion answers its own example."""
        return self.watch.is_ready

    @bentoml.on_shutdown
    def close(self) -> None:
        """Look for new versions no more, and finish what was begun."""
        self.watch.stop()
        if Gate.application:
            Gate.application.lane.close()
        if self._traces:
            self._traces.close()
