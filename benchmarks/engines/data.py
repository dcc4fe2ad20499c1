"""A made company, written as the clustered store: sorted by customer and time, seeded."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

SECOND = 1_000_000
DAY = 86_400 * SECOND
BEGIN = 1_640_995_200 * SECOND  # 2022-01-01 UTC
YEARS = 3
ROW_GROUP = 122_880
PIECE = 1_000_000
"""Purchases made at a time, so that memory stays flat."""
HUNDREDTH_HOUR = 36 * SECOND


def main(folder: Path, purchases: int) -> dict[str, float]:
    """Write the tables, and once more under `sales` the purchases without refunds."""
    begin = time.process_time()
    pieces = [min(PIECE, purchases - done) for done in range(0, purchases, PIECE)]
    with ExitStack() as stack:
        writers: dict[Path, pq.ParquetWriter] = {}
        for number, size in enumerate(pieces):
            for path, rows in _tables(number, size):
                if path not in writers:
                    writers[path] = stack.enter_context(_writer(folder / path, rows.schema))
                writers[path].write_table(rows, row_group_size=ROW_GROUP)
    return {"cpu": time.process_time() - begin}


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    path.parent.mkdir(parents=True, exist_ok=True)
    return pq.ParquetWriter(path, schema)


def _tables(number: int, purchases: int) -> Iterator[tuple[Path, pa.Table]]:
    """The rows of one piece of the company, whose customers come after those of the last."""
    rng = np.random.default_rng(number)
    who = range(number * PIECE // 10, number * PIECE // 10 + purchases // 10)
    transactions = _transactions(rng, purchases, who)
    yield Path("records/transactions.parquet"), transactions
    sales = transactions.filter(pc.greater_equal(transactions["amount"], 0))
    columns = ["customer_id", "occurred_at", "amount", "day"]
    yield Path("sales/records/transactions.parquet"), sales.select(columns)
    yield Path("records/surveys.parquet"), _surveys(rng, purchases // 10, who)
    yield Path("records/tickets.parquet"), _tickets(rng, purchases // 10, who)


def _sorted(rng: np.random.Generator, rows: int, who: range) -> tuple[np.ndarray, np.ndarray]:
    """Customer number and time of each row; a few customers have most of the rows."""
    customers = len(who)
    customer = (customers * rng.random(rows) ** 1.5).astype(np.int64)
    joined = (rng.permutation(customers) / customers * (YEARS - 0.5) * 365 * 86_400).astype(int)
    left = YEARS * 365 * 86_400 - joined[customer]
    times = BEGIN + (joined[customer] + (rng.random(rows) * left).astype(int)) * SECOND
    order = np.lexsort((times, customer))
    return who.start + customer[order], times[order]


def _transactions(rng: np.random.Generator, rows: int, who: range) -> pa.Table:
    customer, occurred = _sorted(rng, rows, who)
    cents = np.rint(rng.lognormal(3.5, 0.8, rows) * 100)
    amount = np.where(rng.random(rows) < 0.03, -cents, cents) / 100
    promised = occurred + rng.integers(2, 6, rows) * DAY
    delivered = promised + (rng.normal(-0.5, 1.5, rows) * 1_440).astype(int) * 60 * SECOND
    delivered = np.maximum(delivered, occurred + DAY)
    never = rng.random(rows) < 0.02
    return pa.table(
        {
            "customer_id": _ids(customer),
            "occurred_at": _instants(occurred),
            "amount": amount,
            "promised_at": _instants(promised),
            "delivered_at": _instants(delivered, never),
            "day": pa.array((occurred // DAY).astype("datetime64[D]")),
        }
    )


def _surveys(rng: np.random.Generator, rows: int, who: range) -> pa.Table:
    customer, asked = _sorted(rng, rows, who)
    kind = rng.integers(0, 3, rows)
    score = np.choose(
        kind, (rng.integers(0, 11, rows), rng.integers(1, 6, rows), rng.integers(1, 8, rows))
    )
    silent = rng.random(rows) < 0.4
    answered = asked + (rng.exponential(2.0, rows) * 86_400).astype(int) * SECOND
    return pa.table(
        {
            "customer_id": _ids(customer),
            "kind": pa.array(np.array(["nps", "csat", "ces"], dtype=object)[kind], pa.string()),
            "asked_at": _instants(asked),
            "answered_at": _instants(answered, silent),
            "score": pa.array(score.astype(float), mask=silent),
        }
    )


def _tickets(rng: np.random.Generator, rows: int, who: range) -> pa.Table:
    customer, opened = _sorted(rng, rows, who)
    lasted = (rng.lognormal(3, 1.5, rows) * 100).astype(int) * HUNDREDTH_HOUR
    return pa.table(
        {
            "customer_id": _ids(customer),
            "opened_at": _instants(opened),
            "resolved_at": _instants(opened + lasted, rng.random(rows) < 0.1),
        }
    )


def _ids(customer: np.ndarray) -> pa.Array:
    return pa.array(np.char.add("C", np.char.zfill(customer.astype(str), 8)), pa.string())


def _instants(values: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    return pa.array(values, pa.int64(), mask=missing).cast(pa.timestamp("us", tz="UTC"))
