"""Files and folders that are whole or not there: written aside, then renamed."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq


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


def write_tables(path: Path, tables: Iterable[pa.Table]) -> None:
    """Write tables of the same columns, one below the other, to one Parquet file.

    One table is held at a time, so that memory stays flat.
    """
    tables = iter(tables)
    first = next(tables)
    # Numbers seldom repeat, and nobody looks for rows by them.
    looked_up = [field.name for field in first.schema if not pa.types.is_floating(field.type)]
    with (
        aside(path) as new,
        pq.ParquetWriter(
            new, first.schema, use_dictionary=looked_up, write_statistics=looked_up
        ) as writer,
    ):
        for table in chain([first], tables):
            writer.write_table(table)


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
