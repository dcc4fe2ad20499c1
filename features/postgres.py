"""Rows out of PostgreSQL and into it, as Arrow, by the driver of the extra `postgres`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pyarrow as pa

from features.errors import QuerenciaError

ADDRESSES = ("postgres://", "postgresql://")

_DRIVER = "adbc_driver_postgresql"
_REMEDY = (
    "Check the address, and that the server runs. What the address does not say is taken from the "
    "environment (PGHOST, PGUSER, PGPASSWORD, PGSSLMODE, ...) and ~/.pgpass."
)
_DONE = {"query": "read", "rows": "written"}
_ESCAPED = re.compile(r"([^@/?#%\s]|%[0-9A-Fa-f]{2})*")


@contextmanager
def rows(address: str, query: str) -> Iterator[pa.RecordBatchReader]:
    """What a query gives, in a transaction that only reads, as it arrives.

    The password is never shown in an error.

    Raises:
        QuerenciaError: where the driver is missing, the database can't be reached or refuses the
            query.
    """
    remedy = "Correct query of its table in querencia.toml; it is PostgreSQL's own SQL"
    with _cursor(address, "query", remedy) as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        cursor.execute(query)
        yield cursor.fetch_record_batch()


def replace_rows(address: str, table: str, rows: pa.Table) -> None:
    """Put rows in the place of all that a table holds, which is made where there is none.

    Whoever reads meanwhile sees the old rows until all new ones are there.

    Raises:
        QuerenciaError: where the driver is missing, the database can't be reached or refuses, as
            where the table has other columns.
    """
    remedy = f"Rename or drop the table {table} if its columns are others"
    with _cursor(address, "rows", remedy) as cursor:
        if _exists(cursor, table):
            cursor.execute(f"DELETE FROM {table}")
        cursor.adbc_ingest(table, rows, mode="create_append")
        cursor.connection.commit()


def delete_rows(address: str, table: str, column: str, value: str) -> int:
    """Delete the rows of a table whose column has a value; returns how many there were.

    Raises:
        QuerenciaError: where the driver is missing, the database can't be reached or refuses.
    """
    own = f"FROM {table} WHERE {column} = $1"
    with _cursor(address, "rows", f"See that the user may delete from {table}") as cursor:
        if not _exists(cursor, table):
            return 0
        cursor.execute(f"SELECT count(*) {own}", [value])
        ((count,),) = cursor.fetchall()
        cursor.execute(f"DELETE {own}", [value])
        cursor.connection.commit()
        return int(count)


def _exists(cursor: Any, table: str) -> bool:
    cursor.execute("SELECT to_regclass($1) IS NOT NULL", [table])
    ((exists,),) = cursor.fetchall()
    return bool(exists)


@contextmanager
def _cursor(address: str, what: str, remedy: str) -> Iterator[Any]:
    """A cursor; what the database says against the query or the rows is told in words.

    The password is never shown.
    """
    driver = _driver()
    _require_escaped(address)
    try:
        with driver.connect(address) as database, database.cursor() as cursor:
            yield cursor
    except driver.ProgrammingError as error:
        raise QuerenciaError(
            f"PostgreSQL refuses the {what}: {_discreet(error, address)}\n{remedy}."
        ) from None
    except driver.Error as error:
        raise QuerenciaError(
            f"PostgreSQL can't be {_DONE[what]}: {_discreet(error, address)}\n{_REMEDY}"
        ) from None


def exact(schema: pa.Schema) -> dict[str, str]:
    """SQL type of each column that is an exact number in the database, but arrives as text."""
    return {
        field.name: _decimal(int(field.metadata[b"POSTGRESQL:typmod"]))
        for field in schema
        if (field.metadata or {}).get(b"POSTGRESQL:type") == b"numeric"
    }


def _decimal(modifier: int) -> str:
    """The DuckDB type of PostgreSQL's `numeric` with this type modifier."""
    precision, scale = (modifier - 4) >> 16 & 0xFFFF, (modifier - 4) & 0x7FF
    fits = modifier >= 4 and precision <= 38 and scale <= precision
    return f"DECIMAL({precision}, {scale})" if fits else "DOUBLE"


def _driver() -> Any:
    try:
        return import_module(f"{_DRIVER}.dbapi")
    except ImportError:
        raise QuerenciaError(
            "PostgreSQL takes a driver: pip install 'querencia[postgres]'"
        ) from None


def _require_escaped(address: str) -> None:
    """Refuse an address whose password would be taken for a part of the host, and shown."""
    person, at, _ = address.partition("://")[2].rpartition("@")
    if at and not _ESCAPED.fullmatch(person):
        raise QuerenciaError(
            "The address of PostgreSQL has letters in its user or password that must be written "
            "otherwise: @ as %40, / as %2F, ? as %3F, # as %23, % as %25. Or leave the password "
            "out and give it as PGPASSWORD."
        )


def _discreet(error: Exception, address: str) -> str:
    """What an error says, in one line, without address and password."""
    parts = urlsplit(address)
    secrets = [parts.password, *parse_qs(parts.query).get("password", ())]
    hidden = [
        address,
        *(form for secret in secrets if secret for form in (secret, unquote(secret))),
    ]
    text = " ".join(str(error).split())
    for secret in hidden:
        text = text.replace(secret, "***")
    return text
