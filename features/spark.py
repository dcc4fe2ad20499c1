"""The records of a data folder, looked at by a Spark cluster: the same pass, on many machines.

The rows of all tables are brought together by customer, and each partition runs the very code of
the embedded engine, so that the snapshots are the same. What comes of it each machine writes into
the data folder, which all must see under the same path: snapshots never pass through Java. Needs
the extra `spark` (pyspark 4.3 and Java 17), and this package on every machine.
"""

import math
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, reduce
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features import snapshot
from features.comments import Themes
from features.errors import QuerenciaError
from features.files import table_writer, workspace
from features.provenance import Provenance
from features.records import Records
from features.settings import FeatureSettings, SparkSettings
from features.snapshot import Snapshot
from features.store import TIMES, Store, are_drawn, contract_ends, timelines

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

TABLE, AT = "_table", "_at"
"""Columns of the union that say which table a row is of, and when it is ordered."""

_OURS = {
    "spark.sql.session.timeZone": "UTC",
    # Jobs say themselves what they do.
    "spark.ui.showConsoleProgress": "false",
}

Work = Callable[[Snapshot], pa.Table]
"""What is done with the snapshot of a group of customers, on whichever machine has it."""


@dataclass(frozen=True)
class Cluster(Store):
    """The records of a data folder that every machine of a Spark cluster can read and write.

    Attributes:
        settings: Where the cluster is, and how much is asked of it.
    """

    settings: SparkSettings

    @cached_property
    def session(self) -> "SparkSession":
        """The session, which ends with the process, or by `release`.

        Raises:
            QuerenciaError: where pyspark is missing, or the master does not answer.
        """
        if find_spec("pyspark") is None:
            raise QuerenciaError(
                "The engine \"spark\" takes an extra, and Java 17: pip install 'querencia[spark]'"
            )
        from pyspark.core.context import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession

        # Nothing here goes through its pandas, and xgboost does so on the cluster.
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
        builder = SparkSession.builder.appName("querencia").master(self.settings.master)
        try:
            session = builder.config(map={**_OURS, **self.settings.options}).getOrCreate()
        except (Py4JError, PySparkException):
            raise QuerenciaError(
                f"There is no Spark session to be had of {self.settings.master}. See that the "
                "address is right (spark.master), that the cluster runs, and that Java 17 is here; "
                "what Spark says of it is above."
            ) from None
        session.sparkContext.setLogLevel("ERROR")
        return session

    def drawn(self, most: int) -> "Cluster":
        """The same cluster, of whose customers so many come to the driver at most."""
        fewer = {"driver_customers": min(most, self.settings.driver_customers)}
        return replace(self, settings=self.settings.model_copy(update=fewer))

    @cached_property
    def share(self) -> float:
        """The share of customers whose rows come to the driver; the same ones every time."""
        ids = self.session.read.parquet(self._uri("transactions")).select("customer_id")
        customers: int = ids.distinct().count()
        return min(1.0, self.settings.driver_customers / max(customers, 1))

    def take(
        self,
        cutoffs: Iterable[datetime],
        settings: FeatureSettings,
        *,
        has: Set[str],
        themes: Themes | None = None,
        observed_until: datetime | None = None,
        only: Set[str] | None = None,
    ) -> Snapshot:
        """What `Store.take` gives, of all customers or of those drawn, by customer and cut-off."""
        origin = snapshot.provenance(settings, cutoffs, has, themes)
        with self.each(
            attrgetter("table"),
            origin.cutoffs,
            settings,
            themes=themes,
            share=self.share,
            has=has,
            observed_until=observed_until,
            only=only,
        ) as files:
            rows = pq.read_table(files)
        known = (feature.name for feature in snapshot.present(has, themes))
        names = tuple(name for name in known if only is None or name in only)
        return _in_order(_of_table(rows, names, origin))

    @contextmanager
    def each(
        self,
        work: Work,
        cutoffs: Iterable[datetime],
        settings: FeatureSettings,
        *,
        themes: Themes | None = None,
        share: float = 1.0,
        **look: Any,
    ) -> Iterator[list[Path]]:
        """Parquet files of what is made of the snapshots of some customers at a time.

        They are gone when the block ends.

        Args:
            work: Done on the machine that has the customers.
            cutoffs: The instants to look back from.
            settings: Horizon, time zone, churn definition.
            themes: What comments are about.
            share: Of the customers.
            look: Further arguments of `features.snapshot.take`.
        """
        instants, there = tuple(cutoffs), self.has
        with workspace(self.folder.resolve()) as folder:
            folder.mkdir()

            def made(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
                held = list(batches)
                records = _records(pa.Table.from_batches(held), there, themes) if held else None
                if records is None:
                    return
                taken = snapshot.take([records], instants, settings, themes=themes, **look)
                # A task may be done twice: which of its files counts is what it gives.
                path = folder / f"{uuid4().hex}.parquet"
                with table_writer(path) as write:
                    write(work(taken))
                yield pa.RecordBatch.from_pydict({"file": [path.name]})

            rows = self._by_customer(themes, share).mapInArrow(made, "file string").collect()
            yield [folder / row.file for row in rows]

    def _by_customer(self, themes: Themes | None, share: float) -> "DataFrame":
        """All rows of all tables, those of a customer in one partition and in order."""
        together = reduce(
            lambda above, below: above.unionByName(below, allowMissingColumns=True),
            list(self._frames(themes)),
        )
        if share < 1:
            together = together.filter(_of(share)("customer_id"))
        partitions = self._partitions(share)
        return together.repartition(partitions, "customer_id").sortWithinPartitions(
            TABLE, "customer_id", AT, "amount", ascending=[1, 1, 1, 0]
        )

    def _frames(self, themes: Themes | None) -> Iterator["DataFrame"]:
        """The rows of each table."""
        from pyspark.sql import functions as sql

        for table in self._tables:
            time = TIMES.get(table, "contract_ends_at")
            rows = self.session.read.parquet(self._uri(table)).select(*self._wanted(table, themes))
            yield rows.withColumn(TABLE, sql.lit(table)).withColumn(AT, sql.col(time))

    def _partitions(self, share: float) -> int:
        """So many that each holds about the records asked for, and that no core is idle."""
        rows: int = sum(pq.read_metadata(self.path(table)).num_rows for table in self._tables)
        cores: int = self.session.sparkContext.defaultParallelism
        return max(math.ceil(share * rows / self.settings.partition_rows), cores)

    def _uri(self, table: str) -> str:
        return self.path(table).resolve().as_uri()


def release() -> None:
    """Give the cores of the cluster back that this process has, if any: others wait for them."""
    if "pyspark" in sys.modules:
        from pyspark.sql import SparkSession

        if session := SparkSession.getActiveSession():
            session.stop()


def _of_table(rows: pa.Table, names: tuple[str, ...], origin: Provenance) -> Snapshot:
    ids = rows["customer_id"].unify_dictionaries().combine_chunks()
    numbers = [name for name in rows.column_names if name not in ("customer_id", "cutoff")]
    return Snapshot(
        np.array(ids.dictionary.to_pylist(), dtype=object),
        ids.indices.to_numpy().astype(np.intp),
        rows["cutoff"].cast(pa.int64()).to_numpy().view("M8[us]"),
        {name: rows[name].to_numpy() for name in numbers},
        names,
        origin,
    )


def _of(share: float) -> Callable[[str], "Column"]:
    """Whether a row is of a customer who is drawn: the ones that one machine draws."""
    from pyspark.sql.functions import arrow_udf

    def drawn(customers: pa.Array) -> pa.Array:
        each = customers.dictionary_encode()
        chosen = pa.array(are_drawn(each.dictionary.to_pylist(), share))
        return chosen.take(each.indices)

    made: Callable[[str], Column] = arrow_udf(drawn, "boolean")
    return made


def _in_order(taken: Snapshot) -> Snapshot:
    """By customer, then by cut-off, as the embedded engine gives most."""
    return taken.select(np.lexsort((taken.instants, taken.ids.astype(str)[taken.customer])))


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
