"""Snapshots on a Spark cluster: the same pass over each customer, on as many machines.

The records of a data folder that every machine can read are brought together by customer, and each
partition runs the very code of the embedded engine, so the rows are the same. Needs the extra
`spark` (pyspark 4.3 and Java 17), on every machine.
"""

from collections.abc import Iterable, Iterator, Set
from dataclasses import replace
from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features import labels, snapshot
from features.comments import Themes
from features.records import Records
from features.settings import FeatureSettings
from features.store import TIMES, Store, contract_ends, timelines

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

TABLE, AT = "_table", "_at"
"""Columns of the union that say which table a row is of, and when it is ordered."""


def take(
    spark: "SparkSession",
    store: Store,
    cutoffs: Iterable[datetime],
    settings: FeatureSettings,
    *,
    has: Set[str],
    observed_until: datetime,
    partitions: int,
    themes: Themes | None = None,
) -> "DataFrame":
    """Look at every customer at every cut-off, on the cluster.

    Args:
        spark: The session.
        store: The records, in a folder that every machine can read.
        cutoffs: The instants to look back from.
        settings: Horizon, time zone, churn definition.
        has: The tables and columns there are, as `Store.has` tells.
        observed_until: The instant the records end; labels exist where the horizon closed by it.
        partitions: Groups of customers; each must fit in a worker's memory.
        themes: What comments are about.

    Returns:
        The rows of `features.snapshot.take`, in no order.
    """
    instants = tuple(sorted(cutoffs))

    def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        held = list(batches)
        records = _records(pa.Table.from_batches(held), has, themes) if held else None
        if records is None:
            return
        taken = snapshot.take(
            [records], instants, settings, has=has, themes=themes, observed_until=observed_until
        )
        table = taken.table
        ids = table["customer_id"].cast(pa.string())  # Spark knows no dictionaries
        yield from table.set_column(0, "customer_id", ids).to_batches()

    together = _union(spark, store, has).repartitionByRange(partitions, "customer_id")
    ordered = together.sortWithinPartitions(
        TABLE, "customer_id", AT, "amount", ascending=[1, 1, 1, 0]
    )
    return ordered.mapInArrow(rows, _schema(has, themes))


def _union(spark: "SparkSession", store: Store, has: Set[str]) -> "DataFrame":
    """All rows of all tables, one under the other."""
    from pyspark.sql import functions as sql

    times = {table: time for table, time in TIMES.items() if table in has}
    if store.has_contracts:
        times["customers"] = "contract_ends_at"
    frames = [
        spark.read.parquet(str(store.path(table)))
        .withColumn(TABLE, sql.lit(table))
        .withColumn(AT, sql.col(time))
        for table, time in times.items()
    ]
    return reduce(lambda above, below: above.unionByName(below, allowMissingColumns=True), frames)


def _records(rows: pa.Table, has: Set[str], themes: Themes | None) -> Records | None:
    """The records of a partition's customers, from its rows of all tables."""
    tables = {
        table: rows.filter(pc.equal(rows[TABLE], table))
        for table in pc.unique(rows[TABLE]).to_pylist()
    }
    if "transactions" not in tables:
        return None
    ids = pc.unique(tables["transactions"]["customer_id"])
    contracts = tables.pop("customers", None)
    customers = np.asarray(ids.to_pylist(), dtype=object)
    known = {
        name: tables.get(name, rows[:0]).select(
            [c for c in rows.column_names if f"{name}.{c}" in has]
        )
        for name in TIMES
        if name in has
    }
    ends = None if contracts is None else contract_ends(customers, contracts)
    return replace(timelines(customers, known, themes), contract_ends=ends)


def _schema(has: Set[str], themes: Themes | None) -> "StructType":
    """The columns of the rows: ids, instants, and numbers."""
    from pyspark.sql.types import DoubleType, StringType, StructField, StructType, TimestampType

    numbers = (*(f.name for f in snapshot.columns(has, themes)), *labels.LABELS)
    return StructType(
        [
            StructField("customer_id", StringType()),
            StructField("cutoff", TimestampType()),
            *(StructField(name, DoubleType()) for name in numbers),
        ]
    )
