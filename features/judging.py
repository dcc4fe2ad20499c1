"""Rows as written, as typed, and why some of them are refused: the SQL of one table's checks."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from features.ledger import SQL_TYPES, parquet
from features.records import Column, Contract, Kind
from features.rules import Rule
from features.sources import identifier

NO_RATE = "currency has no rate for that day"
REPEATED = "appears more than once"
CORRECT = "correct it where it was recorded"
TOO_WIDE = "the row has more columns than the header"

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


def judge(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    columns: Mapping[str, str],
    *,
    rates: Path,
    currency: str,
    first: int | None = None,
    surplus: Sequence[str] = (),
) -> None:
    """Make the table `judged` of the view `source`.

    It holds of each row its number (`row`), its columns as typed, those whose kind is not text
    also as they were written (`raw`), and `reasons`, empty where there is none to refuse it.

    Args:
        connection: Where `source` is.
        contract: What the rows must be.
        columns: SQL of each contract column the source has.
        rates: Where the records' rates lie, if there are any.
        currency: The reporting currency.
        first: Where the rows have no key, they are numbered for one from the number after this.
        surplus: Columns of the source that must be empty, for its header lacks them.
    """
    written = _trimmed(connection, columns)
    values = ", ".join(
        f"{_written(column, written.get(column.name))} AS {raw(column)}"
        for column in contract.columns
    )
    typed = ", ".join(_typed(column) for column in contract.columns if raw(column) != column.name)
    reasons = _reasons(contract, numbered=first is not None)
    priced = "SELECT * FROM typed"
    if contract.table == "transactions" and "currency" in columns:
        priced = _priced(rates, currency)
        reasons.append(f"CASE WHEN rate IS NULL THEN '{NO_RATE}' END")
    if surplus:
        filled = ", ".join(f"nullif(trim({identifier(name)}), '')" for name in surplus)
        values += f", coalesce({filled}) AS surplus"
        reasons.append(f"CASE WHEN surplus IS NOT NULL THEN '{TOO_WIDE}' END")
    present = [column for column in contract.columns if column.name in columns]
    names = dict.fromkeys(name for column in present for name in (column.name, raw(column)))
    number = "" if first is None else f", CAST(row + {first} AS VARCHAR) AS {contract.key}"
    connection.execute(f"""
        CREATE TEMP TABLE judged AS
        WITH written AS (SELECT row_number() OVER () AS row, {values} FROM source),
        typed AS (SELECT *, {typed} FROM written),
        priced AS ({priced})
        SELECT row{number}, {", ".join(names)}, concat_ws('; ', {", ".join(reasons)}) AS reasons,
               CAST(NULL AS VARCHAR) AS line
        FROM priced""")


def _trimmed(connection: duckdb.DuckDBPyConnection, columns: Mapping[str, str]) -> dict[str, str]:
    """SQL of each column as it was written: text trimmed, and nothing but a space missing."""
    values = ", ".join(f"{own} AS {name}" for name, own in columns.items())
    rows = connection.execute(f"DESCRIBE SELECT {values} FROM source").fetchall()
    # What is typed stays so: writing times out as text costs more than all checks together.
    return {
        name: f"nullif(trim({columns[name]}), '')" if kind == "VARCHAR" else columns[name]
        for name, kind, *_ in rows
    }


def raw(column: Column) -> str:
    """Where `judged` holds a column as it was written: text is as it was."""
    return column.name if column.kind in ("id", "text") else f"{column.name}_raw"


def _written(column: Column, own: str | None) -> str:
    """SQL of a column as it was written; NULL, so that rules need not ask, where there is none."""
    if own is None:
        return "CAST(NULL AS VARCHAR)"
    text = f"CAST({own} AS VARCHAR)"
    if column.kind == "id":
        # Ids that were numbers with gaps come as 17850.0 from a data frame.
        whole = rf"regexp_replace({text}, '^(\d+)\.0$', '\1')"
        return f"CASE WHEN suffix({text}, '.0') THEN {whole} ELSE {text} END"
    return text if column.kind == "text" else own


def _typed(column: Column) -> str:
    value = f"TRY_CAST({column.name}_raw AS {SQL_TYPES[column.kind]})"
    sound = _SOUND.get(column.kind)
    return f"{f'CASE WHEN {value} {sound} THEN {value} END' if sound else value} AS {column.name}"


def _reasons(contract: Contract, *, numbered: bool) -> list[str]:
    """SQL expressions, each the reason a row is refused or NULL."""
    reasons = []
    for column in contract.columns:
        name = column.name
        if column.required and not (numbered and name == contract.key):
            reasons.append(f"CASE WHEN {raw(column)} IS NULL THEN '{name} is missing' END")
        if column.kind in _NOT_A:
            reasons.append(
                f"CASE WHEN {name} IS NULL AND {raw(column)} IS NOT NULL "
                f"THEN '{name} is not {_NOT_A[column.kind]}' END"
            )
        if column.rule:
            reasons.append(_broken(column.rule))
    return reasons


def broken(contract: Contract) -> list[str]:
    """SQL expressions, each the reason of a rule that the columns of a row break, or NULL."""
    return [_broken(column.rule) for column in contract.columns if column.rule]


def _broken(rule: Rule) -> str:
    return f"CASE WHEN NOT ({rule.sql}) THEN '{rule.reason}' END"


def _priced(rates: Path, currency: str) -> str:
    """SQL of the typed rows with amounts in the reporting currency, at the latest rate before."""
    home = f"currency IS NULL OR currency = '{currency}'"
    amounts = ", ".join(
        f"CAST({name} * coalesce(rate, 1) AS DECIMAL(18, 4)) AS {name}"
        for name in ("amount", "margin", "discount")
    )
    if not rates.is_file():
        return f"SELECT *, CASE WHEN {home} THEN 1 END AS rate FROM typed"
    return f"""
        SELECT * REPLACE ({amounts}) FROM (
            SELECT typed.*, CASE WHEN typed.currency IS NULL OR typed.currency = '{currency}'
                            THEN 1 ELSE rates.rate END AS rate
            FROM typed ASOF LEFT JOIN {parquet(rates)} AS rates
            ON typed.currency = rates.currency AND typed.occurred_at >= rates.occurred_at)"""


def remedy(contract: Contract, reason: str) -> str:
    """What to do about rows refused for a reason."""
    if reason == NO_RATE:
        return "give its rates as a table: [tables.rates] with currency, occurred_at, rate"
    if reason == TOO_WIDE:
        return "put values that hold the separator in double quotes"
    if reason.endswith(REPEATED):
        return "give every row an id of its own; the first row was kept"
    column = next(column for column in contract.columns if reason.startswith(column.name))
    if column.rule and reason == column.rule.reason:
        return CORRECT
    return _REMEDIES[column.kind]
