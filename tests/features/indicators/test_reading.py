"""Indicators apart by something, of one customer, by what was known, and against targets."""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime

import pandas as pd
import pytest

from features.errors import QuerenciaError
from features.indicators.catalogue import INDICATORS
from features.indicators.figures import Figure
from features.indicators.period import Period
from features.indicators.reading import DIMENSIONS, read
from features.records import CONTRACTS
from features.settings import FeatureSettings
from features.store import Store
from tests.features.indicators.quarter import QUARTER


def by(
    store: Store, settings: FeatureSettings, dimension: str, name: str
) -> dict[str | None, tuple[int, float]]:
    found = read(store, settings, QUARTER, by=dimension, indicators=[name])
    return {reading.group: (reading.figure.n, reading.figure.value) for reading in found}


def test_answers_are_told_apart_by_segment_stage_and_their_own_channel(
    quarter_store: Store, settings: FeatureSettings
) -> None:
    assert by(quarter_store, settings, "segment", "nps") == {"gold": (2, 100), "plain": (2, -50)}
    # Of the four, ana and bea had bought once as the period began.
    assert by(quarter_store, settings, "stage", "nps") == {"buyer": (2, 50), None: (2, 0)}
    assert by(quarter_store, settings, "channel", "nps") == {"email": (2, 100), "phone": (2, -50)}


def test_customers_are_told_apart_by_their_last_channel_and_touchpoint(
    quarter_store: Store, settings: FeatureSettings
) -> None:
    assert by(quarter_store, settings, "channel", "spend") == {"shop": (1, 120), "web": (2, 80)}
    assert by(quarter_store, settings, "touchpoint", "spend") == {
        "catalogue": (1, 80),
        "hand-over": (1, 80),
        "help desk": (1, 120),
    }


def test_reviews_are_told_apart_by_the_promise_before_them_and_by_their_score(
    quarter_store: Store, settings: FeatureSettings
) -> None:
    assert by(quarter_store, settings, "promise", "review") == {"kept": (1, 5), "late": (1, 1)}
    assert by(quarter_store, settings, "score", "review") == {"1": (1, 1), "5": (1, 5)}


def test_what_facts_do_not_tell_apart_steps_aside(
    quarter_store: Store, settings: FeatureSettings
) -> None:
    found = {
        reading.indicator.name for reading in read(quarter_store, settings, QUARTER, by="topic")
    }
    assert "first_contact_resolution" in found
    assert found.isdisjoint({"nps", "churn_rate", "spend"})


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_groups_add_up_to_everybody(
    quarter_store: Store, settings: FeatureSettings, dimension: str
) -> None:
    means = [name for name, each in INDICATORS.items() if each.statistic.is_mean]
    overall = {
        reading.indicator.name: reading.figure
        for reading in read(quarter_store, settings, QUARTER, indicators=means)
    }
    groups: dict[str, list[Figure]] = {}
    for reading in read(quarter_store, settings, QUARTER, by=dimension, indicators=means):
        groups.setdefault(reading.indicator.name, []).append(reading.figure)
    assert groups
    for name, figures in groups.items():
        assert sum(figure.n for figure in figures) == overall[name].n
        total = sum(figure.n * figure.value for figure in figures)
        assert total / overall[name].n == pytest.approx(overall[name].value)


def test_one_customer_is_read_by_the_same_definitions(
    quarter_store: Store, settings: FeatureSettings
) -> None:
    found = {
        reading.indicator.name: reading.figure
        for reading in read(quarter_store, settings, QUARTER, customer="dan")
    }
    assert found["nps"].value == 100
    assert found["promise_kept"][:2] == (2, 0)
    assert found["spend"].value == 80
    assert "churn_rate" not in found  # not yet a customer as the period began


def test_a_target_leaves_a_gap_the_way_that_is_better(
    quarter_store: Store, settings: FeatureSettings
) -> None:
    targets = {"nps": 50.0, "churn_rate": 0.2, "csat": 3.0}
    found = {
        reading.indicator.name: reading.gap
        for reading in read(quarter_store, settings, QUARTER, targets=targets)
    }
    assert found["nps"] == 25
    assert found["churn_rate"] == pytest.approx(0.3)
    assert found["csat"] == pytest.approx(-2 / 3)
    assert found["spend"] is None


@pytest.mark.parametrize(
    "given", [{"by": "mood"}, {"indicators": ["mood"]}, {"targets": {"mood": 1.0}}]
)
def test_an_unknown_name_is_refused(
    quarter_store: Store, settings: FeatureSettings, given: dict[str, object]
) -> None:
    with pytest.raises(QuerenciaError, match=r"There is no (dimension|indicator) mood"):
        read(quarter_store, settings, QUARTER, **given)  # type: ignore[arg-type]


def test_churn_by_contract_counts_contracts_that_end(
    make_store: Callable[..., Store], tables: dict[str, pd.DataFrame]
) -> None:
    ends = ["2024-05-01", None, "2024-03-01", "2024-12-01", None]
    tables["customers"]["contract_ends_at"] = pd.to_datetime(pd.Series(ends), utc=True)
    contract = FeatureSettings(horizon_days=30, churn="contract")
    found = {
        reading.indicator.name: reading.figure
        for reading in read(make_store(**tables), contract, QUARTER)
    }
    # ana ends, bea goes on; carl had ended, dan and eva came later.
    assert found["churn_rate"][:2] == (2, 0.5)
    assert found["loss_to_acquisition"][:2] == pytest.approx((3, 0.5))


def test_records_without_a_table_carry_the_other_indicators(
    make_store: Callable[..., Store], tables: dict[str, pd.DataFrame], settings: FeatureSettings
) -> None:
    store = make_store(tables["transactions"].drop(columns=["promised_at", "channel"]))
    found = {reading.indicator.name for reading in read(store, settings, QUARTER)}
    assert found == {
        *("wallet_share_estimated", "spend", "repeat_rate", "time_to_second_purchase"),
        *("churn_rate", "loss_to_acquisition", "lifetime", "delivery_spread"),
    }


def test_nothing_after_the_period_changes_it(
    make_store: Callable[..., Store], tables: dict[str, pd.DataFrame], settings: FeatureSettings
) -> None:
    """Cut off what happened after the end, or what was known then: nothing changes."""
    end = QUARTER.end
    before = make_store(**{name: _known(name, rows, end) for name, rows in tables.items()})
    more = pd.DataFrame(
        {
            "transaction_id": ["9", "10"],
            "customer_id": ["ana", "new"],
            "occurred_at": pd.to_datetime(["2024-05-20", "2024-07-05"], utc=True),
            "amount": [1000.0, 5.0],
            "recorded_at": pd.to_datetime(["2024-07-04", "NaT"], utc=True),
        }
    )
    tables["transactions"] = pd.concat([tables["transactions"], more])
    after = make_store(**tables)
    for dimension in (None, "stage", "promise"):
        expected, found = (
            {
                (reading.indicator.name, reading.group): reading.figure
                for reading in read(store, settings, QUARTER, by=dimension)
            }
            for store in (before, after)
        )
        assert found.keys() == expected.keys()
        for name, figure in found.items():
            assert figure == pytest.approx(expected[name], nan_ok=True)


def _known(name: str, rows: pd.DataFrame, end: datetime) -> pd.DataFrame:
    """The rows as they were known at an instant."""
    time = CONTRACTS[name].time
    rows = rows[rows[time] < end] if time in rows else rows
    outcomes = {c for c in map(str, rows) if c.endswith("_at")} - {time, "promised_at"}
    hidden = {c: rows[c].where(rows[c] < end) for c in outcomes}
    if "answered_at" in rows:
        hidden["score"] = rows["score"].where(rows["answered_at"] < end)
    return rows.assign(**hidden)


def test_a_corrected_record_counts_as_it_stood(
    make_store: Callable[..., Store], settings: FeatureSettings
) -> None:
    days = ["2024-04-10", "2024-05-10", "2024-07-10"]
    store = make_store(
        pd.DataFrame(
            {
                "transaction_id": "1",
                "customer_id": "ana",
                "occurred_at": datetime(2024, 4, 10, tzinfo=UTC),
                "amount": [10.0, 20.0, 30.0],
                "recorded_at": pd.to_datetime(days, utc=True),
            }
        )
    )
    spent = [
        read(store, settings, Period.of(date(2024, 4, 1), last, "UTC"), indicators=["spend"])[
            0
        ].figure.value
        for last in (date(2024, 4, 30), date(2024, 6, 30), date(2024, 7, 31))
    ]
    assert spent == [10, 20, 30]


def test_a_group_nothing_can_be_told_of_has_no_value(
    quarter_store: Store, settings: FeatureSettings
) -> None:
    found = by(quarter_store, settings, "stage", "loss_to_acquisition")
    assert math.isnan(found["buyer"][1])  # buyers were lost and none is acquired as a buyer
