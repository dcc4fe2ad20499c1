"""The purchase features of histories small enough to work out by hand."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from features.cutoffs import microseconds
from features.purchases import FAMILY, WINDOWS_DAYS, begins, first
from features.timeline import FOREVER
from tests.features.histories import SALES, at, look, sales
from tests.features.naive import Row


def looked_at(
    *rows: tuple[datetime, float], cutoff: datetime, time_zone: str = "UTC"
) -> dict[str, float]:
    """The features of one customer."""
    known = sales([Row("a", *row) for row in rows], time_zone)
    columns = FAMILY.columns(look(known, cutoff, time_zone=time_zone), SALES)
    return {name: float(values.item()) for name, values in columns.items()}


def test_a_regular_customer() -> None:
    found = looked_at((at(0), 10), (at(10), 20), (at(20), 30), (at(30), 40), cutoff=at(111))
    assert found == pytest.approx(
        {
            "frequency": 3,
            "recency": 30,
            "T": 110,
            "silence": 80,
            "monetary_value": 30,
            "spend": 100,
            "mean_gap": 10,
            "median_gap": 10,
            "long_gap": 10,
            "gap_spread": 0,
            "second_gap": 10,
            "stage": 1,
            "spend_trend_90d": 40 - 60,
            "silence_in_gaps": 8,
            "purchase_days_7d": 0,
            "spend_7d": 0,
            "purchase_days_30d": 0,
            "spend_30d": 0,
            "purchase_days_90d": 1,
            "spend_90d": 40,
            "purchase_days_180d": 4,
            "spend_180d": 100,
            "purchase_days_365d": 4,
            "spend_365d": 100,
            "pace_90d": 1 / (4 * 90 / 111),
            "refund_share": 0,
        }
    )


def test_of_a_single_purchase_nothing_that_takes_two_is_known() -> None:
    found = looked_at((at(0), 10), cutoff=at(5))
    unknown = {name for name, value in found.items() if math.isnan(value)}
    assert unknown == {
        *("monetary_value", "mean_gap", "median_gap", "long_gap", "gap_spread", "second_gap"),
        *("silence_in_gaps", "pace_90d"),
    }
    assert found["stage"] == 0
    assert (found["frequency"], found["recency"], found["T"], found["silence"]) == (0, 0, 4, 4)


def test_purchases_of_one_day_are_one_purchase_day() -> None:
    found = looked_at((at(0), 10), (at(3, 60), 5), (at(3, 600), 7), cutoff=at(4))
    assert found["frequency"] == 1
    assert found["monetary_value"] == 12


def test_a_free_order_is_a_purchase() -> None:
    found = looked_at((at(0), 10), (at(3), 0), cutoff=at(4))
    assert (found["frequency"], found["recency"], found["monetary_value"]) == (1, 3, 0)


def test_a_refund_is_no_purchase_and_reduces_the_day_it_refers_to() -> None:
    found = looked_at((at(0), 10), (at(2), -4), (at(3), 20), (at(5), -5), cutoff=at(8))
    assert (found["frequency"], found["recency"], found["silence"]) == (1, 3, 4)
    assert found["monetary_value"] == 15
    assert found["spend"] == 21
    assert found["spend_7d"] == 11
    assert found["refund_share"] == pytest.approx(9 / 30)


def test_more_refunds_than_purchases_are_a_share_of_one() -> None:
    """The purchase that was sent back came before the records began."""
    found = looked_at((at(0), -50), (at(1), 10), cutoff=at(5))
    assert (found["refund_share"], found["spend"]) == (1, -40)


def test_a_refund_in_the_instant_of_a_purchase_refers_to_it() -> None:
    found = looked_at((at(0), 10), (at(3), -5), (at(3), 20), cutoff=at(4))
    assert found["monetary_value"] == 15


def test_a_purchase_at_the_cutoff_is_not_known_and_one_at_the_edge_of_a_window_is_in_it() -> None:
    found = looked_at((at(0), 10), (at(7), 20), cutoff=at(7))
    assert (found["frequency"], found["spend"]) == (0, 10)
    assert (found["purchase_days_7d"], found["spend_7d"]) == (1, 10)
    assert looked_at((at(0), 10), cutoff=at(7, 1))["purchase_days_7d"] == 0


def test_the_spread_of_gaps_is_their_standard_deviation() -> None:
    found = looked_at((at(0), 1), (at(2), 1), (at(10), 1), (at(11), 1), cutoff=at(20))
    assert found["gap_spread"] == pytest.approx(np.std([2, 8, 1]))


def test_pace_is_one_for_who_keeps_it_and_nought_for_who_fell_silent() -> None:
    weekly = [(at(day), 1.0) for day in range(0, 200, 10)]
    assert looked_at(*weekly, cutoff=at(200))["pace_90d"] == pytest.approx(1, rel=0.02)
    assert looked_at(*weekly, cutoff=at(300))["pace_90d"] == 0


def test_the_middle_and_the_long_gap_are_quantiles() -> None:
    found = looked_at(*((at(day), 1) for day in (0, 2, 10, 11, 15)), cutoff=at(20))
    assert found["median_gap"] == np.median([2, 8, 1, 4])
    assert found["long_gap"] == pytest.approx(np.quantile([2, 8, 1, 4], 0.9))
    assert found["second_gap"] == 2


def test_who_buys_often_and_keeps_within_the_long_gap_is_frequent() -> None:
    weekly = [(at(day), 1.0) for day in (0, 7, 14, 21)]
    stages = [looked_at(*weekly, cutoff=at(day))["stage"] for day in (1, 8, 15, 22, 29, 30)]
    assert stages == [0, 1, 1, 2, 2, 1]


def test_the_trend_is_spend_of_a_window_less_that_of_the_window_before() -> None:
    found = looked_at((at(0), 100), (at(100), 7), (at(190), 30), (at(279), 5), cutoff=at(280))
    assert found["spend_trend_90d"] == 35 - 7


@pytest.mark.parametrize(
    ("time_zone", "frequency", "recency"), [("UTC", 0, 0), ("Europe/Madrid", 1, 1)]
)
def test_days_are_those_of_the_zone(time_zone: str, frequency: int, recency: int) -> None:
    """In May, 22:30 in UTC is half past midnight in Madrid."""
    found = looked_at(
        (datetime(2024, 5, 1, 21, 30, tzinfo=UTC), 5),
        (datetime(2024, 5, 1, 22, 30, tzinfo=UTC), 5),
        cutoff=datetime(2024, 5, 10, tzinfo=UTC),
        time_zone=time_zone,
    )
    assert (found["frequency"], found["recency"]) == (frequency, recency)


def test_the_days_of_a_clock_change_are_days_like_any_other() -> None:
    """Madrid's 31 March 2024 had 23 hours, its 27 October 25: 00:30 and 23:30 are one day."""
    spring = (
        datetime(2024, 3, 30, 23, 30, tzinfo=UTC),
        datetime(2024, 3, 31, 21, 30, tzinfo=UTC),
        datetime(2024, 3, 31, 22, 30, tzinfo=UTC),
    )
    autumn = (
        datetime(2024, 10, 26, 22, 30, tzinfo=UTC),
        datetime(2024, 10, 27, 22, 30, tzinfo=UTC),
        datetime(2024, 10, 27, 23, 30, tzinfo=UTC),
    )
    for instants in (spring, autumn):
        found = looked_at(
            *((instant, 5) for instant in instants),
            cutoff=instants[-1] + timedelta(days=10),
            time_zone="Europe/Madrid",
        )
        assert (found["frequency"], found["recency"], found["T"]) == (1, 1, 11)


def test_purchase_days_keep_customers_apart() -> None:
    rows = [Row("a", at(5), 1), Row("b", at(1), -1), Row("b", at(5), 1), Row("b", at(6), 1)]
    rows += [Row("b", at(6, 5), 1), Row("c", at(6), 1)]
    assert begins(sales(rows)["transactions"]).tolist() == [True, False, True, True, False, True]


def test_features_are_declared_once_with_unit_and_meaning() -> None:
    names = [feature.name for feature in FAMILY.features]
    assert len(set(names)) == len(names)
    assert {feature.unit for feature in FAMILY.features} == {"days", "currency", "1", "0-1", "0-2"}
    assert all(feature.meaning for feature in FAMILY.features)
    assert {f"spend_{days}d" for days in WINDOWS_DAYS} < set(names)


def test_the_first_purchase_is_no_refund_and_some_have_none() -> None:
    rows = [Row("a", at(1), -5), Row("a", at(2), 0), Row("a", at(3), 5), Row("b", at(1), -5)]
    found = first(sales([*rows, Row("c", at(4), 5)])["transactions"])
    assert found.tolist() == [*microseconds((at(2),)), FOREVER, *microseconds((at(4),))]
