"""Snapshots say what was known at a cut-off, and what came of it: no more and no less."""

from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from features import snapshot
from features.cutoffs import microseconds
from features.labels import LABELS, OFFERS
from features.provenance import ChurnDefinition
from features.settings import FeatureSettings
from features.snapshot import MOST_COPIES
from features.timeline import UNKNOWN
from tests.features import naive
from tests.features.histories import (
    EVERYTHING,
    SALES,
    THEMES,
    at,
    companies,
    indexed,
    looks,
    of_customer,
    records,
    sales,
    scrambled,
    time_zones,
)
from tests.features.naive import History, Offer, Row
from tests.properties import rarely

NAMES = [feature.name for feature in snapshot.columns(EVERYTHING)]
WITH_THEMES = [feature.name for feature in snapshot.columns(EVERYTHING, THEMES)]
PURCHASES = [feature.name for feature in snapshot.columns(SALES)]
FOREVER = at(10_000)
NEVER = at(-10_000)
few = rarely(2)
"""Whole companies take their time to draw."""
KNOWN = [name for name in LABELS if name not in {"churned_contract", "margin_ahead", *OFFERS}]
"""The labels that transactions without margins carry."""


def taken(
    rows: Iterable[Row],
    cutoffs: Iterable[datetime],
    *,
    time_zone: str = "UTC",
    horizon_days: int = 30,
    observed_until: datetime = FOREVER,
) -> pd.DataFrame:
    """Snapshots of a company with transactions alone."""
    settings = FeatureSettings(time_zone=time_zone, horizon_days=horizon_days)
    groups = [sales(rows, time_zone)]
    return indexed(
        snapshot.take(groups, cutoffs, settings, has=SALES, observed_until=observed_until).rows
    )


def told(
    history: History,
    cutoffs: Iterable[datetime],
    time_zone: str = "UTC",
    *,
    horizon_days: int = 30,
    has: Set[str] = EVERYTHING,
) -> pd.DataFrame:
    """Snapshots of a company with every table."""
    settings = FeatureSettings(time_zone=time_zone, horizon_days=horizon_days)
    groups = [records(history, time_zone)]
    taken = snapshot.take(groups, cutoffs, settings, has=has, themes=THEMES, observed_until=FOREVER)
    return indexed(taken.rows)


def recalculated(
    history: History, cutoffs: Iterable[datetime], time_zone: str, horizon_days: int
) -> pd.DataFrame:
    found = [
        {"customer_id": customer_id, "cutoff": cutoff.astimezone(UTC)}
        | known
        | naive.labels(own, cutoff, horizon_days, time_zone)
        for customer_id in "abc"
        for cutoff in cutoffs
        if (own := of_customer(history, customer_id))
        and (known := naive.features(own, cutoff, time_zone))
    ]
    return indexed(pd.DataFrame(found, columns=["customer_id", "cutoff", *NAMES, *LABELS])).astype(
        float
    )


def equal(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert list(found.index) == list(expected.index)
    pd.testing.assert_frame_equal(
        found, expected, check_index_type=False, check_exact=False, rtol=1e-9, atol=1e-9
    )


@few
@given(companies(), time_zones, st.sampled_from([1, 7, 30, 90]))
def test_every_feature_and_label_equals_a_plain_recalculation(
    company: tuple[History, list[datetime]], time_zone: str, horizon_days: int
) -> None:
    history, cutoffs = company
    found = told(history, cutoffs, time_zone, horizon_days=horizon_days)
    expected = recalculated(history, cutoffs, time_zone, horizon_days)
    # Themes are told by tests/features/test_comments.py.
    equal(found[[*NAMES, *LABELS]], expected)


@few
@given(companies(), companies(), st.data())
def test_nothing_known_at_or_after_the_cutoff_changes_a_feature(
    company: tuple[History, list[datetime]],
    another: tuple[History, list[datetime]],
    data: st.DataObject,
) -> None:
    """In every table: whole rows, late rows, later versions, and outcomes that came later."""
    history, (cutoff, *_) = company
    other_future = data.draw(scrambled(history, another[0], cutoff))
    assume(other_future["transactions"])
    before, after = (told(each, [cutoff])[WITH_THEMES] for each in (history, other_future))
    pd.testing.assert_frame_equal(before, after, check_exact=True)


@few
@given(companies(), st.sets(st.sampled_from(sorted(snapshot.NEEDED - SALES))))
def test_what_the_model_does_not_know_makes_no_difference(
    company: tuple[History, list[datetime]], unknown: set[str]
) -> None:
    history, cutoffs = company
    has = EVERYTHING - unknown - {name for name in EVERYTHING if name.split(".")[0] in unknown}
    without = {
        table: [
            row._replace(**{name: None for name in row._fields if f"{table}.{name}" not in has})
            for row in rows
        ]
        for table, rows in history.items()
        if table in has
    }
    # What came, offers included, is no less true for what the model knows.
    known, told_less = (
        told(each, cutoffs, has=has).drop(columns=list(OFFERS)) for each in (history, without)
    )
    pd.testing.assert_frame_equal(known, told_less, check_exact=True)


@given(looks())
def test_cutoffs_do_not_disturb_one_another(look: tuple[list[Row], list[datetime]]) -> None:
    rows, cutoffs = look
    alone = pd.concat([taken(rows, [cutoff]) for cutoff in cutoffs]).sort_index()
    pd.testing.assert_frame_equal(taken(rows, cutoffs), alone, check_exact=True)


def test_a_row_recorded_late_is_unknown_until_then() -> None:
    rows = [Row("a", at(0), 10), Row("a", at(5), 20, recorded_at=at(12))]
    found = taken(rows, [at(10), at(12), at(12, 1)])
    assert found["spend"].tolist() == [10, 10, 30]
    assert found["frequency"].tolist() == [0, 0, 1]


def test_a_row_recorded_before_it_happened_is_known_when_it_happens() -> None:
    rows = [Row("a", at(0), 10), Row("a", at(5), 20, recorded_at=at(2))]
    assert taken(rows, [at(4), at(6)])["spend"].tolist() == [10, 30]


def test_a_customer_of_whom_nothing_is_known_yet_has_no_row() -> None:
    rows = [Row("a", at(5), 10, recorded_at=at(8)), Row("b", at(2), -5), Row("c", at(20), 10)]
    found = taken(rows, [at(1), at(6), at(9)])
    assert found.index.tolist() == [("a", pd.Timestamp(at(9)))]


def test_by_contract_nobody_whose_contract_has_ended_has_a_row() -> None:
    """The instant at which it ends is the last at which they are customers."""
    ends = np.array([UNKNOWN, *microseconds((at(20), at(21), at(40)))])
    bought = [Row(customer, at(1), 5) for customer in "abcd"]
    company = replace(sales(bought), contract_ends=ends)

    def rows(churn: ChurnDefinition) -> pd.DataFrame:
        settings = FeatureSettings(churn=churn, horizon_days=30)
        cutoffs, until = [at(21), at(30)], at(100)
        taken = snapshot.take([company], cutoffs, settings, has=SALES, observed_until=until)
        return indexed(taken.rows)

    contract = rows("contract")
    assert [customer for customer, _ in contract.index] == ["a", "a", "c", "d", "d"]
    assert contract["churned"].tolist() == [0, 0, 1, 1, 1]
    assert len(rows("inactivity")) == 8


@pytest.mark.parametrize("late", [True, False])
def test_labels_of_an_open_horizon_are_unknown(late: bool) -> None:
    rows = [Row("a", at(0), 10, at(1) if late else None), Row("a", at(40), 10)]
    found = taken(rows, [at(10), at(11)], horizon_days=30, observed_until=at(40))
    assert found[KNOWN].notna().all(axis=1).tolist() == [True, False]
    always = taken(rows, [at(10), at(11)])
    assert found[PURCHASES].notna().equals(always[PURCHASES].notna())


@pytest.mark.parametrize(
    ("cutoff", "closes"),
    [("2024-03-01", "2024-05-30T01:00"), ("2024-09-01", "2024-11-29T23:00")],
)
def test_a_horizon_over_a_clock_change_closes_after_days_of_24_hours(
    cutoff: str, closes: str
) -> None:
    zone = ZoneInfo("Europe/Madrid")
    opened = datetime.fromisoformat(cutoff).replace(tzinfo=zone)
    closed = datetime.fromisoformat(closes).replace(tzinfo=zone)
    rows = [Row("a", datetime(2024, 1, 1, tzinfo=UTC), 10)]

    def churned(cutoff: datetime, observed_until: datetime) -> float:
        found = taken(
            rows,
            [cutoff],
            time_zone="Europe/Madrid",
            horizon_days=90,
            observed_until=observed_until,
        )
        return float(found["churned"].item())

    assert churned(opened, closed) == 1
    assert churned(opened.astimezone(UTC), closed) == 1
    assert np.isnan(churned(opened, closed - timedelta(minutes=1)))
    assert np.isnan(churned(opened.astimezone(UTC), closed - timedelta(minutes=1)))


def test_at_keeps_the_rows_and_the_provenance_of_its_cutoffs() -> None:
    zone = ZoneInfo("Europe/Madrid")
    winter, summer = datetime(2023, 2, 1, tzinfo=zone), datetime(2023, 8, 1, tzinfo=zone)
    whole = snapshot.take(
        [sales([Row("a", at(0), 10)])],
        [summer, winter],
        FeatureSettings(),
        has=SALES,
        observed_until=FOREVER,
    )
    part = whole.at(summer)
    assert part.rows["cutoff"].tolist() == [pd.Timestamp(summer)]
    assert part.provenance.cutoffs == (summer,)
    assert whole.provenance.cutoffs == (winter, summer)
    read_back = type(whole.provenance).model_validate_json(whole.provenance.model_dump_json())
    pd.testing.assert_frame_equal(whole.at(*read_back.cutoffs).rows, whole.rows)


def test_history_is_frequency_recency_and_age() -> None:
    rows = [Row("a", at(0), 10), Row("a", at(4), 10), Row("a", at(7), 10)]
    taken_ = snapshot.take(
        [sales(rows)], [at(10)], FeatureSettings(), has=SALES, observed_until=NEVER
    )
    assert [column.tolist() for column in taken_.history] == [[2], [7], [9]]


def test_provenance_carries_the_definitions() -> None:
    settings = FeatureSettings(currency="USD", time_zone="Asia/Tokyo", horizon_days=45)
    origin = snapshot.provenance(settings, [at(3), at(1)], SALES)
    assert origin.definitions() | {"feature_version": ""} == {
        "churn": "inactivity",
        "horizon_days": 45,
        "currency": "USD",
        "time_zone": "Asia/Tokyo",
        "families": ("purchases",),
        "records": ("transactions",),
        "feature_version": "",
    }
    assert origin.cutoffs == (at(1), at(3))


def test_those_held_out_stand_for_those_who_were_made_an_offer() -> None:
    history: dict[str, list[Any]] = {
        "transactions": [Row(who, at(0), 5.0) for who in "abcde"],
        "offers": [
            Offer("b", at(20), "voucher", propensity=0.8),
            Offer("c", at(20), "control", propensity=0.5),
            Offer("d", at(20), "control", propensity=0.05),
            Offer("e", at(40), "voucher", propensity=0.95),
        ],
    }
    settings = FeatureSettings(horizon_days=30)
    seen, closed = (
        snapshot.take(
            [records(history)], [at(10)], settings, has=SALES, observed_until=until
        ).untreated
        for until in (at(39), FOREVER)
    )
    assert Counter(closed.rows["customer_id"]) == {"a": 1, "c": 2, "d": MOST_COPIES, "e": 1}
    assert Counter(seen.rows["customer_id"]) == dict.fromkeys("abcde", 1)
