"""The files of one table: its records in their order and versions, and the rows refused."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from features.errors import QuerenciaError
from features.files import aside
from features.records import Contract, Kind
from features.settings import FeatureSettings

SQL_TYPES: dict[Kind, str] = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "instant": "TIMESTAMPTZ",
    "money": "DECIMAL(18, 4)",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
}
_FORM = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 100000"
"""At this level zstd costs what snappy does and takes a quarter less room."""


@dataclass(frozen=True)
class Ledger:
    """What lies in a data folder of one table, or nothing where it is to be written `anew`.

    Its SQL works on views and tables of a connection, all with every column of the contract,
    `superseded_at`, `day` and the number of the `row` where it was read, none above 0 where it was
    there:

    - `base`: the records there were (`open`);
    - `fresh`: rows to add, without versions (`receive`);
    - `shared`: keys of rows to put in order anew among themselves, and `known` the rows of `base`
      that have one, each with a number of its own (`share`).
    """

    contract: Contract
    folder: Path
    anew: bool = False

    @property
    def path(self) -> Path:
        """Where the records lie."""
        return self.folder / "records" / f"{self.contract.table}.parquet"

    @property
    def refused(self) -> Path:
        """Where the rows refused lie."""
        return self.folder / "quarantine" / f"{self.contract.table}.csv"

    @cached_property
    def held(self) -> tuple[str, ...]:
        """The columns of the records, none where there are none."""
        there = self.path.is_file() and not self.anew
        return tuple(pq.read_schema(self.path).names) if there else ()

    @cached_property
    def notes(self) -> dict[str, str]:
        """What the records' file says of how they were made."""
        found = pq.read_metadata(self.path).metadata if self.held else None
        return {name.decode(): text.decode() for name, text in (found or {}).items()}

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell the table's rows apart."""
        return (self.contract.key,) if self.contract.key else ("currency", "occurred_at")

    @property
    def keys(self) -> str:
        """The same, as SQL."""
        return ", ".join(self.key)

    @property
    def is_versioned(self) -> bool:
        """Whether a row of the table may be corrected by a later one."""
        return "recorded_at" in self.contract.names

    @property
    def identity(self) -> str:
        """SQL of the columns that name a version of a row."""
        return f"{self.keys}, recorded_at" if self.is_versioned else self.keys

    def open(self, connection: duckdb.DuckDBPyConnection, *, empty: bool = False) -> None:
        """Make the view `base`, columns that are missing NULL."""
        held = () if empty else self.held
        rows = parquet(self.path) if held else "(SELECT 1) WHERE false"
        values = [
            f"{name if name in held else 'NULL'}::{_held_as(kind)} AS {name}"
            for name, kind in self._columns.items()
        ]
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW base AS SELECT 0 AS row, {', '.join(values)} FROM {rows}"
        )

    def receive(
        self, connection: duckdb.DuckDBPyConnection, rows: str, given: Container[str]
    ) -> None:
        """Make the view `fresh` of these rows, which have the columns `given`."""
        values = [
            f"{name if name in given else 'NULL'}::{_held_as(kind)} AS {name}"
            for name, kind in self._columns.items()
            if name not in ("day", "superseded_at")
        ]
        connection.execute(
            "CREATE OR REPLACE TEMP VIEW fresh AS "
            f"SELECT {'row' if 'row' in given else 0} AS row, {', '.join(values)}, "
            f"NULL::TIMESTAMPTZ AS superseded_at, {self.contract.time}::DATE AS day FROM {rows}"
        )

    def share(self, connection: duckdb.DuckDBPyConnection, keys: str) -> None:
        """Make the tables `shared`, of the keys this SQL gives, and `known`."""
        connection.execute(f"CREATE OR REPLACE TEMP TABLE shared AS {keys}")
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE known AS SELECT * REPLACE (-row_number() OVER () AS row) "
            f"FROM base SEMI JOIN shared USING ({self.keys})"
        )

    @property
    def _columns(self) -> dict[str, Kind | str]:
        """Every column records may have, and its kind."""
        columns: dict[str, Kind | str] = {
            column.name: column.kind for column in self.contract.columns
        }
        return columns | {"superseded_at": "instant", "day": "day"}

    def write(
        self,
        connection: duckdb.DuckDBPyConnection,
        columns: Sequence[str],
        notes: Mapping[str, str],
    ) -> None:
        """Write the records: `base` with `fresh`, and those with a shared key in their versions.

        Args:
            connection: Where the views are.
            columns: The columns to write, besides `day`.
            notes: What the file is to say of how it was made.
        """
        said = ", ".join(f"{name}: {quoted(text)}" for name, text in notes.items())
        rest = f"ANTI JOIN shared USING ({self.keys})"
        with aside(self.path) as new:
            connection.execute(
                f"COPY (SELECT {', '.join(columns)}, day FROM (FROM base {rest} UNION ALL "
                f"FROM fresh {rest} UNION ALL {self._versions()}) ORDER BY {self._order(columns)}) "
                f"TO {quoted(new)} ({_FORM}, KV_METADATA {{{said}}})"
            )

    def _versions(self) -> str:
        """SQL of the rows with a shared key, in their last state."""
        rows = f"(FROM known UNION ALL FROM fresh SEMI JOIN shared USING ({self.keys}))"
        if not self.is_versioned:
            return f"FROM {rows}"
        time = self.contract.time
        return f"""SELECT * REPLACE (lead(greatest(recorded_at, {time})) OVER (
                PARTITION BY {self.keys} ORDER BY coalesce(recorded_at, {time}),
                recorded_at NULLS FIRST) AS superseded_at) FROM {rows}"""

    def _order(self, names: Sequence[str]) -> str:
        """SQL of the records' order, which leaves nothing open."""
        order = [*({"customer_id"} & set(names)), self.contract.time]
        # A refund in the same instant as a purchase refers to it, so it comes after it.
        order += ["amount DESC"] if "amount" in names else []
        order += [name for name in self.key if name not in order]
        order += ["recorded_at NULLS FIRST"] if self.is_versioned else []
        return ", ".join(name for name in order if name.split()[0] in names)

    def require_same(self, settings: FeatureSettings, *, numbered: bool) -> None:
        """Refuse rows that were read otherwise than the records there are.

        Raises:
            QuerenciaError: naming what differs.
        """
        if not self.held:
            return
        mine = {"currency": settings.currency, "time_zone": settings.time_zone}
        for name, value in mine.items():
            there = self.notes.get(name)
            if there != value:
                raise QuerenciaError(
                    f"The {self.contract.table} there are were read with {name} {there}, not "
                    f"{value}. Read all files anew, without appending."
                )
        if numbered != ("numbered" in self.notes):
            without, having = ("this file", "those there are")[:: 1 if numbered else -1]
            raise QuerenciaError(
                f"Of the {self.contract.table}, {having} have {self.keys} and {without} has not. "
                "Rows with it and without can't be told apart: give it in every file or in none."
            )

    @property
    def numbered(self) -> int:
        """How many rows were given a number so far."""
        return int(self.notes.get("numbered", 0))


def _held_as(kind: Kind | str) -> str:
    """SQL type of a column in the records."""
    return {"money": "DOUBLE", "day": "DATE"}.get(kind) or SQL_TYPES[kind]  # type: ignore[index]


def quoted(text: str | Path) -> str:
    """A text as SQL."""
    return "'" + str(text).replace("'", "''") + "'"


def parquet(path: Path) -> str:
    """SQL of a Parquet file's rows."""
    return f"read_parquet({quoted(path)})"


def refusals(path: Path) -> str:
    """SQL of the rows of a quarantine file, as text."""
    return (
        f"read_csv({quoted(path)}, all_varchar = true, header = true, delim = ',', "
        """quote = '"', escape = '"', parallel = false)"""
    )


def write_refusals(connection: duckdb.DuckDBPyConnection, rows: str, path: Path) -> None:
    """Write a quarantine file."""
    with aside(path) as new:
        connection.execute(f"COPY ({rows}) TO {quoted(new)} (FORMAT csv, HEADER)")
