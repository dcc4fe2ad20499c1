"""The records as they were known at an instant, as views of a DuckDB.

Every input table is there under its name with every column of its contract, empty where the
company has none, and beside them:

- `purchases`: transactions that are no refunds;
- `purchase_days`: customer_id, day, and `known_at`, when its first purchase was made;
- `answers`: answered surveys with `share`, the answer from 0 (worst) to 1 (best), and `step`, what
  one point of its scale is of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import duckdb
import pandas as pd
import pyarrow.parquet as pq

from features.ledger import SQL_TYPES, parquet
from features.records import CONTRACTS, Column, Contract
from features.satisfaction import SCALES
from features.sources import spilling
from features.store import Store

PLANNED = frozenset({"promised_at", "contract_ends_at"})
"""Times of what is yet to happen: known from the start."""


@contextmanager
def known(store: Store, time_zone: str, *, before: datetime) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB with the views, of what was known before an instant.

    A row is in the version it had then, and an outcome that came later (`answered_at`,
    `resolved_at`, ...) is missing. What memory can't hold is kept in the store's folder until
    the block ends.
    """
    with spilling(time_zone, store.folder) as connection:
        for contract in CONTRACTS.values():
            connection.execute(
                f"CREATE TEMP VIEW {contract.table} AS {_rows(store, contract, before)}"
            )
        connection.execute(_PURCHASES)
        connection.execute(_PURCHASE_DAYS)
        connection.execute(_ANSWERS)
        yield connection


def frame(connection: duckdb.DuckDBPyConnection, sql: str) -> pd.DataFrame:
    """The rows of a query."""
    rows: pd.DataFrame = connection.execute(sql).to_arrow_table().to_pandas()
    return rows


def has(store: Store) -> frozenset[str]:
    """The tables ("customers") and columns ("customers.segment") there are."""
    path = store.path("customers")
    if not path.is_file():
        return store.has
    names = pq.read_schema(path).names
    return store.has | {"customers", *(f"customers.{name}" for name in names)}


def literal(instant: datetime) -> str:
    """An instant as SQL."""
    return f"TIMESTAMPTZ '{instant.isoformat()}'"


def hours(days: float) -> str:
    """Days of 24 hours as SQL: an interval of days would be of the calendar."""
    return f"to_hours({round(24 * days)})"


def _rows(store: Store, contract: Contract, before: datetime) -> str:
    path = store.path(contract.table)
    there = pq.read_schema(path).names if path.is_file() else []
    values = [_value(column, contract, there, literal(before)) for column in contract.columns]
    day = "day" if "day" in there else "NULL::DATE AS day"
    rows = parquet(path) if there else "(SELECT 1)"
    limits = [f"{contract.time} < {literal(before)}"] if there else ["false"]
    if contract.table == "customers" and there:
        limits = [f"({limits[0]} OR acquired_at IS NULL)" if "acquired_at" in there else "true"]
    if "recorded_at" in there:
        limits.append(f"(recorded_at IS NULL OR recorded_at < {literal(before)})")
    if "superseded_at" in there:
        limits.append(f"(superseded_at IS NULL OR superseded_at >= {literal(before)})")
    return f"SELECT {', '.join(values)}, {day} FROM {rows} WHERE {' AND '.join(limits)}"


def _value(column: Column, contract: Contract, there: list[str], before: str) -> str:
    name = column.name
    if name not in there:
        kind = "DOUBLE" if column.kind == "money" else SQL_TYPES[column.kind]
        return f"NULL::{kind} AS {name}"
    if column.kind != "instant" or name in {contract.time, "recorded_at", *PLANNED}:
        return name
    return f"CASE WHEN {name} < {before} THEN {name} END AS {name}"


_PURCHASES = "CREATE TEMP VIEW purchases AS FROM transactions WHERE amount >= 0"
_PURCHASE_DAYS = """
    CREATE TEMP VIEW purchase_days AS
    SELECT customer_id, day, min(occurred_at) AS known_at
    FROM purchases GROUP BY customer_id, day"""


def _usual(end: int) -> str:
    """SQL of the end of the scale of each kind of survey that does not say."""
    cases = " ".join(f"WHEN '{kind}' THEN {scale[end]}" for kind, scale in SCALES.items())
    return f"CASE kind {cases} END"


_ANSWERS = f"""
    CREATE TEMP VIEW answers AS
    SELECT *, greatest(0, least(1, (score - worst) / span)) AS share, 1 / abs(span) AS step
    FROM (SELECT *, coalesce(nullif(best - worst, 0), 1) AS span
          FROM (SELECT *, coalesce(scale_min, {_usual(0)}) AS worst,
                       coalesce(scale_max, {_usual(1)}) AS best
                FROM surveys WHERE answered_at IS NOT NULL AND score IS NOT NULL))"""
