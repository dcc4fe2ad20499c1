"""What counts in the horizon after a cut-off."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from features import labels
from features.cutoffs import microseconds
from tests.features.histories import at, records
from tests.features.naive import Row

MADRID = ZoneInfo("Europe/Madrid")


def after(
    cutoff: datetime,
    *rows: tuple[datetime, float],
    horizon_days: int = 30,
    time_zone: str = "UTC",
) -> tuple[bool, int, float]:
    """Churned, purchase days ahead and spend ahead of one customer."""
    transactions = records([Row("a", *row) for row in rows], time_zone).transactions
    found = labels.compute(transactions, microseconds((cutoff,)), horizon_days)
    churned, days, spend = (found[name].item() for name in labels.LABELS)
    return churned, days, spend


def test_the_horizon_begins_with_the_cutoff_and_ends_before_its_end() -> None:
    first, last, beyond = (at(10), 1), (at(39, 1439), 2), (at(40), 4)
    assert after(at(10), (at(0), 8), first, last, beyond) == (False, 2, 3)


def test_silence_is_churn() -> None:
    assert after(at(10), (at(0), 8), (at(40), 8)) == (True, 0, 0)


def test_a_free_order_is_no_churn() -> None:
    assert after(at(10), (at(0), 8), (at(12), 0)) == (False, 1, 0)


def test_refunds_count_against_purchases_of_the_horizon_only() -> None:
    old_refund, purchase, refund = (at(11), -5), (at(12), 20), (at(13), -3)
    assert after(at(10), (at(0), 8), old_refund) == (True, 0, 0)
    assert after(at(10), (at(0), 8), old_refund, purchase) == (False, 1, 20)
    assert after(at(10), (at(0), 8), old_refund, purchase, refund) == (False, 1, 17)
    assert after(at(10), (at(0), 8), (at(12), -3), purchase) == (False, 1, 17)
    assert after(at(10), (at(0), 8), purchase, (at(41), -20)) == (False, 1, 20)


def test_purchases_of_one_day_are_one_day_ahead() -> None:
    assert after(at(10), (at(12, 1), 1), (at(12, 600), 2), (at(13), 4)) == (False, 2, 7)


def test_a_cutoff_between_purchases_of_one_day_leaves_the_later_ones_ahead() -> None:
    noon = at(10, 720)
    assert after(noon, (at(10, 1), 5), (at(10, 900), 7)) == (False, 1, 7)
    assert after(noon, (at(10, 1), 5), (at(10, 900), 7), (at(12), 2)) == (False, 2, 9)
    assert after(noon, (at(10, 1), 5), (at(10, 800), -5), (at(12), 2)) == (False, 1, 2)


def test_customers_do_not_mix() -> None:
    rows = [Row("a", at(0), 1), Row("b", at(0), 1), Row("b", at(12), 2), Row("c", at(0), 1)]
    found = labels.compute(records(rows, "UTC").transactions, microseconds((at(10), at(12, 1))), 30)
    assert found["churned"].tolist() == [[True, True], [False, True], [True, True]]
    assert found["spend_ahead"].tolist() == [[0, 0], [2, 0], [0, 0]]


@pytest.mark.parametrize(
    ("cutoff", "before", "ahead"),
    [
        ("2024-03-31T00:00", "2024-03-30T22:59", "2024-03-30T23:00"),  # clocks go on at 02:00
        ("2024-04-01T00:00", "2024-03-31T21:59", "2024-03-31T22:00"),
        ("2024-10-27T00:00", "2024-10-26T21:59", "2024-10-26T22:00"),  # clocks go back at 03:00
        ("2024-10-28T00:00", "2024-10-27T22:59", "2024-10-27T23:00"),
    ],
)
def test_a_cutoff_at_a_clock_change_parts_the_days_of_the_zone(
    cutoff: str, before: str, ahead: str
) -> None:
    midnight = datetime.fromisoformat(cutoff).replace(tzinfo=MADRID)
    earlier, later = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (before, ahead))
    found = after(midnight, (earlier, 5), (later, 7), horizon_days=1, time_zone="Europe/Madrid")
    assert found == (False, 1, 7)
    assert after(midnight, (earlier, 5), horizon_days=1, time_zone="Europe/Madrid")[0]
