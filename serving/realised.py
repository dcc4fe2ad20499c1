"""What came of past scores: kept until their horizon has closed, then held against the records."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import snapshot
from features.cutoffs import midnight
from features.files import aside
from features.findings import Finding, tell
from features.provenance import Provenance
from features.settings import FeatureSettings
from features.store import Store
from training.promotion import miscalibrated
from training.ranking import Ranking
from training.scoring import Scores
from training.settings import PromotionSettings

_PROVENANCE = "querencia.provenance"


@dataclass(frozen=True)
class Kept:
    """Scores of one cut-off: who, and the risk told of them.

    Attributes:
        path: The file.
        provenance: The definitions, and the version that told it.
    """

    path: Path
    provenance: Provenance

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what they were made under."""
        told = pd.read_parquet(path, columns=[]).attrs[_PROVENANCE]
        return cls(path, Provenance.model_validate(told))

    @property
    def closes(self) -> datetime:
        """When their horizon closes."""
        return self.provenance.cutoff + timedelta(days=self.provenance.horizon_days)


def keep(scores: Scores, data: Path) -> None:
    """Keep who was told which risk; scores of the same cut-off before are replaced."""
    rows = scores.rows[["customer_id", "risk"]].copy()
    rows.attrs[_PROVENANCE] = scores.provenance.model_dump(mode="json")
    with aside(_folder(data) / f"{scores.provenance.cutoff:%Y-%m-%d}.parquet") as new:
        rows.to_parquet(new, index=False)


def _folder(data: Path) -> Path:
    return data / "scores" / "past"


@dataclass(frozen=True)
class Realised:
    """The risk that was told at one cut-off, and who left: customers left alone only.

    Attributes:
        provenance: Of the scores.
        churned: 1 for who left, shape (n,).
        risk: What was told of them, shape (n,).
    """

    provenance: Provenance
    churned: NDArray[np.float64]
    risk: NDArray[np.float64]

    @property
    def calibration_loss(self) -> float:
        """Mean distance of risk from what came of it (ECE)."""
        return Ranking.of(self.churned, self.risk).calibration_loss()

    def finding(self, settings: PromotionSettings) -> Finding:
        """Promised against realised: a warning where it is further off than is let pass."""
        is_off = any(miscalibrated(self.churned, self.risk, settings))
        return tell(
            "warning" if is_off else "advice",
            "realised",
            "Of {customers:,} customers scored for {cutoff} by version {version}, {promised:.1%} "
            "were to leave within {days} days and {came:.1%} did; the risk was off by {loss:.3f} "
            "on average (ECE), and {most:.3f} is let pass beyond chance.",
            customers=self.risk.size,
            cutoff=f"{self.provenance.cutoff:%Y-%m-%d}",
            version=self.provenance.model_version,
            promised=float(self.risk.mean()),
            days=self.provenance.horizon_days,
            came=float(self.churned.mean()),
            loss=self.calibration_loss,
            most=settings.most_calibration_loss,
        )


def latest(data: Path, store: Store, settings: FeatureSettings) -> Realised | None:
    """What came of the latest scores whose horizon has closed; older ones are removed.

    None where there are none of them, or the records know nobody of them any more.
    """
    until = midnight(store.span()[1], settings.time_zone)
    kept = [Kept.read(path) for path in sorted(_folder(data).glob("*.parquet"))]
    closed = [each for each in kept if each.closes <= until]
    for each in closed[:-1]:
        each.path.unlink()
    return _judged(closed[-1], store, settings, until) if closed else None


def _judged(
    kept: Kept, store: Store, settings: FeatureSettings, until: datetime
) -> Realised | None:
    made = kept.provenance
    same = settings.model_copy(update={"churn": made.churn, "horizon_days": made.horizon_days})
    came = snapshot.take(
        store.records(), [made.cutoff], same, has=store.has, observed_until=until, only=frozenset()
    ).labelled.untreated
    told = pd.read_parquet(kept.path).set_index("customer_id")["risk"]
    risk = told.reindex(came.ids[came.customer]).to_numpy(float)
    known = ~np.isnan(risk)
    if not known.any():
        return None
    return Realised(made, came.churned[known], risk[known])
