"""Touches: whom the company was in touch with of late, whom it asked, and whom it left alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.offers import CONTROL
from features.store import Store
from serving.limits import CampaignSettings

Mask = NDArray[np.bool_]

_VOICES = {"contacts": "occurred_at", "surveys": "answered_at"}
"""Where customers are heard, and when."""


class Touched(NamedTuple):
    """What is known of each of some customers besides their scores, all of shape (n,).

    Attributes:
        tired: Whether they were contacted as often as may be; and
        held: are control of a campaign whose horizon is still open.
        heard: Whether something was heard of them of late; None where nothing tells it.
        segment: The company's own segment, missing where there is none.
    """

    tired: Mask
    held: Mask
    heard: Mask | None
    segment: "pd.Series[Any]"


@dataclass(frozen=True)
class Touches:
    """What is known of customers besides their scores.

    Attributes:
        tired: Those who were contacted as often as may be.
        held: Those who are control of a campaign whose horizon is still open: a contact now would
            spoil what is learned from them.
        heard: Those of whom something was heard of late; None where nothing tells it.
        segment: The company's own segment of each customer who has one; None where there are none.
    """

    tired: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    heard: frozenset[str] | None = None
    segment: Mapping[str, str] | None = None

    def of(self, customer_ids: "pd.Series[str]") -> Touched:
        """The same of each of these customers."""
        ids = customer_ids.tolist()
        segments = map((self.segment or {}).get, ids)
        return Touched(
            _are(ids, self.tired),
            _are(ids, self.held),
            None if self.heard is None else _are(ids, self.heard),
            pd.Series(segments, dtype=object).astype("category"),
        )

    @classmethod
    def look(
        cls,
        store: Store,
        sent: Iterable[pd.DataFrame],
        cutoff: datetime,
        limits: CampaignSettings,
        *,
        horizon_days: int,
    ) -> "Touches":
        """What the records, and campaigns sent since, tell as of a cut-off and after it.

        Args:
            store: The records.
            sent: Rows of the table `offers` that campaigns came to, in the records or not.
            cutoff: Of the scores.
            limits: How long is of late, and how often is too often.
            horizon_days: Days in which the outcome of a campaign shows.
        """
        offers = _offers(store.path("offers"), sent)
        return cls(
            tired=_tired(offers, cutoff - timedelta(days=limits.fatigue_days), limits),
            held=_held(offers, cutoff - timedelta(days=horizon_days)),
            heard=_heard(store, cutoff - timedelta(days=limits.silent_days)),
            segment=_segment(store.path("customers")),
        )


def _offers(path: Path, sent: Iterable[pd.DataFrame]) -> pd.DataFrame:
    columns = ["offer_id", "customer_id", "decided_at", "arm"]
    known = [pq.read_table(path, columns=columns).to_pandas()] if path.is_file() else []
    rows = [pd.DataFrame(columns=columns), *known, *(each[columns] for each in sent)]
    together = pd.concat([each for each in rows if len(each)] or rows[:1], ignore_index=True)
    unique: pd.DataFrame = together.drop_duplicates("offer_id")
    return unique


def _tired(offers: pd.DataFrame, since: datetime, limits: CampaignSettings) -> frozenset[str]:
    made = offers[(offers["arm"] != CONTROL) & (offers["decided_at"] >= since)]
    counts = made["customer_id"].value_counts()
    return frozenset(counts.index[counts >= limits.fatigue_contacts])


def _held(offers: pd.DataFrame, since: datetime) -> frozenset[str]:
    held = offers[(offers["arm"] == CONTROL) & (offers["decided_at"] > since)]
    return frozenset(held["customer_id"])


def _heard(store: Store, since: datetime) -> frozenset[str] | None:
    telling = {table: time for table, time in _VOICES.items() if f"{table}.{time}" in store.has}
    if not telling:
        return None
    return frozenset().union(
        *(_since(store.path(table), time, since) for table, time in telling.items())
    )


def _since(path: Path, time: str, since: datetime) -> frozenset[str]:
    rows = pq.read_table(path, columns=["customer_id", time])
    return frozenset(rows.filter(pc.greater_equal(rows[time], since))["customer_id"].to_pylist())


def _segment(path: Path) -> Mapping[str, str] | None:
    if not path.is_file() or "segment" not in pq.read_schema(path).names:
        return None
    rows = pq.read_table(path, columns=["customer_id", "segment"])
    told = zip(rows["customer_id"].to_pylist(), rows["segment"].to_pylist(), strict=True)
    return {customer: segment for customer, segment in told if segment is not None}


def _are(customers: list[str], among: frozenset[str]) -> Mask:
    return np.fromiter(map(among.__contains__, customers), bool, len(customers))
