"""Past campaigns: their outcomes, joined from the records once their horizons have closed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import pandas as pd
import pyarrow.parquet as pq

from features import snapshot
from features.cutoffs import midnight
from features.records import Records
from features.settings import FeatureSettings
from features.store import Store
from serving.campaigns import Campaign
from serving.outcomes import Outcome, judge

State = Literal["draft", "closes", "judged", "unknown"]


@dataclass(frozen=True)
class Past:
    """A campaign, and what came of it.

    Attributes:
        campaign: It.
        outcome: None before it was sent, before its horizon closed, and where the records know
            nobody of it.
        state: "draft", "closes" (its horizon is still open), "judged", or "unknown".
    """

    campaign: Campaign
    outcome: Outcome | None
    state: State

    @property
    def closes(self) -> datetime | None:
        """When its horizon closes; None for a draft."""
        return closes(self.campaign)

    def figures(self) -> dict[str, object]:
        """What was promised and what came of it, flat, for a series of campaigns."""
        told = {"campaign": self.campaign.id, "state": self.state, "sent_at": self.campaign.sent_at}
        return told | (self.outcome.figures() if self.outcome else {})


def closes(campaign: Campaign) -> datetime | None:
    """When a campaign's horizon closes; None for a draft."""
    if campaign.sent_at is None:
        return None
    return campaign.sent_at + timedelta(days=campaign.summary["horizon_days"])


def look_back(campaign: Campaign, store: Store, settings: FeatureSettings) -> Past:
    """What came of a campaign, as far as the records go.

    Raises:
        QuerenciaError: where its list was changed after it was sent.
    """
    closed, until = closes(campaign), midnight(store.span()[1], settings.time_zone)
    if campaign.sent_at is None or closed is None:
        return Past(campaign, None, "draft")
    if closed > until:
        return Past(campaign, None, "closes")
    rows = followed(campaign, store, settings, until)
    return Past(campaign, judge(rows), "judged") if len(rows) else Past(campaign, None, "unknown")


def followed(
    campaign: Campaign, store: Store, settings: FeatureSettings, until: datetime
) -> pd.DataFrame:
    """The list of a sent campaign with what came: `churned`, `spend_ahead`, the `cost` recorded.

    Customers whom the records don't know any more are left out, and those on whom the churn
    definition has no say.
    """
    rows, asked = campaign.rows(), campaign.summary
    same = settings.model_copy(
        update={"churn": asked["churn"], "horizon_days": asked["horizon_days"]}
    )
    listed = frozenset(rows["customer_id"])
    groups = list(_only(store.records(), listed))
    if campaign.sent_at is None or not groups:
        return rows.head(0)
    came = snapshot.take(
        groups, [campaign.sent_at], same, has=store.has, observed_until=until, only=frozenset()
    ).labelled.rows[["customer_id", "churned", "spend_ahead"]]
    return _with_costs(rows, campaign, store).merge(came, on="customer_id")


def _only(groups: Iterator[Records], customers: frozenset[str]) -> Iterator[Records]:
    """The records of these customers."""
    for group in groups:
        wanted = pd.Series(group.customers).isin(customers).to_numpy()
        if wanted.any():
            yield group.subset(wanted)


def _with_costs(rows: pd.DataFrame, campaign: Campaign, store: Store) -> pd.DataFrame:
    """The list with the costs that the company recorded in place of those expected."""
    if "offers.cost" not in store.has:
        return rows
    recorded = pq.read_table(store.path("offers"), columns=["offer_id", "cost"]).to_pandas()
    known = recorded.dropna().set_index("offer_id")["cost"]
    spent = campaign.decided()["offer_id"].map(known).to_numpy()
    return rows.assign(cost=pd.Series(spent, rows.index).fillna(rows["cost"]))
