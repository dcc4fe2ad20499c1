"""Trials: which contacts count, and what was known when each was decided."""

from collections.abc import Callable, Mapping
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from features import snapshot
from features.cutoffs import midnight
from features.offers import CONTROL
from features.settings import FeatureSettings
from features.store import Store
from training import trials
from training.trials import Trials

MakeStore = Callable[..., Store]
SETTINGS = FeatureSettings()


def end_of(store: Store) -> datetime:
    return midnight(store.span()[1], "UTC")


def take(store: Store) -> Trials | None:
    return trials.take(store, SETTINGS, before=end_of(store), has=store.has)


@pytest.fixture(scope="module")
def taken(company_store: Store) -> Trials:
    found = take(company_store)
    assert found is not None
    return found


def test_every_closed_contact_with_a_buyer_is_there(
    taken: Trials, company_store: Store, company_tables: Mapping[str, pd.DataFrame]
) -> None:
    offers = company_tables["offers"]
    closed = offers["decided_at"] + pd.Timedelta(days=90) <= end_of(company_store)
    assert len(taken) + sum(taken.left_out.values()) == len(offers)
    assert taken.left_out["their horizon is still open"] == (~closed).sum()
    assert len(taken) > 0.9 * closed.sum()
    assert taken.offers == ("voucher",)


def test_arms_and_propensities_are_those_of_the_contact(
    taken: Trials, company_tables: Mapping[str, pd.DataFrame]
) -> None:
    told = company_tables["offers"].set_index(["customer_id", "decided_at"])
    rows = taken.rows.rows
    mine = told.loc[pd.MultiIndex.from_frame(rows[["customer_id", "cutoff"]])]
    assert (mine["arm"].to_numpy() == taken.arm).all()
    assert mine["propensity"].to_numpy() == pytest.approx(taken.propensity)
    assert (mine["campaign_id"].to_numpy() == taken.campaign).all()
    assert (taken.offered == (taken.arm != CONTROL)).all()
    assert rows["cutoff"].is_monotonic_increasing


def test_rows_are_what_a_snapshot_of_that_day_says(taken: Trials, company_store: Store) -> None:
    day = taken.rows.provenance.cutoffs[1]
    whole = snapshot.take(
        company_store.records(),
        [day],
        SETTINGS,
        has=company_store.has,
        observed_until=end_of(company_store),
    ).rows.set_index("customer_id")
    mine = taken.rows.at(day).rows.set_index("customer_id")
    pd.testing.assert_frame_equal(mine, whole.loc[mine.index], check_exact=True)


def test_contacts_that_teach_nothing_are_left_out_with_the_reason(
    make_store: MakeStore, company_tables: Mapping[str, pd.DataFrame]
) -> None:
    offers = company_tables["offers"].copy()
    first, second, third = (offers["campaign_id"] == f"campaign-{each}" for each in (1, 2, 3))
    offers.loc[first, "propensity"] = np.nan
    offers.loc[second, "propensity"] = 1.0
    offers = offers[~third | (offers["arm"] != CONTROL)]
    others = {name: table for name, table in company_tables.items() if name != "offers"}
    found = take(make_store(**others, offers=offers))
    assert found is not None
    assert not {"campaign-1", "campaign-2", "campaign-3"} & set(found.campaign)
    reasons = {
        "the chance of their arm is not recorded, or was 1": first.sum() + second.sum(),
        "their campaign held nobody out": (offers["campaign_id"] == "campaign-3").sum(),
    }
    assert {name: found.left_out[name] for name in reasons} == reasons


def test_an_offer_is_judged_beside_its_own_campaigns_alone(taken: Trials) -> None:
    arm = taken.arm.copy()
    arm[(taken.campaign == "campaign-2") & taken.offered] = "call"
    two = Trials(taken.rows, arm, taken.propensity, taken.campaign)
    assert two.offers == ("call", "voucher")
    call = two.select(two.about("call"))
    assert set(call.campaign) == {"campaign-2"}
    assert set(call.arm) == {"call", CONTROL}
    assert "call" not in set(two.select(two.about("voucher")).arm)


@pytest.mark.parametrize("without", ["offers", "propensity"])
def test_without_randomised_offers_there_are_no_trials(
    make_store: MakeStore, company_tables: Mapping[str, pd.DataFrame], without: str
) -> None:
    tables = dict(company_tables)
    offers = tables.pop("offers")
    if without != "offers":
        tables["offers"] = offers.drop(columns=without)
    assert take(make_store(**tables)) is None
