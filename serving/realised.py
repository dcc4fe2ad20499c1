"""What came of past scores, held against the records once their horizon has closed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from features.cutoffs import midnight
from features.findings import Finding, tell
from features.provenance import Provenance
from features.settings import FeatureSettings
from features.store import Store
from serving.score_history import Batch, ScoreHistory
from training.amounts import AMOUNTS
from training.promotion import miscalibrated
from training.ranking import Ranking
from training.settings import PromotionSettings

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Realised:
    """What was told at one cut-off, and what came: customers left alone only.

    Attributes:
        provenance: Of the scores.
        churned: 1 for who left, shape (n,).
        risk: What was told of them, shape (n,).
        amounts: Of each amount (`training.amounts.AMOUNTS`), what came and what was told of it:
            `came`, `expected`, `low` and `high`, each of shape (n,).
    """

    provenance: Provenance
    churned: Floats
    risk: Floats
    amounts: Mapping[str, Mapping[str, Floats]]

    @property
    def ranking(self) -> Ranking:
        """Who left, ranked by the risk that was told."""
        return Ranking.of(self.churned, self.risk)

    def figures(self) -> dict[str, float]:
        """What is kept of it as a series.

        `customers`, mean risk `said` and share that `left`, the losses of the risk, and of each
        amount the share of customers `covered` by the interval of 80 % and the `bias` of the total.
        """
        ranking = self.ranking
        return {
            "customers": self.churned.size,
            "said": float(self.risk.mean()),
            "left": float(self.churned.mean()),
            "log_loss": ranking.log_loss(),
            "brier_loss": ranking.brier_loss(),
            "calibration_loss": ranking.calibration_loss(),
            **{
                f"{name}_{what}": value
                for name, told in self.amounts.items()
                for what, value in _measures(told).items()
            },
        }

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
            loss=self.ranking.calibration_loss(),
            most=settings.most_calibration_loss,
        )


def _measures(told: Mapping[str, Floats]) -> dict[str, float]:
    came, low, high = (told[name] for name in ("came", "low", "high"))
    known = ~np.isnan(low)
    within = (came >= low) & (came <= high)
    return {
        "covered": float(within[known].mean()) if known.any() else np.nan,
        "bias": float(told["expected"].sum() / came.sum() - 1) if came.sum() else np.nan,
    }


def closed(history: ScoreHistory, store: Store, settings: FeatureSettings) -> list[Batch]:
    """The batches whose horizon has closed by the end of the records, the earliest first."""
    until = _until(store, settings)
    return [batch for batch in history.batches() if batch.closes <= until]


def latest(history: ScoreHistory, store: Store, settings: FeatureSettings) -> Realised | None:
    """What came of the latest scores whose horizon has closed; None where there are none."""
    batches = closed(history, store, settings)
    return judge(batches[-1], store, settings) if batches else None


def judge(batch: Batch, store: Store, settings: FeatureSettings) -> Realised | None:
    """What came of a batch; None where the records know nobody of it any more."""
    made = batch.provenance
    same = settings.model_copy(update={"churn": made.churn, "horizon_days": made.horizon_days})
    came = store.take(
        [made.cutoff],
        same,
        has=store.has,
        observed_until=_until(store, settings),
        only=frozenset(),
    ).labelled.untreated
    said = batch.rows().reindex(came.ids[came.customer])
    told = {str(name): values.to_numpy(float) for name, values in said.items()}
    known = ~np.isnan(told["risk"])
    if not known.any():
        return None
    amounts = {
        name: {
            "came": came.columns[label][known],
            "expected": told[f"expected_{name}"][known],
            "low": told[f"expected_{name}_low"][known],
            "high": told[f"expected_{name}_high"][known],
        }
        for name, label in AMOUNTS.items()
    }
    return Realised(made, came.churned[known], told["risk"][known], amounts)


def _until(store: Store, settings: FeatureSettings) -> datetime:
    return midnight(store.span()[1], settings.time_zone)
