"""What the records hold: counts and dates of each table, by the present version of each row."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from features.records import CONTRACTS, TIMELINES, Contract
from features.sources import connect
from features.store import Store

AHEAD = timedelta(days=1)
"""How far ahead of the clock a record may be dated: naive times may be of another zone."""

EXPECTED = frozenset({"promised_at"})
"""Times of what is yet to happen, which may lie in the future."""


@dataclass(frozen=True)
class Held:
    """What the records of one table hold.

    Attributes:
        table: Name of the table.
        rows: Rows, each in its present version.
        customers: Customers they are of.
        buyers: How many of these bought.
        first: First calendar day; None where no row has a time.
        last: Last calendar day that is not in the future.
        future: Rows dated in the future.
        example: The first of these: its key, and the times in question.
    """

    table: str
    rows: int
    customers: int
    buyers: int
    first: date | None
    last: date | None
    future: int = 0
    example: dict[str, Any] | None = None


@dataclass(frozen=True)
class Purchases:
    """What the transactions hold: counts, and the first and last calendar day."""

    transactions: int
    customers: int
    repeat_buyers: int
    first: date
    last: date


@dataclass(frozen=True)
class Summary:
    """What all records hold.

    Attributes:
        tables: Each input table there is.
        purchases: What the transactions hold that are not dated in the future; None where there
            are none.
        answering: Customers who bought and have answered a survey.
    """

    tables: tuple[Held, ...]
    purchases: Purchases | None
    answering: int = 0

    @property
    def survey_coverage(self) -> float:
        """Share of customers with an answered survey, 0 where nobody bought."""
        return self.answering / self.purchases.customers if self.purchases else 0.0


def summarise(store: Store, time_zone: str, *, now: datetime) -> Summary:
    """Count what is in the store.

    Args:
        store: The records.
        time_zone: The zone whose calendar days are purchase days.
        now: The instant from which on a record is dated in the future, a day's grace given.
    """
    held = [table for table in CONTRACTS if store.path(table).is_file()]
    with connect(time_zone) as connection:
        for table in held:
            view(connection, table, store.path(table))
        tables = tuple(_held(connection, CONTRACTS[table], held, now + AHEAD) for table in held)
        purchases = _purchases(connection, now + AHEAD) if "transactions" in held else None
        return Summary(tables, purchases, _answering(connection) if purchases else 0)


def view(connection: duckdb.DuckDBPyConnection, table: str, path: Path) -> None:
    """The present versions of a table's rows, under its name."""
    quoted = str(path).replace("'", "''")
    replaced = "superseded_at" in pq.read_schema(path).names
    present = "WHERE superseded_at IS NULL" if replaced else ""
    connection.execute(
        f"CREATE TEMP VIEW {table} AS SELECT * FROM read_parquet('{quoted}') {present}"
    )


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [name for name, *_ in connection.execute(f"DESCRIBE {table}").fetchall()]


def _held(
    connection: duckdb.DuckDBPyConnection, contract: Contract, held: list[str], limit: datetime
) -> Held:
    columns = _columns(connection, contract.table)
    customer = "customer_id" if "customer_id" in columns else "NULL"
    bought = f"{customer} IN (SELECT customer_id FROM transactions)"
    buyer = bought if "transactions" in held else "false"
    rows, customers, buyers, first, last = connection.execute(
        f"""SELECT count(*), count(DISTINCT {customer}),
            count(DISTINCT {customer}) FILTER ({buyer}), min(day), max(day) FILTER (day <= ?)
            FROM {contract.table}""",
        [limit.date()],
    ).fetchall()[0]
    future, example = _future(connection, contract, columns, limit)
    return Held(contract.table, rows, customers, buyers, first, last, future, example)


def _future(
    connection: duckdb.DuckDBPyConnection, contract: Contract, columns: list[str], limit: datetime
) -> tuple[int, dict[str, Any] | None]:
    """How many rows are dated after the limit, and an example."""
    times = [
        column.name
        for column in contract.columns
        if column.kind == "instant" and column.name in {*columns} - EXPECTED
    ]
    if contract.table not in TIMELINES:
        return 0, None
    later = " OR ".join(f"{time} > $limit" for time in times)
    shown = ", ".join(f"CASE WHEN {t} > $limit THEN CAST({t} AS VARCHAR) END" for t in times)
    rows = connection.execute(
        f"SELECT count(*) OVER (), {contract.key}, {shown} FROM {contract.table} WHERE {later} "
        f"ORDER BY {contract.key} LIMIT 1",
        {"limit": limit},
    ).fetchall()
    if not rows:
        return 0, None
    count, key, *values = rows[0]
    dated = {time: value for time, value in zip(times, values, strict=True) if value}
    return count, {str(contract.key): key, **dated}


def _purchases(connection: duckdb.DuckDBPyConnection, limit: datetime) -> Purchases | None:
    rows, *counted = connection.execute(
        """
        WITH by_customer AS (
            SELECT count(*) AS rows, count(DISTINCT day) FILTER (amount >= 0) AS days,
                   min(day) AS first, max(day) AS last
            FROM transactions WHERE day <= ? GROUP BY customer_id)
        SELECT sum(rows)::BIGINT, count(*), count(*) FILTER (days > 1), min(first), max(last)
        FROM by_customer""",
        [limit.date()],
    ).fetchall()[0]
    return Purchases(rows, *counted) if rows else None


def _answering(connection: duckdb.DuckDBPyConnection) -> int:
    views = {name for (name,) in connection.execute("SHOW TABLES").fetchall()}
    if "surveys" not in views or "answered_at" not in _columns(connection, "surveys"):
        return 0
    (row,) = connection.execute("""
        SELECT count(DISTINCT customer_id) FROM surveys
        WHERE answered_at IS NOT NULL AND customer_id IN (SELECT customer_id FROM transactions)
        """).fetchall()
    return int(row[0])
