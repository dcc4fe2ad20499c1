"""Batches of scores: which were made, and what came of them once their horizon had closed.

The history of scores keeps no intervals. The same version scores the same customers again as of the
same cut-off, by the records of now: that is the same but for records that came late without saying
so, and but for customers who were erased, of whom nothing is left.
"""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from pydantic import AwareDatetime, BaseModel, ConfigDict

from features import snapshot
from features.settings import FeatureSettings
from features.snapshot import Snapshot
from features.store import Store
from serving import batch
from serving.score_history import ScoreHistory
from training.amounts import AMOUNTS
from training.champion import Champion
from training.ranking import Ranking
from training.rows import Rows
from training.scoring import Floats, figures


class Batch(BaseModel):
    """All customers, scored at one cut-off by one version."""

    model_config = ConfigDict(frozen=True)

    cutoff: AwareDatetime
    horizon_days: int
    model_version: int

    @property
    def name(self) -> str:
        """What it is called in the series."""
        return f"scores {self.cutoff:%Y-%m-%d} version {self.model_version}"

    @property
    def closes(self) -> datetime:
        """When its horizon closes."""
        return self.cutoff + timedelta(days=self.horizon_days)


def made(data: Path) -> list[Batch]:
    """The batches that the history of scores of a data folder keeps, the earliest cut-off first."""
    told = (pq.read_schema(path).metadata for path in ScoreHistory(data).files())
    return [
        Batch.model_validate({name: each[name.encode()].decode() for name in Batch.model_fields})
        for each in told
    ]


def judge(
    made: Batch, champion: Champion, store: Store, settings: FeatureSettings, *, until: datetime
) -> dict[str, float]:
    """What came of a batch: of the risk among those left alone, of amounts and their intervals.

    Args:
        made: The batch.
        champion: The version that made it.
        store: The records.
        settings: The definitions it was made under.
        until: The instant the records go up to, at which its horizon has closed.

    Returns:
        `customers`, mean risk `said` and share that `left`, the losses of the risk, and of each
        amount the share of customers `covered` by the interval of 80 % and the `bias` of the total.

    Raises:
        QuerenciaError: where the company no longer has what the version knows customers by, or
            has other definitions now.
    """
    model, has = champion.model, batch.known(store, champion)
    closed = snapshot.take(
        store.records(themes=model.themes),
        [made.cutoff],
        settings,
        has=has,
        themes=model.themes,
        observed_until=until,
    ).labelled.untreated
    model.provenance.require_same(closed.provenance)
    told = figures(model, Rows.of(closed))
    risk = Ranking.of(closed.churned, told["risk"])
    return {
        "customers": len(closed),
        "said": float(told["risk"].mean()),
        "left": float(closed.churned.mean()),
        "log_loss": risk.log_loss(),
        "brier_loss": risk.brier_loss(),
        "calibration_loss": risk.calibration_loss(),
        **_amounts(closed, told),
    }


def _amounts(closed: Snapshot, told: dict[str, Floats]) -> dict[str, float]:
    measured: dict[str, float] = {}
    for name, label in AMOUNTS.items():
        came, expected = closed.columns[label], told[f"expected_{name}"]
        low, high = (told[f"expected_{name}_{end}"] for end in ("low", "high"))
        known = ~np.isnan(low)
        within = (came >= low) & (came <= high)
        measured |= {
            f"{name}_covered": float(within[known].mean()) if known.any() else np.nan,
            f"{name}_bias": float(expected.sum() / came.sum() - 1) if came.sum() else np.nan,
        }
    return measured
