"""Stages of life, and the steps from one to the next."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from features import snapshot, stages
from features.indicators.known import known
from features.indicators.period import Period
from features.settings import FeatureSettings
from features.store import Store

SETTINGS = FeatureSettings(horizon_days=30)
YEAR = Period.of(date(2024, 1, 1), date(2024, 12, 31), "UTC")


def sell(*bought: tuple[str, str]) -> pd.DataFrame:
    """Purchases of customers on days of 2024."""
    rows = [(who, f"2024-{day}") for who, days in bought for day in days.split()]
    table = pd.DataFrame(rows, columns=["customer_id", "occurred_at"])
    times = pd.to_datetime(table["occurred_at"], utc=True)
    return table.assign(
        occurred_at=times, amount=10.0, transaction_id=table.index.astype(str).astype(object)
    )


def ask(*answers: tuple[str, str, int]) -> pd.DataFrame:
    table = pd.DataFrame(answers, columns=["customer_id", "answered_at", "score"])
    times = pd.to_datetime("2024-" + table["answered_at"], utc=True)
    return table.assign(
        answered_at=times, asked_at=times, kind="nps", survey_id=table.index.astype(str)
    )


REGULAR = "01-01 01-11 01-21 01-31"
STORY = sell(
    ("once", "01-05"),
    ("twice", "01-05 02-01"),
    ("regular", REGULAR),
    ("promoter", REGULAR),
    ("turned", REGULAR),
    ("referrer", REGULAR),
    ("later", "02-09"),
)


@pytest.fixture(scope="module")
def store(make_store: Callable[..., Store]) -> Store:
    surveys = ask(
        *(("promoter", "01-20", 9), ("turned", "01-15", 10), ("turned", "02-01", 6)),
        *(("once", "01-06", 10),),
    )
    referrals = pd.DataFrame(
        {
            "referral_id": ["1"],
            "customer_id": ["referrer"],
            "occurred_at": pd.to_datetime(["2024-02-03"], utc=True),
        }
    )
    return make_store(STORY, surveys=surveys, referrals=referrals)


def staged(store: Store, at: datetime) -> dict[str, str]:
    with known(store, "UTC", before=at) as connection:
        return dict(connection.execute(stages.sql(at, "UTC")).fetchall())


def test_stages_go_by_purchase_days_rhythm_and_recommendation(store: Store) -> None:
    assert staged(store, datetime(2024, 2, 5, tzinfo=UTC)) == {
        "once": "buyer",  # a promoter who bought once is no fan yet
        "twice": "customer",
        "regular": "frequent",
        "promoter": "fan",
        "turned": "frequent",  # the last answer counts
        "referrer": "fan",
    }


def test_a_stage_is_lost_by_silence(store: Store) -> None:
    assert staged(store, datetime(2024, 2, 11, tzinfo=UTC))["promoter"] == "fan"
    assert staged(store, datetime(2024, 2, 12, tzinfo=UTC))["promoter"] == "customer"


def test_stages_are_those_of_the_feature(company_store: Store) -> None:
    """The same stage as the feature of that name, which knows no fans."""
    at = datetime(2025, 3, 1, tzinfo=UTC)
    taken = snapshot.take(
        company_store.records(),
        (at,),
        FeatureSettings(),
        has=company_store.has,
        observed_until=at,
    )
    number = {"buyer": 0, "customer": 1, "frequent": 2, "fan": 2}
    found = {who: number[stage] for who, stage in staged(company_store, at).items()}
    rows = taken.rows
    expected = dict(zip(rows["customer_id"], rows["stage"], strict=True))
    assert len(expected) > 1_000
    assert found == expected


def test_counts_are_those_of_all_customers(store: Store) -> None:
    counted = stages.counts(store, SETTINGS, at=datetime(2024, 2, 5, tzinfo=UTC))
    assert counted == {"buyer": 1, "customer": 1, "frequent": 2, "fan": 2}


def test_transitions_are_shares_of_the_stage_left(store: Store) -> None:
    period = Period.of(date(2024, 1, 6), date(2024, 2, 9), "UTC")
    moved = stages.transitions(store, SETTINGS, period)
    # Then all had bought once; later came in the period.
    assert moved["buyer", "buyer"][:2] == (6, 1 / 6)
    assert moved["buyer", "customer"][:2] == (6, 1 / 6)
    assert moved["buyer", "frequent"][:2] == (6, 2 / 6)
    assert moved["buyer", "fan"][:2] == (6, 2 / 6)
    assert moved["new", "buyer"][:2] == (1, 1.0)
    assert ("fan", "fan") not in moved


def test_transitions_of_a_stage_add_up_to_one(company_store: Store) -> None:
    period = Period.of(date(2025, 1, 1), date(2025, 6, 30), "UTC")
    moved = stages.transitions(company_store, FeatureSettings(), period)
    for early in stages.STAGES:
        assert sum(f.value for (e, _), f in moved.items() if e == early) == pytest.approx(1)


def test_the_chance_of_the_next_stage_counts_whoever_is_still_on_the_way(store: Store) -> None:
    """Of seven buyers five bought again after 10 days or 27 (twice, the rest after 10)."""
    period = Period.of(date(2024, 1, 1), date(2024, 2, 29), "UTC")
    first, second, third = stages.steps(store, SETTINGS, period)
    assert (first.stage, first.following) == ("buyer", "customer")
    assert first.chance.n == 7
    # Four take it at day 10, twice at day 27, when once and he are left; later was seen for 21.
    assert first.chance.value == pytest.approx(1 - (3 / 7) * (1 / 2))
    assert first.median_days == pytest.approx(10)
    assert 0 < first.chance.low < first.chance.value < first.chance.high <= 1
    assert second.chance[:2] == (5, 1 - (1 / 5))
    assert second.median_days == pytest.approx(20)
    # Two were promoters by then; the referrer took three days more.
    assert third.chance[:2] == (4, 3 / 4)


def test_who_entered_before_the_period_is_not_counted(store: Store) -> None:
    period = Period.of(date(2024, 2, 1), date(2024, 2, 29), "UTC")
    first, second, _ = stages.steps(store, SETTINGS, period)
    assert first.chance[:2] == (1, 0)
    assert np.isnan(first.median_days)
    assert second.chance.n == 1
