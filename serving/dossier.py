"""One customer's rows, looked up in the records."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features import snapshot
from features.ledger import parquet
from features.records import LEFT_OUT
from features.snapshot import Snapshot
from features.store import TIMES, Store, timelines
from serving import batch
from serving.settings import Settings
from training.champion import Champion


def row(customer_id: str, cutoff: datetime, champion: Champion, settings: Settings) -> Snapshot:
    """The snapshot of one customer of the records at one cut-off.

    Returns:
        One row, or none where there was no purchase before the cut-off, or no contract any more.

    Raises:
        QuerenciaError: where the company no longer has what the model knows customers by.
    """
    return rows(customer_id, [cutoff], champion, settings)


def rows(
    customer_id: str,
    cutoffs: Sequence[datetime],
    champion: Champion,
    settings: Settings,
    told: Mapping[str, pa.Table] | None = None,
) -> Snapshot:
    """The snapshot of one customer at several cut-offs, in ascending order; else as `row`.

    What is `told` of the customer (`records`) is not read again.
    """
    store, themes = Store(settings.data), champion.model.themes
    unread = LEFT_OUT if themes is None else LEFT_OUT - {"comment"}
    own = {
        table: records_of.select(_columns(store, table, unread))
        for table, records_of in (told or records(store, customer_id)).items()
        if table in store.has
    }
    timeline = timelines(np.array([customer_id], dtype=object), own, themes)
    known = batch.known(store, champion)
    return snapshot.take([timeline], cutoffs, settings.features, has=known, themes=themes)


def records(store: Store, customer_id: str) -> Mapping[str, pa.Table]:
    """Every record of a customer, by table."""
    tables = [table for table in TIMES if store.path(table).is_file()]
    # DuckDB decodes little more than the customer's rows; pyarrow, all rows that lie with them.
    with duckdb.connect(config={"threads": 1}) as connection:
        return {table: _own(connection, store.path(table), customer_id) for table in tables}


def _own(connection: duckdb.DuckDBPyConnection, path: Path, customer_id: str) -> pa.Table:
    sql = f"FROM {parquet(path)} WHERE customer_id = ?"
    found: pa.Table = connection.execute(sql, [customer_id]).to_arrow_table()
    return found.cast(pq.read_schema(path))


def _columns(store: Store, table: str, unread: frozenset[str] | set[str]) -> list[str]:
    prefix = f"{table}."
    names = sorted(name.removeprefix(prefix) for name in store.has if name.startswith(prefix))
    return ["customer_id", *(name for name in names if name not in unread)]
