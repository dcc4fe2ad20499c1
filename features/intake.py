"""Taking records in: typed, checked, converted, sorted; what is bad goes to quarantine.

One SQL pass per table; every bad row is kept in a quarantine file with its reasons. Files are
written aside and renamed, so that a job that dies leaves the last good state.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow.parquet as pq

from features import changes, erasure, rates
from features.arrivals import Batch, receive
from features.completion import Repeats
from features.errors import QuerenciaError
from features.files import aside
from features.judging import TOO_WIDE, judge, raw, remedy
from features.ledger import Ledger, parquet, quoted, refusals, write_refusals
from features.mapping import present
from features.records import Contract
from features.settings import FeatureSettings
from features.sources import Source, attach, readable, rejected, spilling, surplus


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
        rows: Rows read, without those of which another row tells all (`again`, `completed`).
        kept: Rows that went on.
        faults: Why the others did not, most frequent first.
        again: Rows that told nothing that was not there before.
        completed: Rows that told more of one that was there before, such as its outcome.
    """

    table: str
    columns: tuple[str, ...]
    rows: int
    kept: int
    faults: tuple[Fault, ...]
    again: int = 0
    completed: int = 0

    @property
    def refused(self) -> float:
        """Share of the rows read that did not go on; 0 where nothing new was told."""
        return 1 - self.kept / self.rows if self.rows else 0.0


def take_in(source: Source, contract: Contract, folder: Path, settings: FeatureSettings) -> Intake:
    """Read, check, convert and sort one table into `folder`, in place of what was there.

    Writes `records/TABLE.parquet`, sorted by customer and time, with a column `day` (the local
    calendar day), and `quarantine/TABLE.csv` with the rows refused and their reasons. Rows of
    customers whom the records say are erased leave no trace in either; amounts in a foreign
    currency are converted by the records' rates (so take in `customers` and `rates` first).

    Of rows with one key the first good one counts, and a row recorded later (`recorded_at`) is a
    new version of it. A row of the same version that contradicts nothing completes it: every
    column keeps the first value it was given, and no rule may be broken by them all together.
    What it tells is known from its own time on (`answered_at`, `resolved_at`, `delivered_at`,
    `redeemed_at`) wherever the file had it; a column that has none (`topic`, `is_complaint`) was
    merely learned of late, and counts as if it had been there from the first.

    Of a customer, what is told last counts, column by column; who is erased once stays so, and
    keeps nothing but the id.

    Raises:
        QuerenciaError: where the file or a required column is missing, the file can't be read to
            its end, or no row is any good.
    """
    return _taken(source, Ledger(contract, folder, anew=True), settings)


def append(source: Source, contract: Contract, folder: Path, settings: FeatureSettings) -> Intake:
    """Add the rows of a further file to a table taken in; complete and correct earlier ones.

    The files are the same afterwards, row by row, as if all sources had been taken in as one in
    which they follow each other; whose records changed is noted (`features.changes`). A table
    whose rows have no key can't tell a row sent again from a new one. Where there are no records
    yet, this is `take_in`.

    Two processes must not do this in one folder at a time (`features.files.locked`).

    Raises:
        QuerenciaError: as `take_in`, but a file without a good row is only told; and where rates
            come too late for sales taken in, or the records there are were read under another
            currency or time zone, or with a key that these rows lack.
    """
    return _taken(source, Ledger(contract, folder), settings)


@dataclass(frozen=True)
class Weighed:
    """What would come of rows, by their numbers: from 1, in the order they are given.

    Attributes:
        again: Rows that tell nothing that is not there.
        refused: Rows that could not go on, and why.
    """

    again: frozenset[int]
    refused: Mapping[int, str]


def weigh(source: Source, contract: Contract, folder: Path, settings: FeatureSettings) -> Weighed:
    """What `append` would come to; nothing is written.

    Raises:
        QuerenciaError: as `append`.
    """
    ledger = Ledger(contract, folder)
    with TemporaryDirectory() as spill, spilling(settings.time_zone, Path(spill)) as connection:
        ledger.open(connection)
        with readable(source):
            batch = _read(connection, source, ledger, settings)
        receive(connection, ledger, batch)
        if contract.table == "rates":
            rates.require_settled(connection, ledger)
        refused = connection.execute("SELECT row, reasons FROM judged WHERE reasons <> ''")
        return Weighed(refused=dict(refused.fetchall()), again=_again(connection, ledger))


def _again(connection: duckdb.DuckDBPyConnection, ledger: Ledger) -> frozenset[int]:
    same = "SELECT row FROM repeated WHERE NOT completes"
    if ledger.contract.table == "customers":
        same = """SELECT row FROM judged WHERE reasons = '' AND customer_id NOT IN (
            SELECT customer_id FROM (FROM fresh EXCEPT FROM base))"""
    return frozenset(row for (row,) in connection.execute(same).fetchall())


def _taken(source: Source, ledger: Ledger, settings: FeatureSettings) -> Intake:
    contract = ledger.contract
    with spilling(settings.time_zone, ledger.folder) as connection:
        ledger.open(connection)
        with readable(source):
            batch = _read(connection, source, ledger, settings)
        repeats = receive(connection, ledger, batch)
        intake = _intake(connection, contract, batch, repeats)
        if not intake.kept and not ledger.held:
            raise QuerenciaError(
                "\n  ".join([f"No usable row in {source}.", *map(str, intake.faults)])
            )
        if contract.table == "rates":
            rates.require_settled(connection, ledger)
        # The records come last: a job that died before can be done again.
        _refuse(connection, ledger, batch)
        _write(connection, ledger, batch, settings)
    if contract.table == "customers":
        erasure.erase(ledger.folder, settings.time_zone)
    return intake


def _read(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    ledger: Ledger,
    settings: FeatureSettings,
) -> Batch:
    """Read and judge a source's rows, less those of erased customers."""
    contract, folder = ledger.contract, ledger.folder
    attach(connection, source)
    columns = present(connection, source, contract)
    is_numbered = contract.key is not None and contract.key not in columns
    ledger.require_same(settings, numbered=is_numbered)
    first = ledger.numbered if is_numbered else None
    judge(
        connection,
        contract,
        columns,
        rates=folder / "records" / "rates.parquet",
        currency=settings.currency,
        first=first,
        surplus=surplus(connection, source),
    )
    if first is not None:
        first += connection.execute("SELECT coalesce(max(row), 0) FROM judged").fetchall()[0][0]
    for line, text in rejected(connection, source):
        connection.execute(
            "INSERT INTO judged BY NAME SELECT $1 AS row, $2 AS reasons, $3 AS line",
            [line - 1, TOO_WIDE, text],
        )
    told = contract.table != "customers"
    if contract.table != "rates" and erasure.remember(connection, folder, told=told):
        erasure.withhold(connection, "judged", columns)
    return Batch(str(source), tuple(columns), first)


def _intake(
    connection: duckdb.DuckDBPyConnection, contract: Contract, batch: Batch, repeats: Repeats
) -> Intake:
    rows, kept = connection.execute(
        "SELECT count(*), count(*) FILTER (reasons = '') FROM judged"
    ).fetchall()[0]
    raws = {column.name: raw(column) for column in contract.columns}
    examples = ", ".join(
        f"CAST(arg_min_null({raws[name]}, row) AS VARCHAR)" for name in batch.columns
    )
    refused = connection.execute(f"""
        SELECT reason, count(*) AS refused, min(row), arg_min_null(line, row), {examples}
        FROM (SELECT *, unnest(string_split(reasons, '; ')) AS reason
              FROM judged WHERE reasons <> '')
        GROUP BY reason ORDER BY refused DESC, reason""").fetchall()
    faults = tuple(
        Fault(
            reason,
            count,
            {"row": row, "line": line}
            if line
            else {"row": row, **dict(zip(batch.columns, example, strict=True))},
            remedy(contract, reason),
        )
        for reason, count, row, line, *example in refused
    )
    return Intake(
        contract.table, batch.columns, rows, kept, faults, repeats.again, repeats.completed
    )


def _write(
    connection: duckdb.DuckDBPyConnection,
    ledger: Ledger,
    batch: Batch,
    settings: FeatureSettings,
) -> None:
    columns = _columns(ledger, batch)
    if set(columns) <= set(ledger.held) and _brings_nothing(connection, batch):
        return
    if ledger.held:
        _note_changes(connection, ledger)
    else:
        changes.note_everyone(ledger.folder)
    if ledger.contract.table == "customers":
        ledger.open(connection, empty=True)  # they are all in `fresh`
    notes = {"currency": settings.currency, "time_zone": settings.time_zone}
    if batch.numbered is not None:
        notes["numbered"] = str(batch.numbered)
    ledger.write(connection, columns, notes)


def _columns(ledger: Ledger, batch: Batch) -> list[str]:
    """The columns that the records have with these rows, but for `day`."""
    there = batch.given(ledger.contract.key) | set(ledger.held)
    columns = [name for name in ledger.contract.names if name in there]
    if batch.numbered is None and ledger.is_versioned and "recorded_at" in there:
        columns.append("superseded_at")
    return columns


def _brings_nothing(connection: duckdb.DuckDBPyConnection, batch: Batch) -> bool:
    """Whether the records stay as they are; numbers go on even where all rows were refused."""
    return (
        batch.numbered is None and not connection.execute("SELECT 1 FROM fresh LIMIT 1").fetchall()
    )


def _note_changes(connection: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    table, since = ledger.contract.table, f"{ledger.contract.time} AS since"
    if table == "customers":
        changed = (
            f"SELECT customer_id, {changes.ALWAYS} AS since FROM (FROM fresh EXCEPT FROM base)"
        )
    else:
        changed = f"""SELECT customer_id, {since} FROM fresh UNION ALL
            SELECT customer_id, {since} FROM known SEMI JOIN fresh USING ({ledger.keys})"""
    if table != "rates":
        changes.note(connection, ledger.folder, table, changed)


def _refuse(connection: duckdb.DuckDBPyConnection, ledger: Ledger, batch: Batch) -> None:
    """Write the rows refused, after those refused before."""
    raws = ", ".join(
        f"CAST({raw(column)} AS VARCHAR) AS {column.name}"
        for column in ledger.contract.columns
        if column.name in batch.columns
    )
    rows = f"""SELECT {quoted(batch.source)} AS source, CAST(row AS VARCHAR) AS row, reasons,
        {raws}, line FROM judged WHERE reasons <> '' ORDER BY judged.row"""
    there = set(batch.columns)
    if ledger.held and ledger.refused.is_file():
        before = refusals(ledger.refused)
        there |= {name for name, *_ in connection.execute(f"DESCRIBE FROM {before}").fetchall()}
        rows = f"FROM {before} UNION ALL BY NAME ({rows})"
    names = ", ".join(name for name in ledger.contract.names if name in there)
    write_refusals(
        connection, f"SELECT source, row, reasons, {names}, line FROM ({rows})", ledger.refused
    )


def refer(folder: Path) -> None:
    """Write `records/referred_purchases.parquet`: what referred customers bought, by referrer.

    A purchase counts for the referrer from the later of referral and purchase on, and not before
    it was recorded in its last version. Referrers for whom that changed are noted.
    """
    referrals, sold = (folder / "records" / f"{t}.parquet" for t in ("referrals", "transactions"))
    if not (referrals.is_file() and sold.is_file()):
        return
    if "referred_customer_id" not in pq.read_schema(referrals).names:
        return
    names = pq.read_schema(sold).names
    told = ", t.recorded_at" if "recorded_at" in names else ""
    last = "AND t.superseded_at IS NULL" if "superseded_at" in names else ""
    path = folder / "records" / "referred_purchases.parquet"
    with spilling("UTC", folder) as connection:
        connection.execute(f"""
            CREATE TEMP TABLE referred AS
            SELECT r.customer_id, greatest(r.occurred_at, t.occurred_at{told}) AS occurred_at,
            t.day
            FROM {parquet(referrals)} r JOIN {parquet(sold)} t
            ON r.referred_customer_id = t.customer_id AND t.amount >= 0 {last}
            ORDER BY customer_id, occurred_at, t.day""")
        before = parquet(path) if path.is_file() else "referred WHERE false"
        changes.note(
            connection,
            folder,
            "referred_purchases",
            "SELECT customer_id, occurred_at AS since FROM ("
            f"(FROM referred EXCEPT ALL FROM {before}) UNION ALL "
            f"(FROM {before} EXCEPT ALL FROM referred))",
        )
        with aside(path) as new:
            connection.execute(f"COPY referred TO {quoted(new)} (FORMAT parquet)")
