"""Where records come from: CSV and Parquet files, a DuckDB file, PostgreSQL, or SQL over them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from features import encodings, postgres
from features.errors import QuerenciaError
from features.files import workspace

DATABASES = (".duckdb", ".db")

MEMORY_SHARE = 0.25
"""Of the memory DuckDB would take by itself, which is four fifths of the machine's."""

_SQL_ERRORS = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ConversionException,
    duckdb.ParserException,
)
_HAS_REJECTS = "SELECT 1 FROM duckdb_tables() WHERE table_name = 'reject_errors'"
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
        query: SQL that gives the rows, over the tables of the database or of `files`; in
            PostgreSQL it runs there, in its own SQL.
        files: Names under which `query` finds further CSV or Parquet files.
        encoding: How the CSV files are written (`encodings.name`).
    """

    path: str | Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    where: str | None = None
    query: str | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    encoding: str = encodings.UTF_8

    @property
    def texts(self) -> list[Path]:
        """Its CSV files."""
        path = self.path if self.query is None else None
        files = [Path(path)] if path else []
        return [path for path in (*files, *self.files.values()) if not _is_parquet(path)]

    def __str__(self) -> str:
        if is_address(self.path):
            return "PostgreSQL"  # the address may hold a password
        return ", ".join(str(path) for path in (self.path, *self.files.values()) if path)


def is_address(path: str | Path | None) -> bool:
    """Whether a path is the address of a PostgreSQL database."""
    return str(path).startswith(postgres.ADDRESSES)


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


@contextmanager
def spilling(time_zone: str, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB as `connect` gives, that keeps what memory can't hold in a folder until it is done.

    It takes `MEMORY_SHARE` of the memory that DuckDB would allow itself.
    """
    with workspace(folder) as spill, connect(time_zone) as connection:
        limit = connection.execute("SELECT current_setting('memory_limit')").fetchall()[0][0]
        size, unit = limit.split()
        connection.execute(f"SET memory_limit = '{float(size) * MEMORY_SHARE:.3f} {unit}'")
        connection.execute(f"SET temp_directory = '{_quoted(spill)}'")
        yield connection


def attach(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Make the source's rows the view `source`.

    Raises:
        QuerenciaError: where a file is missing or can't be read.
    """
    with readable(source):
        connection.execute(f"CREATE TEMP VIEW source AS {_select(connection, source)}")


def _require_decodable(source: Source) -> None:
    for path in source.texts:
        if path.is_file():
            encodings.require(path, source.encoding)


@contextmanager
def readable(source: Source) -> Iterator[None]:
    """Say which file can't be read, and what to do, where DuckDB stumbles over it."""
    try:
        yield
    except duckdb.Error as error:
        _require_decodable(source)
        reason = " ".join(str(error).splitlines()[:3])
        if is_address(source.path):
            reason = reason.replace(str(source.path), "its address")
        remedy = _OF_SQL if isinstance(error, _SQL_ERRORS) else _OF_FILES
        raise QuerenciaError(f"{source} can't be read: {reason}\n{remedy}") from None


def surplus(connection: duckdb.DuckDBPyConnection, source: Source) -> list[str]:
    """The last columns of the view `source` that a CSV file's header does not have.

    Where some of its first rows have more columns than the header, DuckDB gives the header more.
    """
    if source.query is not None or _is_parquet(_one_file(source)):
        return []
    names = [name for name, *_ in connection.execute("DESCRIBE source").fetchall()]
    file = _csv(_in_utf8(connection, _one_file(source), source), header=False)
    header = connection.execute(f"FROM {file} LIMIT 1").fetchone()
    named = [place for place, name in enumerate(header or names) if name is not None]
    return names[named[-1] + 1 :] if named else []


def rejected(connection: duckdb.DuckDBPyConnection, source: Source) -> list[tuple[int, str]]:
    """Line number and text of rows with more columns than the header, of the files read so far.

    Raises:
        QuerenciaError: where a line could not be read at all.
    """
    if not connection.execute(_HAS_REJECTS).fetchall():
        return []
    rows = connection.execute("""
        SELECT DISTINCT error_type, line, csv_line, error_message FROM reject_errors
        ORDER BY line""").fetchall()
    if any(kind == "INVALID ENCODING" for kind, *_ in rows):
        _require_decodable(source)
    for kind, line, _, message in rows:
        if kind != "TOO MANY COLUMNS":
            raise QuerenciaError(f"{source} can't be read: line {line}: {message}\n{_OF_FILES}")
    return list(dict.fromkeys((line, text) for _, line, text, _ in rows))


def _select(connection: duckdb.DuckDBPyConnection, source: Source) -> str:
    for name, path in source.files.items():
        rows = _file(connection, path, source)
        connection.execute(f"CREATE TEMP VIEW {identifier(name)} AS SELECT * FROM {rows}")
    if source.query is None:
        rows = f"SELECT * FROM {_file(connection, _one_file(source), source)}"
    elif is_address(source.path):
        rows = _fetched(connection, source)
    else:
        _attach_database(connection, source.path)
        rows = source.query
    return f"SELECT * FROM ({rows}) WHERE {source.where}" if source.where else rows


def _fetched(connection: duckdb.DuckDBPyConnection, source: Source) -> str:
    """SQL of the rows that a query of PostgreSQL gives, fetched once, for it may be read twice."""
    if source.files or source.query is None:
        raise QuerenciaError(
            "A query of PostgreSQL runs there and can't read files: leave them out."
        )
    with postgres.rows(str(source.path), source.query) as arriving:
        numbers = ", ".join(
            f"TRY_CAST({identifier(name)} AS {kind}) AS {identifier(name)}"
            for name, kind in postgres.exact(arriving.schema).items()
        )
        connection.register("arriving", arriving)
        connection.execute(
            "CREATE TEMP TABLE fetched AS "
            f"SELECT * {f'REPLACE ({numbers})' if numbers else ''} FROM arriving"
        )
        connection.unregister("arriving")
    return "SELECT * FROM fetched"


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
    connection.execute(f"ATTACH '{_quoted(_existing(Path(path)))}' AS company (READ_ONLY)")
    connection.execute("USE company")


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise QuerenciaError(f"There is no file {path}.")
    return path


def _file(connection: duckdb.DuckDBPyConnection, path: Path, source: Source) -> str:
    if _is_parquet(_existing(path)):
        return f"read_parquet('{_quoted(path)}')"
    return _csv(_in_utf8(connection, path, source), header=True)


def _in_utf8(connection: duckdb.DuckDBPyConnection, path: Path, source: Source) -> Path:
    """The file or its copy: DuckDB itself knows few encodings."""
    setting = "SELECT current_setting('temp_directory')"
    return encodings.in_utf8(
        path, source.encoding, Path(connection.execute(setting).fetchall()[0][0])
    )


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def _csv(path: Path, *, header: bool) -> str:
    # Quotes are stated, for guesses look at the head of the file only; and line breaks inside
    # them, with rows that may be short, take a reader that goes through the file in order.
    return (
        f"read_csv('{_quoted(path)}', all_varchar = true, header = {header}, null_padding = true, "
        """quote = '"', escape = '"', parallel = false, store_rejects = true)"""
    )


def _quoted(text: str | Path) -> str:
    return str(text).replace("'", "''")


def identifier(name: str) -> str:
    """A name as SQL, whatever letters it has."""
    return '"' + name.replace('"', '""') + '"'
