"""The history of scores: what each batch said of every customer, kept small, the last so many."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Self

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.files import aside
from features.provenance import Provenance
from training.amounts import AMOUNTS
from training.scoring import Scores

MOST = 60
"""Batches kept: a year of weeks. One of a million customers takes some 50 MB."""

TOLD = ("risk", "value", "value_at_stake")
"""What is told of a customer's past."""

_AMOUNTS = tuple(f"expected_{name}{end}" for name in AMOUNTS for end in ("", "_low", "_high"))
_ROWS_AT_ONCE = 10_000
"""Rows are looked up one by one: they lie in order, and little beside one is read with it."""

_PROVENANCE = b"querencia.provenance"


class Past(NamedTuple):
    """What was said of a customer as of one cut-off: probability, and currency."""

    cutoff: datetime
    model_version: str
    churn: str
    horizon_days: int
    risk: float
    value: float
    value_at_stake: float


@dataclass(frozen=True)
class Batch:
    """All customers, scored as of one cut-off by one version.

    Attributes:
        path: The file, with what was said of each, and of which amount it expected.
        provenance: The definitions, and the version.
    """

    path: Path
    provenance: Provenance

    @classmethod
    def of(cls, path: Path, schema: pa.Schema | None = None) -> Self:
        """The batch of a file, whose schema need not be read again."""
        told = (schema or pq.read_schema(path)).metadata[_PROVENANCE]
        return cls(path, Provenance.model_validate_json(told))

    @property
    def name(self) -> str:
        """What it is called."""
        origin = self.provenance
        return f"scores {origin.cutoff:%Y-%m-%d} version {origin.model_version}"

    @property
    def closes(self) -> datetime:
        """When its horizon closes."""
        return self.provenance.cutoff + timedelta(days=self.provenance.horizon_days)

    def rows(self) -> pd.DataFrame:
        """What was said, with the customers' ids as index."""
        return pd.read_parquet(self.path).set_index("customer_id")


@dataclass(frozen=True)
class ScoreHistory:
    """That of a data folder.

    Attributes:
        data: The data folder.
    """

    data: Path

    @property
    def folder(self) -> Path:
        """Where the files lie, one a cut-off and version."""
        return self.data / "scores" / "history"

    def keep(self, scores: Scores) -> None:
        """Add scores, in place of those by the same version as of the same cut-off."""
        origin = scores.provenance
        names = [*TOLD, *_AMOUNTS]
        rows = scores.rows[["customer_id", *names]].sort_values("customer_id", kind="stable")
        schema = pa.schema([("customer_id", pa.string()), *((n, pa.float32()) for n in names)])
        table = pa.Table.from_pandas(rows, schema, preserve_index=False).replace_schema_metadata(
            {_PROVENANCE: origin.model_dump_json()}
        )
        name = f"{origin.cutoff:%Y-%m-%dT%H%MZ}-{origin.model_version}.parquet"
        with aside(self.folder / name) as new:
            pq.write_table(table, new, row_group_size=_ROWS_AT_ONCE, use_dictionary=False)
        for path in self.files()[:-MOST]:
            path.unlink()

    def files(self) -> list[Path]:
        """The files, the earliest cut-off first."""
        return sorted(self.folder.glob("*.parquet"), key=_order)

    def batches(self) -> list[Batch]:
        """The batches, the earliest cut-off first."""
        return [Batch.of(path) for path in self.files()]

    def of(self, customer_id: str) -> list[Past]:
        """What was said of a customer, the earliest cut-off first."""
        return [past for path in self.files() for past in _read(path, customer_id)]


def _order(path: Path) -> tuple[str, int]:
    cutoff, _, version = path.stem.partition("Z-")
    return cutoff, int(version)


def _read(path: Path, customer_id: str) -> Iterator[Past]:
    """The row of a customer in one file; none where there is none, or the file went meanwhile."""
    try:
        with pq.ParquetFile(path) as file:
            origin = Batch.of(path, file.schema_arrow).provenance
            groups = [i for i in range(file.num_row_groups) if _may_hold(file, i, customer_id)]
            rows = file.read_row_groups(groups, columns=["customer_id", *TOLD], use_threads=False)
    except FileNotFoundError:
        return
    own = rows.filter(pc.equal(rows["customer_id"], customer_id)).drop_columns("customer_id")
    for row in own.to_pylist():
        version = str(origin.model_version)
        yield Past(origin.cutoff, version, origin.churn, origin.horizon_days, **row)


def _may_hold(file: pq.ParquetFile, group: int, customer_id: str) -> bool:
    """Whether the customer lies between the first and the last of a group of rows."""
    ids = file.metadata.row_group(group).column(0).statistics
    return bool(ids.min <= customer_id <= ids.max)
