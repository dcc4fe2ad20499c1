"""Erased customers leave no trace in the records, nor among the rows refused."""

from collections.abc import Container
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from features import changes
from features.ledger import Ledger, parquet, refusals, write_refusals
from features.records import CONTRACTS
from features.sources import spilling

_FRIEND = "referred_customer_id"


def remember(connection: duckdb.DuckDBPyConnection, folder: Path) -> bool:
    """Make the table `erased` of the customers whom the records say are; say if there are any."""
    path = folder / "records" / "customers.parquet"
    known = path.is_file() and "erased_at" in pq.read_schema(path).names
    rows = f"{parquet(path)} WHERE erased_at IS NOT NULL" if known else "(SELECT '') WHERE false"
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE erased AS SELECT "
        f"{'customer_id' if known else 'NULL::VARCHAR AS customer_id'} FROM {rows}"
    )
    return bool(connection.execute("SELECT count(*) FROM erased").fetchall()[0][0])


def withhold(connection: duckdb.DuckDBPyConnection, table: str, names: Container[str]) -> int:
    """Take the customers in `erased` out of a table of rows as they were read.

    Args:
        connection: Where the tables are.
        table: Has at least `customer_id` and `line`.
        names: Its columns.

    Returns:
        How many rows told of them.
    """
    found = f"DELETE FROM {table} WHERE {_is_erased('customer_id')} OR {_TOLD}"
    traces = int(connection.execute(found).fetchall()[0][0])
    if _FRIEND in names:
        blank = f"UPDATE {table} SET {_FRIEND} = NULL WHERE {_is_erased(_FRIEND)}"
        traces += int(connection.execute(blank).fetchall()[0][0])
    return traces


def _is_erased(column: str) -> str:
    return f"coalesce({column} IN (FROM erased), false)"


_TOLD = r"""coalesce(list_has_any(list_transform(string_split_regex(line, '[,;|\t]'),
    cell -> trim(cell, ' "''')), (SELECT list(customer_id) FROM erased)), false)"""
"""SQL of whether a line that could not be split into columns names an erased customer."""


def erase(folder: Path, time_zone: str) -> None:
    """Take the customers whom the records say are erased out of every other table.

    A row that was refused because an erased customer had its key first stays refused.
    """
    with spilling(time_zone, folder) as connection:
        if not remember(connection, folder):
            return
        for contract in CONTRACTS.values():
            if contract.table not in ("customers", "rates"):
                ledger = Ledger(contract, folder)
                if ledger.held:
                    _erase_kept(connection, ledger)
                if ledger.refused.is_file():
                    _erase_refused(connection, ledger.refused)


def _erase_kept(connection: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    ledger.open(connection)
    friend = f"OR {_is_erased(_FRIEND)}" if _FRIEND in ledger.held else ""
    ledger.share(
        connection,
        f"SELECT DISTINCT {ledger.keys} FROM base WHERE {_is_erased('customer_id')} {friend}",
    )
    if not connection.execute("SELECT count(*) FROM known").fetchall()[0][0]:
        return
    changes.note(
        connection,
        ledger.folder,
        ledger.contract.table,
        f"SELECT customer_id, {ledger.contract.time} AS since FROM known",
    )
    connection.execute(f"DELETE FROM known WHERE {_is_erased('customer_id')}")
    if friend:
        connection.execute(f"UPDATE known SET {_FRIEND} = NULL WHERE {_is_erased(_FRIEND)}")
    ledger.receive(connection, "(SELECT 1) WHERE false", ())
    ledger.write(connection, [name for name in ledger.held if name != "day"], ledger.notes)


def _erase_refused(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE refused AS FROM {refusals(path)}")
    names = {name for name, *_ in connection.execute("DESCRIBE refused").fetchall()}
    traces = withhold(connection, "refused", names)
    if traces:
        write_refusals(connection, "FROM refused", path)
