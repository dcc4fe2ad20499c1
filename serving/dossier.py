"""One customer's rows, looked up in the records."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pyarrow.parquet as pq

from features import snapshot
from features.records import LEFT_OUT
from features.snapshot import Snapshot
from features.store import TIMES, Store, timelines
from serving import batch
from serving.settings import Settings
from training.champion import Champion


def row(customer_id: str, cutoff: datetime, champion: Champion, settings: Settings) -> Snapshot:
    """The snapshot of one customer of the records at one cut-off.

    Returns:
        One row, or none where there was no purchase before the cut-off.

    Raises:
        QuerenciaError: where the company no longer has what the model knows customers by.
    """
    return rows(customer_id, [cutoff], champion, settings)


def rows(
    customer_id: str, cutoffs: Sequence[datetime], champion: Champion, settings: Settings
) -> Snapshot:
    """The snapshot of one customer at several cut-offs, in ascending order; else as `row`."""
    store, themes = Store(settings.data), champion.model.themes
    unread = LEFT_OUT if themes is None else LEFT_OUT - {"comment"}
    tables = {
        table: pq.read_table(
            store.path(table),
            columns=_columns(store, table, unread),
            filters=[("customer_id", "=", customer_id)],
        )
        for table in TIMES
        if table in store.has
    }
    records = timelines(np.array([customer_id], dtype=object), tables, themes)
    known = batch.known(store, champion)
    return snapshot.take([records], cutoffs, settings.features, has=known, themes=themes)


def _columns(store: Store, table: str, unread: frozenset[str] | set[str]) -> list[str]:
    prefix = f"{table}."
    names = sorted(name.removeprefix(prefix) for name in store.has if name.startswith(prefix))
    return ["customer_id", *(name for name in names if name not in unread)]
