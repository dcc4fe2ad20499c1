"""The clustered store: checked records, sorted by customer and time, read a few customers at once.

Memory stays flat however many records there are, because a group of customers is all that is
ever held.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.cutoffs import microseconds
from features.errors import QuerenciaError
from features.records import UNITS_PER_CURRENCY
from features.timeline import Timeline

CUSTOMERS_AT_ONCE = 100_000


@dataclass(frozen=True)
class Records:
    """Every record of a group of customers.

    Attributes:
        customers: Customer ids, shape (customers,).
        transactions: Their purchases and refunds, with columns `amount` (integers of 1/10,000),
            `day` (local calendar day since 1970) and `recorded_at` (microseconds).
    """

    customers: NDArray[Any]
    transactions: Timeline


def transactions_timeline(table: pa.Table) -> Records:
    """Records from a table of transactions sorted by customer and time."""
    runs = pc.run_end_encode(table["customer_id"].combine_chunks())
    return Records(
        runs.values.to_numpy(zero_copy_only=False),
        Timeline(
            np.concatenate([[0], runs.run_ends.to_numpy()]).astype(np.int64),
            _instants(table["occurred_at"]),
            {
                "amount": np.rint(table["amount"].to_numpy() * UNITS_PER_CURRENCY).astype(np.int64),
                "day": table["day"].cast(pa.int32()).to_numpy().astype(np.int64),
                "recorded_at": _known_at(table),
            },
        ),
    )


def _known_at(table: pa.Table | pa.RecordBatch) -> NDArray[np.int64]:
    """When each row came to be known, which is never before it happened."""
    times = _instants(table["occurred_at"])
    if "recorded_at" not in table.column_names:
        return times
    return np.maximum(times, _instants(table["recorded_at"].fill_null(table["occurred_at"])))


def _instants(column: pa.ChunkedArray) -> NDArray[np.int64]:
    return np.asarray(column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()))


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
        with self._open("transactions") as file:
            names = file.schema_arrow.names
            if "margin" not in names:
                return None
            times = [name for name in ("occurred_at", "recorded_at") if name in names]
            margin = sales = 0.0
            for batch in file.iter_batches(columns=[*times, "amount", "margin"]):
                known = pa.array(_known_at(batch) < microseconds((before,)))
                sold = batch.filter(pc.and_(known, batch["margin"].is_valid()))
                margin += pc.sum(sold["margin"]).as_py() or 0.0
                sales += pc.sum(sold["amount"]).as_py() or 0.0
        return min(margin / sales, 1.0) if margin > 0 and sales > 0 else None

    def records(self, customers_at_once: int = CUSTOMERS_AT_ONCE) -> Iterator[Records]:
        """The records, a group of customers at a time; no customer is ever split."""
        with self._open("transactions") as file:
            names = [
                name
                for name in ("customer_id", "occurred_at", "amount", "day", "recorded_at")
                if name in file.schema_arrow.names
            ]
            held: list[pa.RecordBatch] = []
            for batch in file.iter_batches(columns=names):
                held.append(batch)
                table = pa.Table.from_batches(held).combine_chunks()
                ends = pc.run_end_encode(table["customer_id"].combine_chunks()).run_ends
                if len(ends) > customers_at_once:
                    whole = ends[-2].as_py()
                    yield transactions_timeline(table[:whole])
                    held = table[whole:].to_batches()
            yield transactions_timeline(pa.Table.from_batches(held))
