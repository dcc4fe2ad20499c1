"""The clustered store: checked records, sorted by customer and time, read a few customers at once.

Memory stays flat however many records there are, because a group of customers is all that is
ever held.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.errors import QuerenciaError
from features.records import CONTRACTS, LEFT_OUT, TIMELINES, UNITS, Kind, Records
from features.timeline import UNKNOWN, Ints, Timeline, running_total

CUSTOMERS_AT_ONCE = 20_000

TIMES = {table: contract.time for table, contract in TIMELINES.items()}
"""The tables that make timelines, and the column that orders each."""

_KINDS: dict[str, Kind] = {
    column.name: column.kind for contract in CONTRACTS.values() for column in contract.columns
} | {"superseded_at": "instant"}


def timelines(customers: NDArray[Any], tables: Mapping[str, pa.Table]) -> Records:
    """Records of these customers from tables that hold only their rows.

    Args:
        customers: Customer ids in ascending order, shape (customers,).
        tables: Rows sorted by customer and time, the columns named as in the contracts.
    """
    issues = _shared([table for table in tables.values() if "ticket_id" in table.column_names])
    return Records(
        customers,
        {name: _timeline(customers, table, TIMES[name], issues) for name, table in tables.items()},
    )


def contract_ends(customers: NDArray[Any], rows: pa.Table) -> Ints:
    """Instant each customer's contract ends, microseconds, `UNKNOWN` where it goes on.

    Args:
        customers: Customer ids, shape (customers,).
        rows: Columns `customer_id` and `contract_ends_at`.
    """
    ends = np.full(len(customers), UNKNOWN)
    place = pc.index_in(pa.array(customers, pa.string()), rows["customer_id"])
    known = np.asarray(place.is_valid())
    ends[known] = _integers(rows["contract_ends_at"], "instant")[np.asarray(place.drop_null())]
    return ends


def _shared(tables: list[pa.Table]) -> pa.Array:
    """The ticket ids of all tables: a ticket has one number wherever it appears."""
    ids = [chunk.cast(pa.string()) for table in tables for chunk in table["ticket_id"].chunks]
    return pc.unique(pa.chunked_array(ids, pa.string())).drop_null()


def _timeline(customers: NDArray[Any], table: pa.Table, time: str, issues: pa.Array) -> Timeline:
    # Rows are sorted by customer, so there is a run to look up for each, not every row.
    runs = pc.run_end_encode(table["customer_id"].combine_chunks())
    owners = pc.index_in(runs.values, pa.array(customers, pa.string())).to_numpy()
    rows = np.zeros(len(customers), dtype=np.int64)
    rows[owners] = np.diff(np.asarray(runs.run_ends), prepend=0)
    columns: dict[str, Ints] = {}
    words: dict[str, tuple[str, ...]] = {}
    for name in table.column_names:
        if name == "ticket_id":
            columns[name] = _codes(pc.index_in(table[name], issues))
            words[name] = ()
        elif _KINDS.get(name) in ("id", "text") and name not in LEFT_OUT:
            coded = table[name].combine_chunks().dictionary_encode()
            columns[name] = _codes(coded.indices)
            words[name] = tuple(coded.dictionary.to_pylist())
        elif name not in LEFT_OUT:
            columns[name] = _integers(table[name], _KINDS.get(name))
    return Timeline(running_total(rows), columns[time], columns, words)


def _codes(indices: pa.Array | pa.ChunkedArray) -> Ints:
    return np.asarray(pc.fill_null(indices.cast(pa.int64()), -1))


def _integers(column: pa.ChunkedArray, kind: Kind | None) -> Ints:
    if kind == "instant":
        whole = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    elif kind in ("money", "number"):
        whole = pc.round(pc.multiply(column, float(UNITS))).cast(pa.int64())
    else:
        whole = column.cast(pa.int32()).cast(pa.int64())
    return np.asarray(pc.fill_null(whole, UNKNOWN))


@dataclass(frozen=True)
class Store:
    """The records of a data folder.

    Attributes:
        folder: Where `querencia check` wrote them: `records/TABLE.parquet`.
    """

    folder: Path

    def path(self, table: str) -> Path:
        """Where a table's records lie."""
        return self.folder / "records" / f"{table}.parquet"

    @cached_property
    def has(self) -> frozenset[str]:
        """The tables ("surveys") and columns ("surveys.score") there are."""
        names = set()
        for table in TIMES:
            if self.path(table).is_file():
                columns = pq.read_schema(self.path(table)).names
                names |= {table, *(f"{table}.{column}" for column in columns)}
        return frozenset(names)

    def _open(self, table: str) -> pq.ParquetFile:
        if not self.path(table).is_file():
            raise QuerenciaError(
                f"There are no {table} in {self.folder} yet. Read your files first: "
                "querencia check FILE"
            )
        return pq.ParquetFile(self.path(table))

    def span(self) -> tuple[date, date]:
        """The calendar day of the first transaction, and the day after the last one."""
        with self._open("transactions") as file:
            groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
            index = file.schema_arrow.get_field_index("day")
            statistics = [group.column(index).statistics for group in groups]
        return (min(s.min for s in statistics), max(s.max for s in statistics) + timedelta(days=1))

    def margin_rate(self, *, before: datetime) -> float | None:
        """Margin over net sales of what was known before an instant; None where it isn't known."""
        if "transactions.margin" not in self.has:
            return None
        told = {"recorded_at", "superseded_at"} & set(self._columns("transactions"))
        margin = sales = 0.0
        with self._open("transactions") as file:
            for batch in file.iter_batches(columns=["occurred_at", *told, "amount", "margin"]):
                known = pc.and_(batch["margin"].is_valid(), pc.less(batch["occurred_at"], before))
                for time in told:
                    is_before = pc.less(batch[time], before)
                    holds = pc.invert(is_before) if time == "superseded_at" else is_before
                    known = pc.and_(known, pc.fill_null(holds, True))
                sold = batch.filter(known)
                margin += pc.sum(sold["margin"]).as_py() or 0.0
                sales += pc.sum(sold["amount"]).as_py() or 0.0
        return min(margin / sales, 1.0) if margin > 0 and sales > 0 else None

    def records(self, customers_at_once: int = CUSTOMERS_AT_ONCE) -> Iterator[Records]:
        """The records, a group of customers at a time; no customer is ever split."""
        for customers in self.customers(customers_at_once):
            tables = {table: self._rows(table, customers) for table in TIMES if table in self.has}
            yield replace(timelines(customers, tables), contract_ends=self._contracts(customers))

    def customers(self, at_once: int = CUSTOMERS_AT_ONCE) -> Iterator[NDArray[Any]]:
        """Ids of all customers with a transaction, in ascending order, some at a time."""
        held = np.zeros(0, dtype=object)
        with self._open("transactions") as file:
            for batch in file.iter_batches(columns=["customer_id"], batch_size=1 << 20):
                fresh = pc.run_end_encode(batch.column(0)).values.to_numpy(zero_copy_only=False)
                repeated = bool(len(held)) and held[-1] == fresh[0]
                held = np.concatenate([held, fresh[1:] if repeated else fresh])
                # The last one may go on in the next batch, so it is never given away here.
                while len(held) > at_once:
                    yield held[:at_once]
                    held = held[at_once:]
        yield held

    def _columns(self, table: str) -> list[str]:
        return [name.removeprefix(f"{table}.") for name in self.has if name.startswith(f"{table}.")]

    def _rows(self, table: str, customers: NDArray[Any]) -> pa.Table:
        """These customers' rows, with the columns that features look at."""
        columns = [name for name in self._columns(table) if name not in LEFT_OUT]
        return self._read(table, customers, ["customer_id", *columns])

    @property
    def has_contracts(self) -> bool:
        """Whether it is known when customers' contracts end."""
        path = self.path("customers")
        return path.is_file() and "contract_ends_at" in pq.read_schema(path).names

    def _contracts(self, customers: NDArray[Any]) -> Ints | None:
        if not self.has_contracts:
            return None
        return contract_ends(
            customers, self._read("customers", customers, ["customer_id", "contract_ends_at"])
        )

    def _read(self, table: str, customers: NDArray[Any], columns: list[str]) -> pa.Table:
        ids = pa.array(customers, pa.string())
        within = (ds.field("customer_id") >= customers[0]) & (
            ds.field("customer_id") <= customers[-1]
        )
        rows = ds.dataset(self.path(table)).to_table(columns=columns, filter=within)
        return rows if table == "transactions" else rows.filter(pc.is_in(rows["customer_id"], ids))
