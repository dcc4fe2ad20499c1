"""Records on probation: as they were before a reading, put back where it cannot be trusted.

What is read is judged after it is among the records, by all of them. Until then their files from
before are kept beside: as further names of the same files, which are never written to but replaced.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.files import locked, workspace

PARTS = ("records", "quarantine", "changes")
"""The folders that reading changes."""

_AT_WORK = "reading or training on the records in"

REFUSED = "refused"
"""The folder with the quarantine of a reading that was taken back."""


@contextmanager
def changing(data: Path) -> Iterator["Probation"]:
    """Keep others from changing the records; a reading that was killed is taken back first.

    Raises:
        QuerenciaError: at once, where another job is changing them.
    """
    with locked(data, doing=_AT_WORK):
        before = Probation(data)
        before.take_back()
        yield before


@contextmanager
def looking(data: Path) -> Iterator[None]:
    """Keep others from changing the records, so that they say the same until the block ends.

    Others may look as well. A reading that was killed is taken back first.

    Raises:
        QuerenciaError: at once, where another job is changing them.
    """
    if Probation(data).before.is_dir():
        with changing(data):
            pass
    with locked(data, doing=_AT_WORK, shared=True):
        yield


@contextmanager
def reading(data: Path) -> Iterator["Probation"]:
    """The same, for the reading of tables: all of what is read is taken back when it raises."""
    with changing(data) as before:
        before.begin()
        try:
            yield before
        except BaseException:
            before.take_back()
            raise
        before.end()


class Probation:
    """The files of a data folder as they were before a reading; made by `changing`.

    Attributes:
        before: Where they are kept until it is judged.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self.before = data / "before"

    def begin(self) -> None:
        """Keep the files."""
        with workspace(self._data) as new:
            for part in PARTS:
                (self._data / part).mkdir(parents=True, exist_ok=True)
                shutil.copytree(self._data / part, new / part, copy_function=_same)
            new.rename(self.before)

    def refuse(self) -> None:
        """Put the files back, but for the quarantine, which tells why: it is in `refused` then."""
        shutil.rmtree(self._data / REFUSED, ignore_errors=True)
        (self._data / "quarantine").rename(self._data / REFUSED)
        (self._data / "quarantine").mkdir()
        self.take_back()

    def take_back(self) -> None:
        """Put the files back, where there are any kept.

        It can be done again where it was killed: a folder that is back is not kept any more.
        """
        for part in (each for each in PARTS if (self.before / each).is_dir()):
            with workspace(self._data) as aside:
                aside.mkdir()
                (self._data / part).rename(aside / f"{part}.old")
                (self.before / part).rename(self._data / part)
        self.end()

    def end(self) -> None:
        """Forget the files from before: what was read stays."""
        if self.before.is_dir():
            with workspace(self._data) as gone:
                self.before.rename(gone)


def _same(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without further names
        shutil.copy2(source, target)
