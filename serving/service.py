"""The HTTP service: BentoML is the shell (processes, packaging, health) around our application.

Started by `querencia serve`. What is slow to import is imported when a worker starts, not in the
process that watches over it.
"""

from typing import TYPE_CHECKING

import bentoml

from serving.http.body import Message, Receive

if TYPE_CHECKING:
    from serving.http.application import Application, Send

_UNTRACED = [".*"]


class Door:
    """Where the application is mounted before there is one: BentoML mounts before it starts."""

    def __init__(self) -> None:
        self.application: Application | None = None

    async def __call__(self, scope: Message, receive: Receive, send: "Send") -> None:
        """Let a request through to the application."""
        if self.application is not None:
            await self.application(scope, receive, send)


door = Door()


@bentoml.asgi_app(door, path="/")
@bentoml.service(
    name="querencia",
    workers=1,
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": _UNTRACED},
)
class QuerenciaService:
    """Which customers are about to leave, what each is worth, and why."""

    def __init__(self) -> None:
        from serving import settings
        from serving.http import answers, journal
        from serving.http.application import Application
        from serving.http.meters import Meters
        from serving.watch import Watch

        journal.begin()
        configured, meters = settings.load(), Meters()
        self.watch = Watch(configured, warm_up=answers.warm_up, told=meters.swapped)
        application = Application(configured, lambda: self.watch.edition, meters)
        self.watch.start(application.reread_keys)
        door.application = application

    def __is_ready__(self) -> bool:
        """Ready when the champion answers its own example."""
        return self.watch.edition.is_sound

    @bentoml.on_shutdown
    def close(self) -> None:
        """Look for new versions no more, and finish what was begun."""
        self.watch.stop()
        if door.application:
            door.application.lane.close()
