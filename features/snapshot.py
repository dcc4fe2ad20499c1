"""Snapshots: one row per customer per cut-off, with labels where the horizon has closed."""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import effort, feature, labels, loyalty, offers, promises, purchases, satisfaction
from features import season as calendar
from features.cutoffs import last_days, microseconds
from features.family import Family, Look
from features.feature import Feature
from features.provenance import Provenance
from features.records import Records
from features.settings import FeatureSettings
from features.timeline import DAY, Floats

FAMILIES: tuple[Family[Any], ...] = (
    purchases.FAMILY,
    promises.FAMILY,
    satisfaction.FAMILY,
    effort.FAMILY,
    loyalty.FAMILY,
    offers.FAMILY,
)
"""What models learn from, as far as the company has the records."""

CONTEXT: Family[Any] = calendar.FAMILY
"""Columns that stand beside the features and that no model learns from."""

NEEDED = frozenset(
    need
    for family in FAMILIES
    for need in (*family.needs, *(need for feature in family.features for need in feature.needs))
)
"""Every table and column that makes a difference to which features there are."""

DRIVERS = {feature.name: feature.driver for family in FAMILIES for feature in family.features}
"""The story each feature belongs to."""


@dataclass(frozen=True)
class Snapshot:
    """Rows of features, and the definitions they were made under.

    Attributes:
        rows: Columns `customer_id`, `cutoff` (UTC instant), the features (`names`), the context
            and the labels (`labels.LABELS`; NaN where the horizon has not closed).
        names: The features present, in order.
        provenance: The definitions.
    """

    rows: pd.DataFrame
    names: tuple[str, ...]
    provenance: Provenance

    @property
    def history(self) -> tuple[Floats, Floats, Floats]:
        """Frequency, recency and T of each row: what a model of the purchase process reads."""
        rows = self.rows
        return rows["frequency"].to_numpy(), rows["recency"].to_numpy(), rows["T"].to_numpy()

    @property
    def churned(self) -> Floats:
        """1 for each row that churned under the churn definition, 0 for each that did not."""
        return self.rows["churned"].to_numpy()

    @property
    def labelled(self) -> "Snapshot":
        """Only the rows that the churn definition has a say on, at cut-offs that have closed."""
        return replace(self, rows=self.rows.dropna(subset="churned").reset_index(drop=True))

    def at(self, *cutoffs: datetime) -> "Snapshot":
        """Only the rows of these cut-offs."""
        rows = self.rows[self.rows["cutoff"].isin(pd.to_datetime(list(cutoffs), utc=True))]
        origin = self.provenance.model_copy(update={"cutoffs": tuple(sorted(cutoffs))})
        return Snapshot(rows.reset_index(drop=True), self.names, origin)


def present(has: Set[str]) -> tuple[Feature[Any], ...]:
    """The features that these tables and columns carry."""
    return _present(NEEDED & has)


@lru_cache(maxsize=64)
def _present(has: frozenset[str]) -> tuple[Feature[Any], ...]:
    return tuple(feature for family in FAMILIES for feature in family.present(has))


@lru_cache(maxsize=64)
def _version(has: frozenset[str]) -> str:
    return feature.version(_present(has))


def columns(has: Set[str]) -> tuple[Feature[Any], ...]:
    """The features that these tables and columns carry, and the context beside them."""
    return (*present(has), *CONTEXT.present(has))


def provenance(settings: FeatureSettings, cutoffs: Iterable[datetime], has: Set[str]) -> Provenance:
    """The definitions of a snapshot made under these settings from these tables and columns."""
    return Provenance(
        churn=settings.churn,
        horizon_days=settings.horizon_days,
        currency=settings.currency,
        time_zone=settings.time_zone,
        families=tuple(family.name for family in FAMILIES if family.present(has)),
        records=tuple(sorted(has & NEEDED)),
        feature_version=_version(NEEDED & has),
        cutoffs=tuple(sorted(cutoffs)),
    )


def take(
    records: Iterable[Records],
    cutoffs: Iterable[datetime],
    settings: FeatureSettings,
    *,
    has: Set[str],
    observed_until: datetime,
) -> Snapshot:
    """Look at every customer at every cut-off.

    Args:
        records: Groups of customers, as the store gives them.
        cutoffs: The instants to look back from.
        settings: Horizon, time zone, churn definition.
        has: The tables and columns there are, as `Store.has` tells.
        observed_until: The instant the records end; labels exist where the horizon closed by it.

    Returns:
        Rows for the customers who had bought before the cut-off, in no order to rely on.
    """
    origin = provenance(settings, cutoffs, has)
    frames = [
        part
        for group in records
        for part in _frames(group, origin.cutoffs, settings, has, observed_until)
    ]
    names = tuple(feature.name for feature in present(has))
    return Snapshot(pd.concat(frames, ignore_index=True), names, origin)


def _frames(
    records: Records,
    cutoffs: tuple[datetime, ...],
    settings: FeatureSettings,
    has: Set[str],
    observed_until: datetime,
) -> Iterator[pd.DataFrame]:
    """All cut-offs in one pass for customers whose records came in time, else one by one."""
    late = records.late
    punctual, tardy = records.subset(~late), records.subset(late)
    groups = [(punctual, punctual, cutoffs)] if len(punctual.customers) else []
    if len(tardy.customers):
        groups += [
            (tardy.known(instant), tardy, (cutoff,))
            for cutoff, instant in zip(cutoffs, microseconds(cutoffs), strict=True)
        ]
    for known, final, instants in groups:
        rows = arrays(known, instants, settings, has)
        rows |= _outcomes(final.final, instants, settings, observed_until)
        yield frame(known.customers, instants, rows)


def arrays(
    known: Records,
    cutoffs: tuple[datetime, ...],
    settings: FeatureSettings,
    has: Set[str],
    only: Set[str] | None = None,
) -> dict[str, NDArray[Any]]:
    """Features and context as known at the cut-offs, each of shape (customers, cut-offs).

    All that the records carry, or `only` those named. Rows mean something where the customer has
    bought before the cut-off: where `spend` and the rest are told beside `bought`, which is true
    there.
    """
    look = _look(_carried(known, has), cutoffs, settings.time_zone)
    columns = {
        name: values
        for family in (*FAMILIES, CONTEXT)
        for name, values in family.columns(look, has, only).items()
    }
    return {"bought": purchases.bought(look), **columns}


def _carried(records: Records, has: Set[str]) -> Records:
    """The records without what others may have and these models do not know."""
    unknown = NEEDED - has
    tables = {
        table: rows.without({name.removeprefix(f"{table}.") for name in unknown})
        for table, rows in records.tables.items()
        if table not in unknown
    }
    return replace(records, tables=tables)


def _look(records: Records, cutoffs: tuple[datetime, ...], time_zone: str) -> Look:
    return Look(records, microseconds(cutoffs), last_days(cutoffs, time_zone))


def _outcomes(
    final: Records, cutoffs: tuple[datetime, ...], settings: FeatureSettings, until: datetime
) -> dict[str, Floats]:
    """The labels, NaN where the horizon has not closed."""
    judged = labels.Horizon(settings.horizon_days, settings.rhythm_factor, settings.decline_share)
    look = _look(final, cutoffs, settings.time_zone)
    outcomes = dict(labels.compute(look, judged, final.contract_ends))
    open_ = look.cutoffs + settings.horizon_days * DAY > microseconds((until,))
    closed = {name: np.where(open_, np.nan, values) for name, values in outcomes.items()}
    return {"churned": closed[labels.CHURNED[settings.churn]], **closed}


def frame(
    customers: NDArray[Any], cutoffs: tuple[datetime, ...], columns: dict[str, NDArray[Any]]
) -> pd.DataFrame:
    """The rows where the customer had bought, from arrays of (customers, cut-offs)."""
    bought = columns.pop("bought")
    customer, cutoff = np.nonzero(bought)
    place = cutoff * len(customers) + customer
    # One block in memory, as pandas holds it; cut-offs lie outermost (`Timeline.positions`).
    block = np.empty((len(columns), len(place)))
    for row, values in zip(block, columns.values(), strict=True):
        row[:] = values.T.ravel()[place]
    rows = pd.DataFrame(block.T, columns=_header(tuple(columns)), copy=False)
    instants = microseconds(cutoffs).view("M8[us]")[cutoff]
    rows.insert(0, "customer_id", pd.Index(customers)[customer])
    rows.insert(1, "cutoff", pd.DatetimeIndex(instants).tz_localize("UTC"))
    return rows


@lru_cache(maxsize=64)
def _header(names: tuple[str, ...]) -> pd.Index:
    return pd.Index(names)
