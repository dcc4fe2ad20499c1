"""Snapshots: one row per customer per cut-off, with labels where the horizon has closed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import feature, labels, purchases
from features.cutoffs import last_days, microseconds
from features.provenance import Provenance
from features.settings import FeatureSettings
from features.store import Records
from features.timeline import DAY, Floats, Timeline

FEATURES = purchases.FEATURES
NAMES = tuple(f.name for f in FEATURES)
KEYS = ("customer_id", "cutoff")


@dataclass(frozen=True)
class Snapshot:
    """Rows of features, and the definitions they were made under.

    Attributes:
        rows: Columns `customer_id`, `cutoff` (UTC instant), the features (`NAMES`) and the labels
            (`labels.LABELS`; NaN where the horizon has not closed).
        provenance: The definitions.
    """

    rows: pd.DataFrame
    provenance: Provenance

    @property
    def history(self) -> tuple[Floats, Floats, Floats]:
        """Frequency, recency and T of each row: what a model of the purchase process reads."""
        rows = self.rows
        return rows["frequency"].to_numpy(), rows["recency"].to_numpy(), rows["T"].to_numpy()

    def at(self, *cutoffs: datetime) -> "Snapshot":
        """Only the rows of these cut-offs."""
        rows = self.rows[self.rows["cutoff"].isin(_utc(cutoffs))]
        return Snapshot(
            rows.reset_index(drop=True),
            self.provenance.model_copy(update={"cutoffs": tuple(sorted(cutoffs))}),
        )


def provenance(settings: FeatureSettings, cutoffs: Iterable[datetime]) -> Provenance:
    """The definitions of a snapshot made under these settings."""
    return Provenance(
        churn=settings.churn,
        horizon_days=settings.horizon_days,
        currency=settings.currency,
        time_zone=settings.time_zone,
        families=("purchases",),
        feature_version=feature.version(FEATURES),
        cutoffs=tuple(sorted(cutoffs)),
    )


def take(
    records: Iterable[Records],
    cutoffs: Iterable[datetime],
    settings: FeatureSettings,
    *,
    observed_until: datetime,
) -> Snapshot:
    """Look at every customer at every cut-off.

    Args:
        records: Groups of customers, as the store gives them.
        cutoffs: The instants to look back from.
        settings: Horizon, time zone, churn definition.
        observed_until: The instant the records end; labels exist where the horizon closed by it.

    Returns:
        Rows for the customers who had bought before the cut-off, in no order to rely on.
    """
    origin = provenance(settings, cutoffs)
    groups = [_rows(group, origin, observed_until) for group in records]
    return Snapshot(pd.concat(groups, ignore_index=True), origin)


def _rows(records: Records, origin: Provenance, observed_until: datetime) -> pd.DataFrame:
    views = [
        _view(known, cutoffs, origin.time_zone)
        for known, cutoffs in _knowledge(records.transactions, origin.cutoffs)
    ]
    bought = np.hstack([view.purchase_days() > 0 for view in views])
    columns = {f.name: np.hstack([f.value(view) for view in views]) for f in FEATURES}
    columns |= _outcomes(records.transactions, origin, observed_until)
    customer, cutoff = np.nonzero(bought)
    return pd.DataFrame(
        {
            "customer_id": records.customers[customer],
            "cutoff": _utc(origin.cutoffs)[cutoff],
            **{name: values[bought].astype(float) for name, values in columns.items()},
        }
    )


def _view(rows: Timeline, cutoffs: tuple[datetime, ...], time_zone: str) -> purchases.Purchases:
    return purchases.Purchases(rows, microseconds(cutoffs), last_days(cutoffs, time_zone))


def _knowledge(
    rows: Timeline, cutoffs: tuple[datetime, ...]
) -> Iterator[tuple[Timeline, tuple[datetime, ...]]]:
    """The rows as known at each cut-off: one timeline for all of them where nothing came late."""
    known_at = rows.columns["recorded_at"]
    if (known_at == rows.times).all():
        yield rows, cutoffs
        return
    for cutoff, instant in zip(cutoffs, microseconds(cutoffs), strict=True):
        yield rows.select(known_at < instant), (cutoff,)


def _outcomes(
    rows: Timeline, origin: Provenance, observed_until: datetime
) -> dict[str, NDArray[Any]]:
    """The labels, NaN where the horizon has not closed."""
    cutoffs = microseconds(origin.cutoffs)
    open_ = cutoffs + origin.horizon_days * DAY > microseconds((observed_until,))
    known = labels.compute(rows, cutoffs, origin.horizon_days)
    return {name: np.where(open_, np.nan, values) for name, values in known.items()}


def _utc(instants: tuple[datetime, ...]) -> pd.DatetimeIndex:
    return pd.to_datetime(list(instants), utc=True).as_unit("us")
