"""Erased customers leave no trace in the records, nor among the rows refused.

They are those whom the table `customers` says are erased, of whom the id stays; and those who are
forgotten (`features.forgotten`), of whom a salted hash does.
"""

from collections.abc import Container, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features import changes
from features.files import table_writer
from features.forgotten import Forgotten
from features.ledger import Ledger, parquet, quoted, refusals, write_refusals
from features.probation import REFUSED
from features.records import CONTRACTS
from features.sources import spilling

_FRIEND = "referred_customer_id"


def remember(connection: duckdb.DuckDBPyConnection, folder: Path, *, told: bool = True) -> bool:
    """Make the tables `erased` of ids and `forgotten` of hashes; say if there are any.

    Args:
        connection: Where to make them.
        folder: The data folder.
        told: Whether those count whom the table `customers` says are erased.
    """
    path = folder / "records" / "customers.parquet"
    known = told and path.is_file() and "erased_at" in pq.read_schema(path).names
    rows = f"{parquet(path)} WHERE erased_at IS NOT NULL" if known else "(SELECT '') WHERE false"
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE erased AS SELECT "
        f"{'customer_id' if known else 'NULL::VARCHAR AS customer_id'} FROM {rows}"
    )
    forgotten = Forgotten(folder)
    digests = forgotten.digests
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE forgotten AS SELECT unnest($1::VARCHAR[]) AS sha256",
        [[*digests]],
    )
    salt = forgotten.salt if digests else ""
    connection.execute(
        f"CREATE OR REPLACE TEMP MACRO hashed(id) AS sha256({quoted(salt)} || CAST(id AS VARCHAR))"
    )
    return bool(digests or connection.execute("SELECT 1 FROM erased LIMIT 1").fetchall())


def withhold(connection: duckdb.DuckDBPyConnection, table: str, names: Container[str]) -> int:
    """Take the customers in `erased` and `forgotten` out of a table of rows as they were read.

    Args:
        connection: Where the tables are.
        table: Has at least `customer_id` and `line`.
        names: Its columns.

    Returns:
        How many rows told of them.
    """
    _recognise(connection, table, names)
    found = f"DELETE FROM {table} WHERE {_is_erased('customer_id')} OR {_TOLD}"
    traces = int(connection.execute(found).fetchall()[0][0])
    if _FRIEND in names:
        blank = f"UPDATE {table} SET {_FRIEND} = NULL WHERE {_is_erased(_FRIEND)}"
        traces += int(connection.execute(blank).fetchall()[0][0])
    return traces


def _recognise(connection: duckdb.DuckDBPyConnection, table: str, names: Container[str]) -> None:
    """Put those of a table's customers who are forgotten into `erased`, by their ids."""
    ids = [f"SELECT customer_id AS id FROM {table}", f"SELECT unnest({_CELLS}) FROM {table}"]
    if _FRIEND in names:
        ids.append(f"SELECT {_FRIEND} FROM {table}")
    connection.execute(
        f"INSERT INTO erased SELECT id FROM ({' UNION '.join(ids)}) "
        "WHERE hashed(id) IN (FROM forgotten)"
    )


def _is_erased(column: str) -> str:
    return f"coalesce({column} IN (FROM erased), false)"


_CELLS = r"""list_transform(string_split_regex(line, '[,;|\t]'), cell -> trim(cell, ' "'''))"""
"""SQL of what a line that could not be split into columns may hold."""

_TOLD = f"coalesce(list_has_any({_CELLS}, (SELECT list(customer_id) FROM erased)), false)"
"""SQL of whether a line that could not be split into columns names an erased customer."""


def erase(folder: Path, time_zone: str) -> None:
    """Take the customers whom the records say are erased out of every other table.

    A row that was refused because an erased customer had its key first stays refused.
    """
    with spilling(time_zone, folder) as connection:
        if remember(connection, folder):
            tables = (table for table in CONTRACTS if table not in ("customers", "rates"))
            for table in tables:
                _erase(connection, Ledger(CONTRACTS[table], folder))


def erase_customer(folder: Path, customer_id: str, time_zone: str) -> dict[str, int]:
    """Take one customer out of every table, `customers` too, and out of the rows refused.

    Returns:
        How many rows told of them, by file: those in which another customer recommends them stay,
        without saying whom.
    """
    with spilling(time_zone, folder) as connection:
        remember(connection, folder, told=False)
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE erased AS SELECT $1 AS customer_id", [customer_id]
        )
        counts: dict[str, int] = {}
        for table in (table for table in CONTRACTS if table != "rates"):
            ledger = Ledger(CONTRACTS[table], folder)
            kept, refused = _erase(connection, ledger)
            counts |= {f"records/{table}": kept, f"quarantine/{table}": refused}
            taken_back = folder / REFUSED / ledger.refused.name
            if taken_back.is_file():
                counts[f"{REFUSED}/{table}"] = _erase_refused(connection, taken_back)
        return counts


def _erase(connection: duckdb.DuckDBPyConnection, ledger: Ledger) -> tuple[int, int]:
    """Take those in `erased` out of one table's files; how many rows told of them in each."""
    kept = _erase_kept(connection, ledger) if ledger.held else 0
    return kept, _erase_refused(connection, ledger.refused) if ledger.refused.is_file() else 0


def _erase_kept(connection: duckdb.DuckDBPyConnection, ledger: Ledger) -> int:
    ledger.open(connection)
    friend = f"OR {_is_erased(_FRIEND)}" if _FRIEND in ledger.held else ""
    told = f"FROM base WHERE {_is_erased('customer_id')} {friend}"
    ledger.share(connection, f"SELECT DISTINCT {ledger.keys} {told}")
    count = int(connection.execute(f"SELECT count(*) {told}").fetchall()[0][0])
    if not count:
        return 0
    changes.note(
        connection,
        ledger.folder,
        ledger.contract.table,
        f"SELECT customer_id, coalesce({ledger.contract.time}, {changes.ALWAYS}) AS since "
        "FROM known",
    )
    connection.execute(f"DELETE FROM known WHERE {_is_erased('customer_id')}")
    if friend:
        connection.execute(f"UPDATE known SET {_FRIEND} = NULL WHERE {_is_erased(_FRIEND)}")
    ledger.receive(connection, "(SELECT 1) WHERE false", ())
    ledger.write(connection, [name for name in ledger.held if name != "day"], ledger.notes)
    return count


def _erase_refused(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE refused AS FROM {refusals(path)}")
    names = {name for name, *_ in connection.execute("DESCRIBE refused").fetchall()}
    traces = withhold(connection, "refused", names)
    if traces:
        write_refusals(connection, "FROM refused", path)
    return traces


def erase_from(path: Path, customer_id: str) -> int:
    """Take a customer's rows out of any Parquet file with a column `customer_id`.

    Returns:
        How many there were.
    """
    with pq.ParquetFile(path) as file:
        count = sum(pc.sum(own).as_py() or 0 for own in _own(file, customer_id))
        if count:
            with table_writer(path, file.schema_arrow.metadata) as write:
                for batch in file.iter_batches():
                    rows = pa.Table.from_batches([batch])
                    write(rows.filter(pc.invert(_is_of(batch, customer_id))))
    return int(count)


def _own(file: pq.ParquetFile, customer_id: str) -> Iterator[pa.BooleanArray]:
    for batch in file.iter_batches(columns=["customer_id"]):
        yield _is_of(batch, customer_id)


def _is_of(batch: pa.RecordBatch, customer_id: str) -> pa.BooleanArray:
    ids = batch.column("customer_id").cast(pa.string())
    return pc.fill_null(pc.equal(ids, customer_id), False)
