"""What takes seconds to make is made once per edition, in a thread of its own."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key")
Made = TypeVar("Made")


class Background(Generic[Key, Made]):
    """Makes the value of one key at a time, and keeps the latest.

    Args:
        make: From a key to its value.
    """

    def __init__(self, make: Callable[[Key], Made]) -> None:
        self._make = make
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="console")
        self._lock = Lock()
        self._latest: tuple[Key, Future[Made]] | None = None

    def of(self, key: Key, *, patience: float) -> Made | None:
        """The value, or None if it is not there after so many seconds; ask again then.

        Raises:
            Exception: what making it came to; asked again, it is made again.
        """
        making = self._begun(key)
        try:
            return making.result(patience)
        except TimeoutError:
            return None
        except Exception:
            self._forget(making)
            raise

    def _begun(self, key: Key) -> "Future[Made]":
        with self._lock:
            if self._latest is None or self._latest[0] is not key:
                self._latest = key, self._thread.submit(self._make, key)
            return self._latest[1]

    def _forget(self, failed: "Future[Made]") -> None:
        with self._lock:
            if self._latest and self._latest[1] is failed:
                self._latest = None
