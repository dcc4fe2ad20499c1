"""Trials: the company's own contacts whose arm was drawn at random, and what came of each."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features import snapshot
from features.comments import Themes
from features.offers import CONTROL
from features.records import Records
from features.settings import FeatureSettings
from features.snapshot import Snapshot
from features.store import Store

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

_NEEDED = ("customer_id", "campaign_id", "decided_at", "arm", "propensity")
_CONTACT = ["customer_id", "cutoff"]


@dataclass(frozen=True)
class Trials:
    """Randomised contacts whose horizon has closed, in the order they were decided.

    Attributes:
        rows: What was known of each customer when the contact was decided, with labels.
        arm: Name of the offer that was made, or `control`, shape (n,).
        propensity: Chance of that arm when it was drawn, shape (n,).
        campaign: The campaign each belongs to, shape (n,).
        left_out: How many contacts are not among them, by reason.
    """

    rows: Snapshot
    arm: NDArray[Any]
    propensity: Floats
    campaign: NDArray[Any]
    left_out: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.arm)

    @property
    def offers(self) -> tuple[str, ...]:
        """The offers that were tried."""
        return tuple(sorted(set(self.arm) - {CONTROL}))

    def about(self, offer: str) -> Ints:
        """The contacts with an offer, and those held out in the campaigns in which it was made.

        Contacts with other offers say nothing of this one. Their customers were drawn by chance,
        so that those who are left stand for them.
        """
        beside = np.isin(self.campaign, np.unique(self.campaign[self.arm == offer]))
        return np.flatnonzero(beside & np.isin(self.arm, (offer, CONTROL)))

    def select(self, contacts: Ints) -> "Trials":
        """Only these contacts, in this order."""
        return replace(
            self,
            rows=self.rows.select(contacts),
            arm=self.arm[contacts],
            propensity=self.propensity[contacts],
            campaign=self.campaign[contacts],
        )

    @property
    def offered(self) -> NDArray[np.bool_]:
        """Whether an offer was made, else held out."""
        return np.asarray(self.arm != CONTROL)


def take(
    store: Store,
    settings: FeatureSettings,
    *,
    before: datetime,
    has: Set[str],
    themes: Themes | None = None,
) -> Trials | None:
    """All trials whose horizon has closed.

    What was known is looked at as of the beginning of the day of the decision, from which the
    horizon counts too, so that a campaign decided within a day is one cut-off.

    Args:
        store: The records.
        settings: Horizon, time zone, churn definition.
        before: The instant by which the horizon must have closed.
        has: The tables and columns to look at.
        themes: What comments are about.

    Returns:
        None where no contact was drawn at random, or none of them has closed.
    """
    if not {f"offers.{name}" for name in _NEEDED} <= store.has:
        return None
    contacts, left_out = _drawn(_contacts(store, settings), settings, before)
    if contacts.empty:
        return None
    pieces = [
        piece
        for records in store.records(themes=themes)
        for piece in _looks(records, contacts, settings, before, has, themes)
    ]
    rows = snapshot.together(pieces)
    days = tuple(day.to_pydatetime() for day in sorted(contacts["cutoff"].unique()))
    origin = rows.provenance.model_copy(update={"cutoffs": days})
    return _joined(replace(rows, provenance=origin).labelled, contacts, left_out)


def _contacts(store: Store, settings: FeatureSettings) -> pd.DataFrame:
    rows: pd.DataFrame = pq.read_table(store.path("offers"), columns=list(_NEEDED)).to_pandas()
    day = rows["decided_at"].dt.tz_convert(settings.time_zone).dt.normalize()
    return rows.assign(cutoff=day.dt.tz_convert("UTC").astype("datetime64[us, UTC]"))


def _drawn(
    contacts: pd.DataFrame, settings: FeatureSettings, before: datetime
) -> tuple[pd.DataFrame, dict[str, int]]:
    """The contacts that can teach something, and why the others can't."""
    closed = contacts["cutoff"] + pd.Timedelta(days=settings.horizon_days) <= before
    held_out = contacts["campaign_id"][contacts["arm"] == CONTROL]
    checks = {
        "their horizon is still open": closed,
        "the chance of their arm is not recorded, or was 1": contacts["propensity"].between(
            0, 1, inclusive="neither"
        ),
        "their campaign held nobody out": contacts["campaign_id"].isin(held_out),
        "another contact of that day counts": ~contacts.duplicated(_CONTACT),
    }
    left_out, kept = {}, pd.Series(True, contacts.index)
    for reason, holds in checks.items():
        left_out[reason] = int((kept & ~holds).sum())
        kept &= holds
    return contacts[kept], left_out


def _looks(
    records: Records,
    contacts: pd.DataFrame,
    settings: FeatureSettings,
    before: datetime,
    has: Set[str],
    themes: Themes | None,
) -> Iterator[Snapshot]:
    """What was known of the customers contacted on each day, of one group of customers."""
    here = contacts[contacts["customer_id"].isin(records.customers)]
    for day, contacted in here.groupby("cutoff"):
        chosen = records.subset(pd.Index(records.customers).isin(contacted["customer_id"]))
        yield from snapshot.groups(
            [chosen],
            [pd.Timestamp(str(day)).to_pydatetime()],
            settings,
            has=has,
            themes=themes,
            observed_until=before,
        )


def _joined(rows: Snapshot, contacts: pd.DataFrame, left_out: dict[str, int]) -> Trials:
    seen = pd.MultiIndex.from_frame(rows.rows[_CONTACT])
    wanted = contacts.sort_values(["decided_at", "customer_id"])
    place = seen.get_indexer(pd.MultiIndex.from_frame(wanted[_CONTACT]))
    told = wanted[place >= 0]
    left_out["the customer had not bought yet, or the churn definition has no say"] = len(
        wanted
    ) - len(told)
    return Trials(
        rows.select(place[place >= 0]),
        told["arm"].to_numpy(object),
        told["propensity"].to_numpy(float),
        told["campaign_id"].to_numpy(object),
        {reason: count for reason, count in left_out.items() if count},
    )
