"""What moved: differences worked out by hand, chance told from change, money."""

import math
from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest

from features.indicators.catalogue import INDICATORS
from features.indicators.figures import Figure
from features.indicators.period import Period
from features.indicators.reading import Reading
from features.settings import FeatureSettings
from features.store import Store
from serving.report.moves import Move, difference, indicators, marked

PERIOD = Period.of(date(2025, 10, 3), date(2025, 12, 31), "UTC")


def reading(value: float, low: float, high: float, name: str = "nps") -> Reading:
    return Reading(INDICATORS[name], None, Figure(50, value, low, high), PERIOD)


def move(value: float, reach: float, name: str = "nps") -> Move:
    now = reading(value, value - reach, value + reach, name)
    return Move(now, reading(0, 0, 0, name), Figure(50, value, value - reach, value + reach))


def test_a_difference_lies_where_the_two_intervals_leave_it() -> None:
    found = difference(reading(10, 7, 14), reading(20, 16, 23))
    assert found == Figure(50, 10, 10 - math.hypot(4, 4), 10 + math.hypot(3, 3))


def test_without_a_period_before_there_is_no_difference() -> None:
    assert math.isnan(difference(None, reading(1, 0, 2)).value)


def test_what_moved_beyond_chance_is_marked_of_all_looked_at() -> None:
    alone = list(marked([move(2.1, 2)]))
    among = list(marked([move(2.1, 2), *(move(0.1, 2) for _ in range(9))]))
    clear = list(marked([move(6, 2), *(move(0.1, 2) for _ in range(9))]))
    assert [each.is_sure for each in alone] == [True]
    assert not any(each.is_sure for each in among)
    assert [each.is_sure for each in clear] == [True, *[False] * 9]
    assert list(marked([])) == []


def test_better_is_up_or_down_as_the_indicator_says() -> None:
    assert move(1, 0.1).is_better
    assert not move(1, 0.1, "churn_rate").is_better
    assert move(-1, 0.1, "churn_rate").is_better


def test_money_is_units_times_customers_with_its_ends_in_order() -> None:
    worth = Figure(40, -2.0, -3.0, -1.0)
    money = Move(reading(1, 0, 2), None, Figure(50), worth=worth).money(-5, 10)
    assert money == Figure(40, 100.0, 50.0, 150.0)
    assert Move(reading(1, 0, 2), None, Figure(50)).money(1, 1) is None


def test_every_indicator_of_a_company_is_beside_the_period_before(company_store: Store) -> None:
    settings = FeatureSettings()
    long = Period.of(date(2025, 1, 5), date(2025, 12, 31), "UTC")
    found = indicators(
        company_store, settings, PERIOD, learned_over=long, targets={"nps": 40, "churn_rate": 0.1}
    )
    by_name = {each.now.indicator.name: each for each in found.moves}
    assert found.split_by == "segment"
    nps = by_name["nps"]
    assert nps.now.target == 40
    assert nps.before is not None
    assert nps.change is not None
    assert nps.difference.value == pytest.approx(nps.change.mix + nps.change.rate)
    churn = by_name["churn_rate"]
    assert churn.worth is not None
    assert churn.worth.value == pytest.approx(-by_name["spend"].now.figure.value, rel=1e-12)
    assert churn.now.figure.n == found.customers
    assert len(found.sure) <= len(found.nearest) < len(found.moves)
    assert all(each.is_sure for each in found.sure)
    assert [r.target for r in found.history["churn_rate"]] == [0.1] * len(
        found.history["churn_rate"]
    )


def test_without_segments_changes_are_split_by_stage(make_store: Callable[..., Store]) -> None:
    rows = pd.DataFrame(
        {
            "transaction_id": ["1", "2", "3"],
            "customer_id": ["a", "a", "b"],
            "occurred_at": pd.to_datetime(["2025-08-01", "2025-11-01", "2025-11-02"], utc=True),
            "amount": [10.0, 20.0, 40.0],
        }
    )
    found = indicators(make_store(rows), FeatureSettings(), PERIOD, learned_over=PERIOD, targets={})
    spend = {each.now.indicator.name: each for each in found.moves}["spend"]
    assert found.split_by == "stage"
    assert (spend.now.figure.value, spend.difference.value) == (30, 20)
    assert spend.change is not None
    assert spend.change.total == pytest.approx(20)
