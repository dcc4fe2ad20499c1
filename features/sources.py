"""Where records come from: CSV and Parquet files, a DuckDB file, PostgreSQL, or SQL over them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from features.errors import QuerenciaError

POSTGRES = ("postgres://", "postgresql://")
DATABASES = (".duckdb", ".db")

_SQL_ERRORS = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ConversionException,
    duckdb.ParserException,
)
_OF_SQL = "Correct the SQL of its table in querencia.toml: columns, where or query."
_OF_FILES = (
    "Save it as CSV in UTF-8, with as many columns in every row as in the header, or as Parquet."
)


@dataclass(frozen=True)
class Source:
    """Where the rows of a table come from.

    Attributes:
        path: A CSV or Parquet file; a DuckDB file or PostgreSQL address with `query`.
        columns: For a contract column, the source's own name of it, or an SQL expression over
            the source's columns, where it differs.
        where: SQL condition that the source's rows must meet to belong to the table.
        query: SQL that gives the rows, over the tables of the database or of `files`.
        files: Names under which `query` finds further CSV or Parquet files.
    """

    path: str | Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    where: str | None = None
    query: str | None = None
    files: Mapping[str, Path] = field(default_factory=dict)

    def __str__(self) -> str:
        if is_address(self.path):
            return "PostgreSQL"  # the address may hold a password
        return ", ".join(str(path) for path in (self.path, *self.files.values()) if path)


def is_address(path: str | Path | None) -> bool:
    """Whether a path is the address of a PostgreSQL database."""
    return str(path).startswith(POSTGRES)


def connect(time_zone: str) -> duckdb.DuckDBPyConnection:
    """A DuckDB that reads naive times, and days, in this zone."""
    connection = duckdb.connect()
    try:
        connection.execute(f"SET TimeZone = '{time_zone}'")
    except duckdb.Error:
        raise QuerenciaError(
            f"The time zone {time_zone!r} is not known. Use a name such as Europe/Madrid or UTC."
        ) from None
    connection.execute("SET enable_progress_bar = false")
    return connection


def attach(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Make the source's rows the view `source`.

    Raises:
        QuerenciaError: where a file is missing or can't be read.
    """
    with readable(source):
        connection.execute(f"CREATE TEMP VIEW source AS {_select(connection, source)}")


@contextmanager
def readable(source: Source) -> Iterator[None]:
    """Say which file can't be read, and what to do, where DuckDB stumbles over it."""
    try:
        yield
    except duckdb.Error as error:
        reason = " ".join(str(error).splitlines()[:3])
        if is_address(source.path):
            reason = reason.replace(str(source.path), "its address")
        remedy = _OF_SQL if isinstance(error, _SQL_ERRORS) else _OF_FILES
        raise QuerenciaError(f"{source} can't be read: {reason}\n{remedy}") from None


def _select(connection: duckdb.DuckDBPyConnection, source: Source) -> str:
    for name, path in source.files.items():
        connection.execute(f"CREATE TEMP VIEW {identifier(name)} AS SELECT * FROM {_file(path)}")
    if source.query is None:
        rows = f"SELECT * FROM {_file(_one_file(source))}"
    else:
        _attach_database(connection, source.path)
        rows = source.query
    return f"SELECT * FROM ({rows}) WHERE {source.where}" if source.where else rows


def _one_file(source: Source) -> Path:
    if source.path is None:
        raise QuerenciaError("No file is named. Say path, or query and the files it reads.")
    if is_address(source.path) or Path(source.path).suffix.lower() in DATABASES:
        raise QuerenciaError(
            f"{source} is a database. Say which of its rows you mean, such as "
            'query = "SELECT * FROM orders".'
        )
    return Path(source.path)


def _attach_database(connection: duckdb.DuckDBPyConnection, path: str | Path | None) -> None:
    if path is None:
        return
    if is_address(path):
        kind = " (TYPE postgres, READ_ONLY)"
    else:
        path, kind = _existing(Path(path)), " (READ_ONLY)"
    connection.execute(f"ATTACH '{_quoted(path)}' AS company{kind}")
    connection.execute("USE company")


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise QuerenciaError(f"There is no file {path}.")
    return path


def _file(path: Path) -> str:
    quoted = _quoted(_existing(path))
    if path.suffix.lower() == ".parquet":
        return f"read_parquet('{quoted}')"
    # Quotes are stated, for guesses look at the head of the file only; and line breaks inside
    # them, with rows that may be short, take a reader that goes through the file in order.
    return (
        f"read_csv('{quoted}', all_varchar = true, header = true, null_padding = true, "
        """quote = '"', escape = '"', parallel = false)"""
    )


def _quoted(text: str | Path) -> str:
    return str(text).replace("'", "''")


def identifier(name: str) -> str:
    """A name as SQL, whatever letters it has."""
    return '"' + name.replace('"', '""') + '"'
