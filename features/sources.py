"""Reading a company's files into records: typed, checked, sorted; what is bad goes to quarantine.

DuckDB reads, checks and sorts, with one SQL pass per table; every bad row is kept in a quarantine
file with its reasons. Files are written aside and renamed, so that a job that dies leaves the
last good state.
"""

import difflib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from features.errors import QuerenciaError
from features.files import aside
from features.records import Column, Contract, Kind

_SQL_TYPES: dict[Kind, str] = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "instant": "TIMESTAMPTZ",
    "money": "DECIMAL(18, 4)",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
}
_SOUND: dict[Kind, str] = {
    "instant": "BETWEEN '1900-01-01' AND '2999-12-31'",  # no infinity, no 1899 of an empty cell
    "number": "BETWEEN -1e300 AND 1e300",  # no infinity, no NaN
}
_NOT_A: dict[Kind, str] = {
    "instant": "a time",
    "money": "an amount",
    "number": "a number",
    "flag": "true or false",
}
_REMEDIES: dict[Kind, str] = {
    "id": "give every row an id",
    "text": "fill it in",
    "instant": "write times as 2024-05-31 or 2024-05-31T10:15:00Z",
    "money": "write amounts as 1234.50, without thousands separator or currency sign",
    "number": "write numbers as 12.5",
    "flag": "write true or false",
}


@dataclass(frozen=True)
class Source:
    """Where the records of a table come from.

    Attributes:
        path: A CSV or Parquet file.
        columns: The file's own name of a contract column, where it differs.
    """

    path: Path
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """One reason rows were refused for: how many, and the first of them as it was written."""

    reason: str
    rows: int
    example: dict[str, Any]
    remedy: str

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value}" for name, value in self.example.items())
        return f"{self.rows:,} rows: {self.reason} (e.g. {shown}); {self.remedy}"


@dataclass(frozen=True)
class Intake:
    """What came of reading one table.

    Attributes:
        table: Name of the table.
        columns: The contract columns the file has.
        rows: Rows read.
        kept: Rows that went on.
        faults: Why the others did not, most frequent first.
    """

    table: str
    columns: tuple[str, ...]
    rows: int
    kept: int
    faults: tuple[Fault, ...]


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


def read(source: Source, contract: Contract, folder: Path, *, time_zone: str) -> Intake:
    """Read, check and sort one table into `folder`.

    Writes `records/TABLE.parquet`, sorted by customer and time, with a column `day` (the local
    calendar day), and `quarantine/TABLE.csv` with the rows refused and their reasons.

    Raises:
        QuerenciaError: where the file or a required column is missing, the file can't be read to
            its end, or no row is any good.
    """
    with connect(time_zone) as connection:
        with _readable(source.path):
            found = _names(connection, source.path)
            present = _present(source, contract, found)
            connection.execute(f"CREATE VIEW judged AS {_judged(source, contract, present)}")
            intake = _intake(connection, contract, present)
        if intake.kept == 0:
            raise QuerenciaError(
                "\n  ".join([f"No usable row in {source.path}.", *map(str, intake.faults)])
            )
        _write(connection, contract, present, folder)
    return intake


def _relation(path: Path) -> str:
    quoted = str(path).replace("'", "''")
    if path.suffix.lower() == ".parquet":
        return f"read_parquet('{quoted}')"
    # Quotes are stated, for guesses look at the head of the file only; and line breaks inside
    # them, with rows that may be short, take a reader that goes through the file in order.
    return (
        f"read_csv('{quoted}', all_varchar = true, header = true, null_padding = true, "
        """quote = '"', escape = '"', parallel = false)"""
    )


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    if not path.is_file():
        raise QuerenciaError(f"There is no file {path}.")
    try:
        yield
    except duckdb.Error as error:
        reason = " ".join(str(error).splitlines()[:3])
        raise QuerenciaError(
            f"{path} can't be read as {path.suffix or 'CSV'}: {reason}\n"
            "Save it as CSV in UTF-8, with as many columns in every row as in the header, or as "
            "Parquet."
        ) from None


def _names(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    rows = connection.execute(f"DESCRIBE SELECT * FROM {_relation(path)}").fetchall()
    return [row[0] for row in rows]


def _present(source: Source, contract: Contract, found: list[str]) -> dict[str, str]:
    """The file's own name for each contract column it has; a key that only numbers may lack."""
    wanted = {name: source.columns.get(name, name) for name in contract.names}
    present = {name: own for name, own in wanted.items() if own in found}
    missing = [
        name
        for name in contract.required
        if name not in present and (name != contract.key or name == "customer_id")
    ]
    if missing:
        raise QuerenciaError(
            "\n".join(
                [
                    f"{source.path} has no column for {', '.join(missing)}.",
                    f"It has: {', '.join(found)}.",
                    "Rename them, or say in querencia.toml which they are:",
                    f"  [tables.{contract.table}.columns]",
                    *(f'  {name} = "{_closest(name, found)}"' for name in missing),
                ]
            )
        )
    return present


def _closest(name: str, found: list[str]) -> str:
    return next(iter(difflib.get_close_matches(name, found, n=1, cutoff=0.4)), "...")


def _judged(source: Source, contract: Contract, present: Mapping[str, str]) -> str:
    """SQL of every row as written (`*_raw`), as typed, and with the reasons to refuse it.

    A contract column the file lacks is NULL, so that rules need not ask what is there.
    """
    raw = ", ".join(
        f"{_raw(present.get(column.name))} AS {column.name}_raw" for column in contract.columns
    )
    typed = ", ".join(_typed(column) for column in contract.columns)
    key, numbered = contract.key, contract.key not in present
    reasons = ", ".join(_reasons(contract, numbered=numbered))
    return f"""
        WITH written AS (SELECT row_number() OVER () AS row, {raw} FROM {_relation(source.path)}),
        typed AS (SELECT *, {typed} FROM written),
        ruled AS (SELECT *, list_filter([{reasons}], reason -> reason IS NOT NULL) AS reasons
                  FROM typed)
        SELECT * REPLACE ({_row_number(key) if numbered else _once(key)}) FROM ruled
        """


def _row_number(key: str) -> str:
    return f"CAST(row AS VARCHAR) AS {key}"


def _once(key: str) -> str:
    """SQL that refuses all but the first good row of a key."""
    return f"""
        CASE WHEN len(reasons) = 0
                  AND row_number() OVER (PARTITION BY {key}, len(reasons) ORDER BY row) > 1
             THEN ['{key} appears more than once'] ELSE reasons END AS reasons"""


def _raw(own: str | None) -> str:
    if own is None:
        return "CAST(NULL AS VARCHAR)"
    name = own.replace('"', '""')
    return f"""nullif(trim(CAST("{name}" AS VARCHAR)), '')"""


def _typed(column: Column) -> str:
    value = f"TRY_CAST({column.name}_raw AS {_SQL_TYPES[column.kind]})"
    sound = _SOUND.get(column.kind)
    return f"{f'CASE WHEN {value} {sound} THEN {value} END' if sound else value} AS {column.name}"


def _reasons(contract: Contract, *, numbered: bool) -> list[str]:
    """SQL expressions, each the reason a row is refused or NULL."""
    reasons = []
    for column in contract.columns:
        name = column.name
        if column.required and not (numbered and name == contract.key):
            reasons.append(f"CASE WHEN {name}_raw IS NULL THEN '{name} is missing' END")
        if column.kind in _NOT_A:
            reasons.append(
                f"CASE WHEN {name} IS NULL AND {name}_raw IS NOT NULL "
                f"THEN '{name} is not {_NOT_A[column.kind]}' END"
            )
        if column.rule:
            reasons.append(f"CASE WHEN NOT ({column.rule}) THEN '{column.reason}' END")
    return reasons


def _intake(
    connection: duckdb.DuckDBPyConnection, contract: Contract, present: Mapping[str, str]
) -> Intake:
    rows, kept = connection.execute(
        "SELECT count(*), count(*) FILTER (len(reasons) = 0) FROM judged"
    ).fetchall()[0]
    columns = [f"{name}_raw" for name in present]
    refused = connection.execute(f"""
        SELECT reason, count(*) AS refused, min(row), {
        ", ".join(f"arg_min_null({column}, row)" for column in columns)
    }
        FROM (SELECT *, unnest(reasons) AS reason FROM judged)
        GROUP BY reason ORDER BY refused DESC, reason""").fetchall()
    faults = tuple(
        Fault(
            reason,
            count,
            {"row": row, **dict(zip(present, example, strict=True))},
            _remedy(contract, reason),
        )
        for reason, count, row, *example in refused
    )
    return Intake(contract.table, tuple(present), rows, kept, faults)


def _remedy(contract: Contract, reason: str) -> str:
    column = next(column for column in contract.columns if reason.startswith(column.name))
    if reason.endswith("appears more than once"):
        return "give every row an id of its own; the first row was kept"
    if reason == column.reason:
        return "correct it where it was recorded"
    return _REMEDIES[column.kind]


def _write(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    present: Mapping[str, str],
    folder: Path,
) -> None:
    names = [contract.key, *(name for name in present if name != contract.key)]
    kept = ", ".join(
        f"CAST({name} AS DOUBLE) AS {name}" if _kind(contract, name) == "money" else name
        for name in names
    )
    raw = ", ".join(f"{name}_raw AS {name}" for name in present)
    order = ["customer_id", contract.time]
    # A refund in the same instant as a purchase refers to it, so it comes after it.
    order += ["amount DESC"] if "amount" in names else []
    quarantine = folder / "quarantine" / f"{contract.table}.csv"
    _copy(
        connection,
        f"SELECT {kept}, CAST({contract.time} AS DATE) AS day FROM judged "
        f"WHERE len(reasons) = 0 ORDER BY {', '.join(order)}",
        folder / "records" / f"{contract.table}.parquet",
        "PARQUET",
    )
    _copy(
        connection,
        f"SELECT row, array_to_string(reasons, '; ') AS reasons, {raw} FROM judged "
        "WHERE len(reasons) > 0 ORDER BY row",
        quarantine,
        "CSV, HEADER",
    )


def _kind(contract: Contract, name: str) -> Kind:
    return next(column.kind for column in contract.columns if column.name == name)


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path, form: str) -> None:
    with aside(path) as new:
        quoted = str(new).replace("'", "''")
        connection.execute(f"COPY ({query}) TO '{quoted}' (FORMAT {form})")
