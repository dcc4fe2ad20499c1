"""Files and folders that are whole or not there: written aside, then renamed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """A path to write to; it takes the place of `path` when the block ends, not when it raises.

    The new file is on disk before it is renamed, so that a crash leaves the old one or the new.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        yield new
        with new.open("rb") as file:
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


@contextmanager
def renewed(folder: Path, *parts: str) -> Iterator[Path]:
    """A folder to write to; its `parts` take the place of those of `folder` when the block ends.

    What was not written again is gone then. When the block raises, all stays as it was.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".new-") as written:
        new = Path(written)
        yield new
        for part in parts:
            (new / part).mkdir(exist_ok=True)
            if (folder / part).exists():
                (folder / part).rename(new / f"{part}.old")
            (new / part).rename(folder / part)
