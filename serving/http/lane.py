"""The lane: what takes a while goes one by one; a few may wait, and the rest are refused."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from serving.http.problem import Problem

Result = TypeVar("Result")

_SOON = {"retry-after": "1"}


class Lane:
    """Counts requests in progress, and keeps what is heavy off the event loop.

    Args:
        most: Requests at once; and
        most_per_key: of them with one key.
    """

    def __init__(self, *, most: int, most_per_key: int) -> None:
        self._most = most
        self._most_per_key = most_per_key
        self._by_key: Counter[str] = Counter()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lane")

    @property
    def busy(self) -> int:
        """Requests in progress."""
        return self._by_key.total()

    @contextmanager
    def place(self, key: str) -> Iterator[None]:
        """A place for one request of this key.

        Raises:
            Problem: 503 where there is none, 429 where the key has had its share.
        """
        if self.busy >= self._most:
            raise Problem(503, "Too much is being asked. Come back in a second.", headers=_SOON)
        if self._by_key[key] >= self._most_per_key:
            raise Problem(
                429, f"This key has {self._most_per_key} requests waiting already.", headers=_SOON
            )
        self._by_key[key] += 1
        try:
            yield
        finally:
            self._by_key[key] -= 1

    async def run(self, work: Callable[[], Result], *, seconds: float) -> Result:
        """Work off the event loop, after what came before.

        Raises:
            Problem: 503 where it takes longer, waiting included. What waits still is not begun any
                more; what was begun ends by itself, and nobody hears of it.
        """
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except TimeoutError:
            raise Problem(
                503,
                f"The answer takes longer than {seconds:g} s. Ask for less at once, or later.",
                headers=_SOON,
            ) from None

    def close(self) -> None:
        """Finish what was begun, and begin nothing more."""
        self._thread.shutdown(wait=True)
