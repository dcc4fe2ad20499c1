"""Taking records in: typed, checked, converted, sorted; what is bad goes to quarantine.

One SQL pass per table; every bad row is kept in a quarantine file with its reasons. Files are
written aside and renamed, so that a job that dies leaves the last good state.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from features.errors import QuerenciaError
from features.files import aside
from features.mapping import present
from features.records import Column, Contract, Kind
from features.settings import FeatureSettings
from features.sources import Source, attach, connect, readable

_SQL_TYPES: dict[Kind, str] = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "instant": "TIMESTAMPTZ",
    "money": "DECIMAL(18, 4)",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
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
_SOUND: dict[Kind, str] = {
    "instant": "BETWEEN '1900-01-01' AND '2999-12-31'",  # no infinity, no 1899 of an empty cell
    "number": "BETWEEN -1e300 AND 1e300",  # no infinity, no NaN
}
_NO_RATE = "currency has no rate for that day"
_REPEATED = "appears more than once"


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
        columns: The contract columns the source has.
        rows: Rows read.
        kept: Rows that went on.
        faults: Why the others did not, most frequent first.
    """

    table: str
    columns: tuple[str, ...]
    rows: int
    kept: int
    faults: tuple[Fault, ...]


def take_in(source: Source, contract: Contract, folder: Path, settings: FeatureSettings) -> Intake:
    """Read, check, convert and sort one table into `folder`.

    Writes `records/TABLE.parquet`, sorted by customer and time, with a column `day` (the local
    calendar day), and `quarantine/TABLE.csv` with the rows refused and their reasons. Rows of
    customers whom the records say are erased leave no trace in either; amounts in a foreign
    currency are converted by the records' rates (so take in `customers` and `rates` first).

    Raises:
        QuerenciaError: where the file or a required column is missing, the file can't be read to
            its end, or no row is any good.
    """
    with connect(settings.time_zone) as connection:
        attach(connection, source)
        with readable(source):
            columns = present(connection, source, contract)
            columns = _trimmed(connection, columns)
            judged = _judged(contract, columns, folder / "records", settings.currency)
            connection.execute(f"CREATE TEMP TABLE judged AS {judged}")
            if contract.key in columns:
                _refuse_repeated(connection, contract, columns)
            intake = _intake(connection, contract, columns)
        if intake.kept == 0:
            raise QuerenciaError(
                "\n  ".join([f"No usable row in {source}.", *map(str, intake.faults)])
            )
        _write(connection, contract, columns, folder)
    return intake


def refer(folder: Path) -> None:
    """Write `records/referred_purchases.parquet`: what referred customers bought, by referrer.

    A purchase counts for the referrer from the later of referral and purchase on, and not before
    it was recorded in its last version.
    """
    referrals, sold = (folder / "records" / f"{t}.parquet" for t in ("referrals", "transactions"))
    if not (referrals.is_file() and sold.is_file()):
        return
    if "referred_customer_id" not in pq.read_schema(referrals).names:
        return
    names = pq.read_schema(sold).names
    told = ", t.recorded_at" if "recorded_at" in names else ""
    last = "AND t.superseded_at IS NULL" if "superseded_at" in names else ""
    with connect("UTC") as connection:
        _copy(
            connection,
            f"""SELECT r.customer_id, greatest(r.occurred_at, t.occurred_at{told}) AS occurred_at,
            t.day
            FROM {_parquet(referrals)} r JOIN {_parquet(sold)} t
            ON r.referred_customer_id = t.customer_id AND t.amount >= 0 {last}
            ORDER BY customer_id, occurred_at""",
            folder / "records" / "referred_purchases.parquet",
            "PARQUET",
        )


def _judged(contract: Contract, columns: Mapping[str, str], records: Path, currency: str) -> str:
    """SQL of every row as written (`*_raw`), as typed, and with the reasons to refuse it.

    A contract column the source lacks is NULL, so that rules need not ask what is there.
    """
    raw = ", ".join(
        f"{_raw(column, columns.get(column.name))} AS {column.name}_raw"
        for column in contract.columns
    )
    typed = ", ".join(_typed(column) for column in contract.columns)
    numbered = contract.key is not None and contract.key not in columns
    reasons = _reasons(contract, numbered=numbered)
    if "currency" in columns and contract.table == "transactions":
        priced = _priced(records, currency)
        reasons.append(f"CASE WHEN rate IS NULL THEN '{_NO_RATE}' END")
    else:
        priced = "SELECT * FROM typed"
    number = f"REPLACE (CAST(row AS VARCHAR) AS {contract.key})" if numbered else ""
    return f"""
        WITH written AS (SELECT row_number() OVER () AS row, {raw} FROM source),
        remembered AS ({_remembered(contract, records)}),
        typed AS (SELECT *, {typed} FROM remembered),
        priced AS ({priced}),
        ruled AS (SELECT *, list_filter([{", ".join(reasons)}], reason -> reason IS NOT NULL)
                  AS reasons FROM priced)
        SELECT * {number} FROM ruled
        """


def _trimmed(connection: duckdb.DuckDBPyConnection, columns: Mapping[str, str]) -> dict[str, str]:
    """SQL of each column as it was written: text trimmed, and nothing but a space missing."""
    values = ", ".join(f"{own} AS {name}" for name, own in columns.items())
    rows = connection.execute(f"DESCRIBE SELECT {values} FROM source").fetchall()
    # What is typed stays so: writing times out as text costs more than all checks together.
    return {
        name: f"nullif(trim({columns[name]}), '')" if kind == "VARCHAR" else columns[name]
        for name, kind, *_ in rows
    }


def _raw(column: Column, own: str | None) -> str:
    if own is None:
        return "CAST(NULL AS VARCHAR)"
    if column.kind != "id":
        return own
    # Ids that were numbers with gaps come as 17850.0 from a data frame.
    return rf"regexp_replace(CAST({own} AS VARCHAR), '^(\d+)\.0$', '\1')"


def _typed(column: Column) -> str:
    value = f"TRY_CAST({column.name}_raw AS {_SQL_TYPES[column.kind]})"
    sound = _SOUND.get(column.kind)
    return f"{f'CASE WHEN {value} {sound} THEN {value} END' if sound else value} AS {column.name}"


def _remembered(contract: Contract, records: Path) -> str:
    """SQL of the written rows, without a trace of customers whom the records say are erased."""
    customers = records / "customers.parquet"
    if contract.table in ("customers", "rates") or not customers.is_file():
        return "SELECT * FROM written"
    if "erased_at" not in pq.read_schema(customers).names:
        return "SELECT * FROM written"
    erased = f"(SELECT customer_id FROM {_parquet(customers)} WHERE erased_at IS NOT NULL)"
    whom = "referred_customer_id_raw"
    blank = f"REPLACE (CASE WHEN {whom} IN {erased} THEN NULL ELSE {whom} END AS {whom})"
    return f"""SELECT * {blank if contract.table == "referrals" else ""} FROM written
        WHERE coalesce(customer_id_raw, '') NOT IN {erased}"""


def _priced(records: Path, currency: str) -> str:
    """SQL of the typed rows with amounts in the reporting currency, at the latest rate before."""
    home = f"currency IS NULL OR currency = '{currency}'"
    amounts = ", ".join(
        f"CAST({name} * coalesce(rate, 1) AS DECIMAL(18, 4)) AS {name}"
        for name in ("amount", "margin", "discount")
    )
    rates = records / "rates.parquet"
    if not rates.is_file():
        return f"SELECT *, CASE WHEN {home} THEN 1 END AS rate FROM typed"
    return f"""
        SELECT * REPLACE ({amounts}) FROM (
            SELECT typed.*, CASE WHEN typed.currency IS NULL OR typed.currency = '{currency}'
                            THEN 1 ELSE rates.rate END AS rate
            FROM typed ASOF LEFT JOIN {_parquet(rates)} AS rates
            ON typed.currency = rates.currency AND typed.occurred_at >= rates.occurred_at)"""


def _refuse_repeated(
    connection: duckdb.DuckDBPyConnection, contract: Contract, columns: Mapping[str, str]
) -> None:
    """Refuse all but the first good row of a key; recorded later, it is a new version instead."""
    version = ", recorded_at" if "recorded_at" in columns else ""
    connection.execute(f"""
        UPDATE judged SET reasons = ['{contract.key} {_REPEATED}']
        WHERE len(reasons) = 0 AND row NOT IN (
            SELECT min(row) FROM judged WHERE len(reasons) = 0 GROUP BY {contract.key}{version})""")


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
    connection: duckdb.DuckDBPyConnection, contract: Contract, columns: Mapping[str, str]
) -> Intake:
    rows, kept = connection.execute(
        "SELECT count(*), count(*) FILTER (len(reasons) = 0) FROM judged"
    ).fetchall()[0]
    examples = ", ".join(f"CAST(arg_min_null({name}_raw, row) AS VARCHAR)" for name in columns)
    refused = connection.execute(f"""
        SELECT reason, count(*) AS refused, min(row), {examples}
        FROM (SELECT *, unnest(reasons) AS reason FROM judged)
        GROUP BY reason ORDER BY refused DESC, reason""").fetchall()
    faults = tuple(
        Fault(
            reason,
            count,
            {"row": row, **dict(zip(columns, example, strict=True))},
            _remedy(contract, reason),
        )
        for reason, count, row, *example in refused
    )
    return Intake(contract.table, tuple(columns), rows, kept, faults)


def _remedy(contract: Contract, reason: str) -> str:
    if reason == _NO_RATE:
        return "give its rates as a table: [tables.rates] with currency, occurred_at, rate"
    if reason.endswith(_REPEATED):
        return "give every row an id of its own; the first row was kept"
    column = next(column for column in contract.columns if reason.startswith(column.name))
    if reason == column.reason:
        return "correct it where it was recorded"
    return _REMEDIES[column.kind]


def _write(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    columns: Mapping[str, str],
    folder: Path,
) -> None:
    names = [name for name in contract.names if name in {*columns, contract.key}]
    kept = [
        f"CAST({name} AS DOUBLE) AS {name}" if _kind(contract, name) == "money" else name
        for name in names
    ]
    if contract.key in columns and "recorded_at" in columns:
        kept.append(
            f"lead(greatest(recorded_at, {contract.time})) OVER (PARTITION BY {contract.key} "
            f"ORDER BY coalesce(recorded_at, {contract.time})) AS superseded_at"
        )
    order = [*({"customer_id"} & set(names)), contract.time]
    # A refund in the same instant as a purchase refers to it, so it comes after it.
    order += ["amount DESC"] if "amount" in names else []
    raw = ", ".join(f"{name}_raw AS {name}" for name in columns)
    _copy(
        connection,
        f"SELECT {', '.join(kept)}, CAST({contract.time} AS DATE) AS day FROM judged "
        f"WHERE len(reasons) = 0 ORDER BY {', '.join(order)}",
        folder / "records" / f"{contract.table}.parquet",
        "PARQUET",
    )
    _copy(
        connection,
        f"SELECT row, array_to_string(reasons, '; ') AS reasons, {raw} FROM judged "
        "WHERE len(reasons) > 0 ORDER BY row",
        folder / "quarantine" / f"{contract.table}.csv",
        "CSV, HEADER",
    )


def _kind(contract: Contract, name: str) -> Kind:
    return next(column.kind for column in contract.columns if column.name == name)


def _parquet(path: Path) -> str:
    quoted = str(path).replace("'", "''")
    return f"read_parquet('{quoted}')"


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path, form: str) -> None:
    with aside(path) as new:
        quoted = str(new).replace("'", "''")
        connection.execute(f"COPY ({query}) TO '{quoted}' (FORMAT {form})")
