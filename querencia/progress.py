"""What a long job shows while it runs: one line a step with its time, or a bar."""

from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from types import TracebackType
from typing import Self, TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.status import Status

Item = TypeVar("Item")


def bar(
    console: Console, items: Sequence[Item], name: Callable[[Item], str], *, done: str
) -> Iterator[Item]:
    """The items one by one, with a bar of how many are done, which one is at work, and times.

    Args:
        console: Where it is shown.
        items: What there is to do.
        name: What is done of an item.
        done: What to say when all are.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as shown:
        task = shown.add_task("", total=len(items))
        for item in items:
            shown.update(task, description=escape(name(item)))
            yield item
            shown.advance(task)
        shown.update(task, description=escape(done))


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
