"""Files that are whole or not there: written aside, then renamed."""

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LEFT_AFTER = 3600
"""Seconds without a change after which a file of a process not seen here counts as left behind."""

_ASIDE = re.compile(r".*\.(\d+)\.new")


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """A path to write to; it takes the place of `path` when the block ends, not when it raises.

    The new file is on disk before it is renamed, so that a crash leaves the old one or the new.
    What processes that were killed left beside it is removed first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    clear(path.parent)
    new = _new(path)
    try:
        yield new
        with new.open("rb") as file:
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


@contextmanager
def workspace(folder: Path) -> Iterator[Path]:
    """A path in `folder` for a folder that is gone when the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    clear(folder)
    path = _new(folder / "workspace")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def clear(folder: Path) -> None:
    """Remove what processes that are no more were writing aside in `folder`."""
    for path in folder.glob("*.new"):
        found = _ASIDE.fullmatch(path.name)
        if found and not _runs(int(found[1])) and _is_old(path):
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _is_old(path: Path) -> bool:
    """Whether nobody writes it: containers that share a folder don't see each other's processes."""
    try:
        return path.stat().st_mtime < time.time() - LEFT_AFTER
    except FileNotFoundError:  # renamed or removed meanwhile
        return False


def _new(path: Path) -> Path:
    return path.with_name(f"{path.name}.{os.getpid()}.new")


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True  # of another user, or no process number at all: not ours to judge
    return True
