"""The history of scores: what each run said of every customer, kept small, the last so many."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from features.files import aside
from training.scoring import Scores

MOST = 104
"""Files kept: two years of weeks. One of a million customers takes some 20 MB."""

KEPT = ("risk", "value", "value_at_stake")
_ROWS_AT_ONCE = 50_000
_MADE = (b"cutoff", b"model_version", b"churn", b"horizon_days")


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
        name = f"{origin.cutoff:%Y-%m-%dT%H%MZ}-{origin.model_version}.parquet"
        rows = scores.rows[["customer_id", *KEPT]].sort_values("customer_id", kind="stable")
        schema = pa.schema([("customer_id", pa.string()), *((n, pa.float32()) for n in KEPT)])
        told = (origin.cutoff.isoformat(), origin.model_version, origin.churn, origin.horizon_days)
        table = pa.Table.from_pandas(rows, schema, preserve_index=False).replace_schema_metadata(
            dict(zip(_MADE, map(str, told), strict=True))
        )
        with aside(self.folder / name) as new:
            pq.write_table(table, new, row_group_size=_ROWS_AT_ONCE, use_dictionary=False)
        for path in self.files()[:-MOST]:
            path.unlink()

    def files(self) -> list[Path]:
        """The files, the earliest cut-off first."""
        return sorted(self.folder.glob("*.parquet"), key=_order)

    def of(self, customer_id: str) -> list[Past]:
        """What was said of a customer, the earliest cut-off first."""
        return [past for path in self.files() for past in _read(path, customer_id)]


def _order(path: Path) -> tuple[str, int]:
    cutoff, _, version = path.stem.partition("Z-")
    return cutoff, int(version)


def _read(path: Path, customer_id: str) -> Iterator[Past]:
    """The row of a customer in one file; none where there is none, or the file went meanwhile."""
    try:
        rows = pq.read_table(path, filters=[("customer_id", "=", customer_id)])
    except FileNotFoundError:
        return
    made = {name: (rows.schema.metadata or {})[name].decode() for name in _MADE}
    cutoff, version, churn, horizon = made.values()
    for row in rows.select(KEPT).to_pylist():
        yield Past(datetime.fromisoformat(cutoff), version, churn, int(horizon), **row)
