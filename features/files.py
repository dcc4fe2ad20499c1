"""Files and folders that are whole or not there: written aside, then renamed."""

import fcntl
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import QuerenciaError

LEFT_AFTER = 3600
"""Seconds without a change after which a file of a process not seen here counts as left behind."""

_REPLACED = ".old"
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
def table_writer(
    path: Path, metadata: Mapping[bytes, str] | None = None
) -> Iterator[Callable[[pa.Table], None]]:
    """A function that writes tables of the same columns, one below the other, to a Parquet file.

    One table is held at a time, so that memory stays flat.

    Args:
        path: The file; it is whole when the block ends.
        metadata: What the file says of itself.
    """
    with aside(path) as new, ExitStack() as stack:
        writers: list[pq.ParquetWriter] = []

        def write(table: pa.Table) -> None:
            if not writers:
                # Numbers seldom repeat, and nobody looks for rows by them.
                looked_up = [f.name for f in table.schema if not pa.types.is_floating(f.type)]
                options = {"use_dictionary": looked_up, "write_statistics": looked_up}
                schema = table.schema.with_metadata(metadata)
                writers.append(stack.enter_context(pq.ParquetWriter(new, schema, **options)))
            writers[0].write_table(table.cast(writers[0].schema))

        yield write


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
    """Put right what processes that are no more were doing in `folder` when they were killed.

    What they were replacing (`renewed`) is put back, and what they were writing aside is removed.
    """
    for path in folder.glob("*.new"):
        found = _ASIDE.fullmatch(path.name)
        if found and not _runs(int(found[1])):
            _put_back(path, folder)
            if _is_old(path):
                _remove(path)


def _put_back(new: Path, folder: Path) -> None:
    for old in new.glob(f"*{_REPLACED}"):
        part = folder / old.name.removesuffix(_REPLACED)
        if not part.exists():
            old.rename(part)


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


@contextmanager
def renewed(folder: Path, *parts: str) -> Iterator[Path]:
    """A folder to write to; its `parts` take the place of those of `folder` when the block ends.

    What was not written again is gone then. When the block raises, all stays as it was.
    """
    with workspace(folder) as new:
        new.mkdir()
        yield new
        for part in parts:
            (new / part).mkdir(exist_ok=True)
            if (folder / part).exists():
                (folder / part).rename(new / f"{part}{_REPLACED}")
            (new / part).rename(folder / part)


@contextmanager
def locked(
    folder: Path, *, name: str = ".lock", doing: str = "reading into", shared: bool = False
) -> Iterator[None]:
    """Keep other processes that ask for this from changing a folder until the block ends.

    The system gives the lock back where the process dies; its empty file stays. To lock a folder
    within the block is refused as well, even by the process that has it.

    Args:
        folder: The folder.
        name: Of the lock's file: what is kept from happening at a time has the same.
        doing: What others are told is being done.
        shared: Whether others who say so too may have it at the same time.

    Raises:
        QuerenciaError: at once, where another one has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w") as file:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise QuerenciaError(
                f"Another job is {doing} {folder}. Wait until it is done, then try again."
            ) from None
        yield


def append_line(path: Path, text: str) -> None:
    """Append a line to a file; it is on disk when this returns.

    Processes may do so at a time. A line that was torn, as by a full disk, is ended first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        torn = file.seek(0, os.SEEK_END) > 0 and not _ends_a_line(path)
        file.write(b"\n" * torn + text.encode() + b"\n")
        os.fsync(file.fileno())


def synced(folder: Path) -> None:
    """Have on disk which files a folder holds."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"
