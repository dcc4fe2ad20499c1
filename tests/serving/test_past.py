"""Past campaigns: outcomes come from the records, once the horizon has closed."""

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.cutoffs import midnight
from features.offers import CONTROL
from features.settings import FeatureSettings
from features.store import Store
from serving.campaigns import Campaign, Campaigns
from serving.outcomes import judge
from serving.past import followed, look_back

SETTINGS = FeatureSettings()


@pytest.fixture
def store(company_store: Store, tmp_path: Path) -> Store:
    """The records of a simulated company, to be written to."""
    shutil.copytree(company_store.folder, tmp_path / "data")
    return Store(tmp_path / "data")


def sent(store: Store, tables: Mapping[str, pd.DataFrame], at: datetime) -> Campaign:
    """A campaign of 300 customers who had bought by then, every third of them control."""
    sold = tables["transactions"]
    known = sold["customer_id"][sold["occurred_at"] < at].unique()[:300]
    held = np.arange(300) % 3 == 0
    rows = pd.DataFrame(
        {
            "customer_id": known,
            "campaign": "2026-01-01-1",
            "offer": "gift",
            "arm": np.where(held, CONTROL, "gift"),
            "propensity": np.where(held, 1 / 3, 2 / 3),
            "risk": 0.3,
            "value_at_stake": 100.0,
            "cost": 5.0,
            "expected_profit": 4.0,
            "expected_profit_low": -5.0,
            "expected_spend_low": 0.0,
            "expected_spend_high": 1e6,
        }
    )
    summary = {"cutoff": at.isoformat(), "churn": "inactivity", "horizon_days": 90}
    campaigns = Campaigns(store.folder)
    campaigns.write("2026-01-01-1", rows, summary)
    return campaigns.send("2026-01-01-1", at)


def ends(store: Store) -> datetime:
    return midnight(store.span()[1], "UTC").astimezone(UTC)


def test_the_outcome_is_what_the_purchases_of_the_horizon_tell(
    store: Store, company_tables: Mapping[str, pd.DataFrame]
) -> None:
    at = ends(store) - timedelta(days=90)
    campaign = sent(store, company_tables, at)
    rows = followed(campaign, store, SETTINGS, ends(store)).set_index("customer_id")

    sold = company_tables["transactions"]
    within = sold[(sold["occurred_at"] >= at) & (sold["amount"] > 0)]
    bought = rows.index.isin(within["customer_id"])
    assert len(rows) == 300
    assert 0 < bought.sum() < 300
    assert (rows["churned"] == 1 - bought).all()

    past = look_back(campaign, store, SETTINGS)
    assert past.state == "judged"
    assert past.outcome == judge(rows)
    assert past.figures()["campaign"] == "2026-01-01-1"
    assert past.figures()["contacted"] == 200


def test_an_open_horizon_is_not_judged(
    store: Store, company_tables: Mapping[str, pd.DataFrame]
) -> None:
    past = look_back(sent(store, company_tables, ends(store) - timedelta(days=89)), store, SETTINGS)
    assert (past.state, past.outcome) == ("closes", None)
    assert past.closes == ends(store) + timedelta(days=1)


def test_the_cost_that_was_recorded_counts(
    store: Store, company_tables: Mapping[str, pd.DataFrame]
) -> None:
    campaign = sent(store, company_tables, ends(store) - timedelta(days=90))
    recorded = campaign.decided().head(10).assign(cost=7.0)
    recorded.to_parquet(store.path("offers"))
    costs = followed(campaign, store, SETTINGS, ends(store))["cost"]
    assert (costs == 7).sum() == 10
    assert (costs == 5).sum() == 290


def test_a_draft_and_one_of_strangers_have_no_outcome(
    store: Store, company_tables: Mapping[str, pd.DataFrame]
) -> None:
    campaign = sent(store, company_tables, ends(store) - timedelta(days=90))
    strangers = campaign.rows().assign(customer_id=lambda rows: "x" + rows["customer_id"])
    campaigns = Campaigns(store.folder)
    draft = campaigns.write("2026-01-01-2", strangers, campaign.summary)
    assert look_back(draft, store, SETTINGS).state == "draft"
    unknown = campaigns.send(draft.id, campaign.sent_at or ends(store))
    assert look_back(unknown, store, SETTINGS).state == "unknown"
