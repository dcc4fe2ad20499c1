"""Snapshots: one row per customer per cut-off, with labels where the horizon has closed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache, wraps
from typing import Any, ParamSpec

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from features import effort, feature, labels, loyalty, offers, promises, purchases, satisfaction
from features import season as calendar
from features.asof import Pairs
from features.comments import DRIVER as DRIVER_OF_COMMENTS
from features.comments import Themes
from features.cutoffs import last_days, microsecond, microseconds
from features.family import Family, Look
from features.feature import Driver, Feature
from features.provenance import Provenance
from features.records import Records
from features.settings import FeatureSettings
from features.timeline import DAY, Floats, Ints

P = ParamSpec("P")

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

DRIVERS = {feature.name: feature.driver for family in FAMILIES for feature in family.features}
"""The story each declared feature belongs to."""

MOST_COPIES = 10
"""A row held out of a campaign stands for so many at most: more would be a few rows' luck."""

NEEDED = frozenset(
    need
    for family in FAMILIES
    for need in (*family.needs, *(need for feature in family.features for need in feature.needs))
)
"""Every table and column that makes a difference to which features there are."""


@dataclass(frozen=True)
class Snapshot:
    """Rows of features, and the definitions they were made under.

    Attributes:
        ids: Ids of the customers looked at, shape (customers,).
        customer: Place in `ids` of each row's customer, shape (rows,).
        instants: Cut-off of each row, `datetime64[us]` in UTC, shape (rows,).
        columns: The features (`names`), the context and, where a horizon may have closed, the
            labels (`labels.LABELS`; NaN where it has not), each of shape (rows,).
        names: The features present, in order.
        provenance: The definitions.
    """

    ids: NDArray[Any]
    customer: Ints
    instants: NDArray[np.datetime64]
    columns: Mapping[str, Floats]
    names: tuple[str, ...]
    provenance: Provenance

    @classmethod
    def of(cls, rows: pd.DataFrame, names: tuple[str, ...], provenance: Provenance) -> "Snapshot":
        """The snapshot that `rows` tells, such as one read from a file."""
        customer, ids = pd.factorize(rows["customer_id"])
        instants = pd.DatetimeIndex(rows["cutoff"]).tz_convert("UTC").tz_localize(None)
        columns = rows.drop(columns=["customer_id", "cutoff"])
        return cls(
            np.asarray(ids, dtype=object),
            customer,
            instants.to_numpy("M8[us]"),
            {str(name): values.to_numpy(float) for name, values in columns.items()},
            names,
            provenance,
        )

    def __len__(self) -> int:
        return len(self.customer)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """All of it as a data frame: columns `customer_id`, `cutoff`, then `columns`."""
        # One block in memory, as pandas holds it.
        values = np.array([*self.columns.values()])
        rows = pd.DataFrame(values.T, columns=_header(tuple(self.columns)), copy=False)
        rows.insert(0, "customer_id", self.ids[self.customer])
        rows.insert(1, "cutoff", pd.DatetimeIndex(self.instants).tz_localize("UTC"))
        return rows

    @property
    def table(self) -> pa.Table:
        """All of it as an Arrow table, with the columns of `rows`."""
        ids = pa.DictionaryArray.from_arrays(
            self.customer.astype(np.int32), pa.array(self.ids, pa.string())
        )
        instants = pa.array(self.instants).cast(pa.timestamp("us", tz="UTC"))
        # What is not known is NaN, and nothing is null: that need not be told of each value.
        schema = pa.schema(
            [
                pa.field("customer_id", ids.type, nullable=False),
                pa.field("cutoff", instants.type, nullable=False),
                *(pa.field(name, pa.float64(), nullable=False) for name in self.columns),
            ]
        )
        return pa.table([ids, instants, *self.columns.values()], schema=schema)

    @property
    def history(self) -> tuple[Floats, Floats, Floats]:
        """Frequency, recency and T of each row: what a model of the purchase process reads."""
        return self.columns["frequency"], self.columns["recency"], self.columns["T"]

    @property
    def churned(self) -> Floats:
        """1 for each row that churned under the churn definition, 0 for each that did not."""
        return self.columns["churned"]

    @property
    def labelled(self) -> "Snapshot":
        """Only the rows that the churn definition has a say on, at cut-offs that have closed."""
        return self.select(np.flatnonzero(~np.isnan(self.churned)))

    @cached_property
    def untreated(self) -> "Snapshot":
        """What comes of those left alone: only the rows without an offer in the horizon.

        Those who were contacted had stayed until then, and those held out stand for them: a row
        held out is there 1 / propensity times, rounded, and at most `MOST_COPIES` times.
        """
        if "offered_ahead" not in self.columns:
            return self
        offered, propensity = (self.columns[name] for name in labels.OFFERS)
        stands_for = np.round(np.minimum(1 / np.nan_to_num(propensity, nan=1.0), MOST_COPIES))
        copies = np.where(offered == 1, 0, stands_for).astype(np.intp)
        if (copies == 1).all():
            return self
        return self.select(np.repeat(np.arange(len(self)), copies))

    def at(self, *cutoffs: datetime) -> "Snapshot":
        """Only the rows of these cut-offs."""
        wanted = np.isin(self.instants, microseconds(cutoffs).view("M8[us]"))
        origin = self.provenance.model_copy(update={"cutoffs": tuple(sorted(cutoffs))})
        return replace(self.select(np.flatnonzero(wanted)), provenance=origin)

    def assign(self, **columns: ArrayLike) -> "Snapshot":
        """The same rows with these columns, each of shape (rows,) or one value for all."""
        own = {name: np.full(len(self), values, dtype=float) for name, values in columns.items()}
        return replace(self, columns={**self.columns, **own})

    def select(self, rows: Ints) -> "Snapshot":
        """Only these rows, in this order."""
        return replace(
            self,
            customer=self.customer[rows],
            instants=self.instants[rows],
            columns={name: values[rows] for name, values in self.columns.items()},
        )


def families(themes: Themes | None = None) -> tuple[Family[Any], ...]:
    """All families, with that of comments where there are themes to tell them by."""
    return FAMILIES if themes is None else (*FAMILIES, themes.family)


def driver(name: str) -> Driver:
    """The story a feature belongs to; those that are learned are all of comments."""
    return DRIVERS.get(name, DRIVER_OF_COMMENTS)


def present(has: Set[str], themes: Themes | None = None) -> tuple[Feature[Any], ...]:
    """The features that these tables and columns carry."""
    return _present(_looked_at(has, themes), themes)


def _looked_at(has: Set[str], themes: Themes | None) -> frozenset[str]:
    return (NEEDED if themes is None else NEEDED.union(themes.family.needs)) & has


@lru_cache(maxsize=64)
def _present(has: frozenset[str], themes: Themes | None) -> tuple[Feature[Any], ...]:
    return tuple(feature for family in families(themes) for feature in family.present(has))


@lru_cache(maxsize=64)
def _version(has: frozenset[str], themes: Themes | None) -> str:
    learned = () if themes is None else (themes.digest,)
    return feature.version(_present(has, themes), *learned)


def columns(has: Set[str], themes: Themes | None = None) -> tuple[Feature[Any], ...]:
    """The features that these tables and columns carry, and the context beside them."""
    return (*present(has, themes), *CONTEXT.present(has))


def provenance(
    settings: FeatureSettings,
    cutoffs: Iterable[datetime],
    has: Set[str],
    themes: Themes | None = None,
) -> Provenance:
    """The definitions of a snapshot made under these settings from these tables and columns."""
    looked_at = _looked_at(has, themes)
    return Provenance(
        churn=settings.churn,
        horizon_days=settings.horizon_days,
        currency=settings.currency,
        time_zone=settings.time_zone,
        families=tuple(family.name for family in families(themes) if family.present(has)),
        records=tuple(sorted(looked_at)),
        feature_version=_version(looked_at, themes),
        cutoffs=tuple(sorted(cutoffs)),
    )


def groups(
    records: Iterable[Records],
    cutoffs: Iterable[datetime],
    settings: FeatureSettings,
    *,
    has: Set[str],
    themes: Themes | None = None,
    observed_until: datetime | None = None,
    only: Set[str] | None = None,
) -> Iterator[Snapshot]:
    """Look at every customer at every cut-off, some customers at a time: memory stays flat.

    Args:
        records: Groups of customers, as the store gives them.
        cutoffs: The instants to look back from.
        settings: Horizon, time zone, churn definition.
        has: The tables and columns there are, as `Store.has` tells.
        themes: What comments are about, the same that the records were read with.
        observed_until: The instant the records end; labels exist where the horizon closed by it.
            Without it there are none.
        only: The features wanted, if not all that the records carry.

    Yields:
        Rows for the customers who had bought before the cut-off, in no order to rely on; where
        churn is by contract, without those whose contract had ended.
    """
    origin = provenance(settings, cutoffs, has, themes)
    names = tuple(f.name for f in present(has, themes) if only is None or f.name in only)
    for group in records:
        for known, final, instants in _passes(group, origin.cutoffs):
            look = look_at(
                known, instants, settings.time_zone, by_contract=settings.churn == "contract"
            )
            columns = _told(look, has, themes, only)
            if observed_until is not None:
                columns |= _outcomes(replace(look, records=final), settings, observed_until)
            times = look.pairs.instants.view("M8[us]")
            yield Snapshot(known.customers, look.pairs.customer, times, columns, names, origin)


def together(snapshots: Sequence[Snapshot]) -> Snapshot:
    """The rows of several snapshots that were made under the same definitions."""
    if len(snapshots) == 1:
        return snapshots[0]
    sizes = [len(snapshot.ids) for snapshot in snapshots]
    before = np.cumsum([0, *sizes[:-1]])
    return replace(
        snapshots[0],
        ids=np.concatenate([snapshot.ids for snapshot in snapshots]),
        customer=np.concatenate(
            [snapshot.customer + start for snapshot, start in zip(snapshots, before, strict=True)]
        ),
        instants=np.concatenate([snapshot.instants for snapshot in snapshots]),
        columns={
            name: np.concatenate([snapshot.columns[name] for snapshot in snapshots])
            for name in snapshots[0].columns
        },
    )


def _whole(groups: Callable[P, Iterable[Snapshot]]) -> Callable[P, Snapshot]:
    """The same, together in one snapshot."""

    @wraps(groups)
    def take(*args: P.args, **kwargs: P.kwargs) -> Snapshot:
        return together([*groups(*args, **kwargs)])

    return take


take = _whole(groups)
"""What `groups` gives of the same arguments, as one snapshot."""


def _passes(
    records: Records, cutoffs: tuple[datetime, ...]
) -> Iterator[tuple[Records, Records, tuple[datetime, ...]]]:
    """Records as known at cut-offs, and as they came to be.

    All cut-offs go in one pass for customers whose records came in time, else one by one.
    """
    late = records.late
    if not late.all():
        punctual = records.subset(~late)
        yield punctual, punctual, cutoffs
    if late.any():
        tardy = records.subset(late)
        for cutoff, instant in zip(cutoffs, microseconds(cutoffs), strict=True):
            yield tardy.known(instant), tardy.final, (cutoff,)


def look_at(
    known: Records, cutoffs: tuple[datetime, ...], time_zone: str, *, by_contract: bool = False
) -> Look:
    """The customers who had bought before each cut-off, and their records as known at it.

    By contract, without those whose contract had ended.
    """
    instants = microseconds(cutoffs)
    there = purchases.first(known["transactions"])[:, None] < instants
    if by_contract:
        there &= ~labels.ended(known.contract_ends, instants)
    return Look(known, Pairs.where(there, instants), last_days(cutoffs, time_zone))


def _told(
    look: Look, has: Set[str], themes: Themes | None = None, only: Set[str] | None = None
) -> dict[str, Floats]:
    """Features and context, all that the records carry or `only` those named: shape (pairs,)."""
    carried = replace(look, records=_carried(look.records, has))
    return {
        name: values.astype(float, copy=False)
        for family in (*families(themes), CONTEXT)
        for name, values in family.columns(carried, has, only).items()
    }


def _carried(records: Records, has: Set[str]) -> Records:
    """The records without what others may have and these models do not know."""
    unknown = NEEDED - has
    tables = {
        table: rows.without({name.removeprefix(f"{table}.") for name in unknown})
        for table, rows in records.tables.items()
        if table not in unknown
    }
    return replace(records, tables=tables)


def _outcomes(final: Look, settings: FeatureSettings, until: datetime) -> dict[str, Floats]:
    """The labels, NaN where the horizon has not closed."""
    judged = labels.Horizon(settings.horizon_days, settings.rhythm_factor, settings.decline_share)
    outcomes = labels.compute(final, judged, final.records.contract_ends)
    open_ = final.pairs.instants + settings.horizon_days * DAY > microsecond(until)
    closed = {name: np.where(open_, np.nan, values) for name, values in outcomes.items()}
    return {"churned": closed[labels.CHURNED[settings.churn]], **closed}


@lru_cache(maxsize=64)
def _header(names: tuple[str, ...]) -> pd.Index:
    return pd.Index(names)
