"""Whose records changed, and from when on, since results were last made of them."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from features.files import aside

ALWAYS = "TIMESTAMPTZ '1900-01-01'"
"""SQL of an instant before all records."""

SCHEMA = pa.schema([("customer_id", pa.string()), ("since", pa.timestamp("us", "UTC"))])

_EVERYONE = "everyone"


def note(connection: duckdb.DuckDBPyConnection, folder: Path, table: str, changed: str) -> None:
    """Add to those whose records of a table changed.

    Args:
        connection: Where the rows are.
        folder: The data folder.
        table: Its name.
        changed: SQL of the rows that came, went or changed: `customer_id`, and the time `since`
            which the row says something.
    """
    path = _folder(folder) / f"{table}.parquet"
    fresh = connection.execute(
        f"SELECT customer_id, min(since) AS since FROM ({changed}) GROUP BY customer_id"
    ).to_arrow_table()
    found = _first([*_noted(path), fresh])
    if len(found):
        with aside(path) as new:
            pq.write_table(found, new)


def note_everyone(folder: Path) -> None:
    """Say that the records were read anew."""
    with aside(_folder(folder) / _EVERYONE) as new:
        new.touch()


def changed(folder: Path) -> pa.Table | None:
    """The customers whose records changed since `settle`; None for everyone.

    Returns:
        `customer_id`, ascending, those erased since then among them, and `since`: the earliest
        time of a row that came, went or changed.
    """
    if (_folder(folder) / _EVERYONE).exists():
        return None
    noted = [table for path in _folder(folder).glob("*.parquet") for table in _noted(path)]
    return _first(noted).sort_by("customer_id")


def settle(folder: Path) -> None:
    """Forget what changed: all results were made of the records as they are."""
    for path in _folder(folder).glob("*"):
        path.unlink()


def _noted(path: Path) -> list[pa.Table]:
    return [pq.read_table(path)] if path.is_file() else []


def _first(tables: list[pa.Table]) -> pa.Table:
    """The earliest time of each customer in any of the tables."""
    together = pa.concat_tables([SCHEMA.empty_table(), *(table.cast(SCHEMA) for table in tables)])
    found = together.group_by("customer_id").aggregate([("since", "min")])
    return found.rename_columns(SCHEMA.names)


def _folder(folder: Path) -> Path:
    return folder / "changes"
