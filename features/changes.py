"""Whose records changed since results were last made of them."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from features.files import aside

_EVERYONE = "everyone"


def note(connection: duckdb.DuckDBPyConnection, folder: Path, table: str, customers: str) -> None:
    """Add customers, as SQL of their ids, to those whose records of a table changed."""
    path = _folder(folder) / f"{table}.parquet"
    found = connection.execute(f"SELECT DISTINCT customer_id FROM ({customers})").to_arrow_table()
    if path.is_file():
        found = pa.concat_tables([pq.read_table(path), found])
    if len(found):
        with aside(path) as new:
            pq.write_table(found.group_by("customer_id").aggregate([]), new)


def note_everyone(folder: Path) -> None:
    """Say that the records were read anew."""
    with aside(_folder(folder) / _EVERYONE) as new:
        new.touch()


def changed(folder: Path) -> pa.Array | None:
    """Ids of the customers whose records changed since `settle`, ascending; None for everyone.

    Those erased since then are among them.
    """
    if (_folder(folder) / _EVERYONE).exists():
        return None
    tables = [pq.read_table(path) for path in sorted(_folder(folder).glob("*.parquet"))]
    ids = pa.concat_tables([pa.table({"customer_id": pa.array([], pa.string())}), *tables])
    return ids["customer_id"].unique().sort()


def settle(folder: Path) -> None:
    """Forget what changed: all results were made of the records as they are."""
    for path in _folder(folder).glob("*"):
        path.unlink()


def _folder(folder: Path) -> Path:
    return folder / "changes"
