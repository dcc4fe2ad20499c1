"""What a long job shows while it runs: one line a step, with its time."""

from time import monotonic
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.status import Status


class Steps:
    """Called with the name of each step as it begins; shows a spinner, then the time it took."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None
        self._text = ""
        self._began = 0.0

    def __call__(self, text: str) -> None:
        """Begin a step; the one before is done."""
        self._finish()
        self._text, self._began = escape(text), monotonic()
        self._status = self._console.status(self._text)
        self._status.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._finish(done=kind is None)

    def _finish(self, *, done: bool = True) -> None:
        if self._status is None:
            return
        self._status.stop()
        self._status = None
        mark = "[green]✓[/]" if done else "[red]✗[/]"
        took = f"[dim]{monotonic() - self._began:.1f} s[/]"
        self._console.print(f"{mark} {self._text} {took}", highlight=False)
