"""What was promised against what happened, as far as the outcome is known."""

from datetime import datetime
from math import isnan

import pytest

from tests.features.histories import at, found
from tests.features.naive import Row


def delivery(bought: float, promised: float | None, delivered: float | None) -> Row:
    """A purchase by the days it was bought, promised for and delivered on."""
    due, came = (None if day is None else at(day) for day in (promised, delivered))
    return Row("a", at(bought), 5.0, promised_at=due, delivered_at=came)


def looked_at(cutoff: datetime, *deliveries: Row) -> dict[str, float]:
    return found("promises", cutoff, *deliveries)


def test_late_deliveries_are_counted_and_measured() -> None:
    row = looked_at(
        at(100),
        delivery(10, 14, 12),  # early
        delivery(20, 22, 22),  # on the instant
        delivery(30, 32, 36),  # 4 days late
        delivery(40, 42, 44),  # 2 days late
    )
    assert row == {
        "deliveries": 4,
        "late_share": 0.5,
        "late_trend": 0,
        "delay": 3,
        "worst_delay": 4,
        "last_delay": 2,
        "wait": 3.5,
        "wait_spread": pytest.approx(((1.5**2 + 1.5**2 + 2.5**2 + 0.5**2) / 4) ** 0.5),
        "broken_30d": 0,
        "broken_90d": 2,
        "broken_180d": 2,
        "overdue": 0,
    }


def test_a_delivery_counts_when_its_outcome_is_known() -> None:
    late = delivery(10, 14, 20)
    before, after = looked_at(at(20), late), looked_at(at(20, 1), late)
    assert (before["deliveries"], after["deliveries"]) == (0, 1)
    assert isnan(before["late_share"])
    assert after["late_share"] == 1


def test_a_delivery_is_overdue_from_its_promise_to_its_arrival() -> None:
    late, never, kept = delivery(10, 14, 20), delivery(10, 14, None), delivery(10, 14, 12)
    instants = (at(14), at(14, 1), at(20), at(20, 1))
    assert [looked_at(now, late)["overdue"] for now in instants] == [0, 1, 1, 0]
    assert [looked_at(now, never)["overdue"] for now in instants] == [0, 1, 1, 1]
    assert [looked_at(now, kept)["overdue"] for now in instants] == [0, 0, 0, 0]


def test_a_promise_is_broken_when_its_day_has_passed_and_stays_so() -> None:
    rows = delivery(10, 14, 20), delivery(10, 14, None), delivery(10, 14, 14)
    instants = (at(14), at(14, 1), at(25), at(44), at(44, 1))
    assert [looked_at(now, *rows)["broken_30d"] for now in instants] == [0, 2, 2, 2, 0]


def test_a_promise_dated_before_its_purchase_is_unknown_until_the_purchase() -> None:
    wrong = delivery(30, 5, None)
    assert looked_at(at(20), wrong)["overdue"] == 0
    assert looked_at(at(31), wrong)["overdue"] == 1


def test_the_last_delay_is_that_of_the_last_arrival_not_of_the_last_purchase() -> None:
    row = looked_at(at(100), delivery(10, 12, 50), delivery(20, 22, 25))
    assert row["last_delay"] == 38
    assert row["worst_delay"] == 38


def test_the_trend_is_of_the_last_half_year() -> None:
    old, new = delivery(10, 12, 12), delivery(290, 291, 292)
    assert looked_at(at(300), old, new)["late_trend"] == 0.5
    assert isnan(looked_at(at(300), old)["late_trend"])


def test_without_a_promise_a_delivery_says_nothing() -> None:
    row = looked_at(at(100), delivery(10, None, 20))
    assert row["deliveries"] == row["overdue"] == 0
    assert isnan(row["wait"])


def test_a_single_delivery_has_no_spread() -> None:
    row = looked_at(at(100), delivery(10, 12, 14))
    assert row["wait"] == 4
    assert isnan(row["wait_spread"])
