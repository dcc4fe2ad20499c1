"""Querencia's own engine."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from chosen import COMPRESSION, FEATURES, IN_DICTIONARY

from features import snapshot
from features.settings import FeatureSettings
from features.store import Store


def run(folder: Path, cutoffs: Sequence[datetime], out: Path) -> None:
    """A group of customers at a time, all cut-offs in one pass."""
    store, settings, only = Store(folder), FeatureSettings(), frozenset(FEATURES)
    writer = None
    for group in store.records():
        columns = snapshot.arrays(group, tuple(cutoffs), settings, store.has, only)
        rows = snapshot.frame(group.customers, tuple(cutoffs), columns)
        table = pa.table({name: pa.array(rows[name], from_pandas=False) for name in rows})
        writer = writer or pq.ParquetWriter(
            out, table.schema, compression=COMPRESSION, use_dictionary=list(IN_DICTIONARY)
        )
        writer.write_table(table)
    writer.close()
