"""Look-ups over sorted rows, for every customer and instant at once."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.timeline import DAY, AsOf, Timeline, running_total

instants = st.lists(st.integers(-3, 12), min_size=1, max_size=5, unique=True).map(sorted)
customers = st.lists(st.lists(st.integers(0, 10), max_size=6).map(sorted), max_size=5)


def timeline(times: list[list[int]], **columns: list[Any]) -> Timeline:
    """One list of days per customer."""
    offsets = np.cumsum([0, *map(len, times)])
    flat = np.array([day for own in times for day in own], dtype=np.int64) * DAY
    return Timeline(offsets, flat, {name: np.array(values) for name, values in columns.items()})


def days(values: list[int]) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64) * DAY


def test_a_running_total_tells_the_sum_before_each_row_and_of_all() -> None:
    assert running_total(np.array([3, -1, 5])).tolist() == [0, 3, 2, 7]
    assert running_total(np.array([True, False, True])).tolist() == [0, 1, 1, 2]
    assert running_total(np.array([], dtype=np.int64)).tolist() == [0]


@given(customers, instants)
def test_positions_count_the_rows_strictly_before(times: list[list[int]], at: list[int]) -> None:
    rows = timeline(times)
    found = rows.positions(days(at)) - rows.offsets[:-1, None]
    expected = [[sum(day < instant for day in own) for instant in at] for own in times]
    assert found.tolist() == expected


def test_customers_without_rows_stay() -> None:
    rows = timeline([[], [1, 2], [], [3], []])
    assert rows.customers == 5
    assert rows.customer.tolist() == [1, 1, 3]
    assert rows.first.tolist() == [True, False, True]
    kept = rows.select(rows.times > DAY)
    assert kept.offsets.tolist() == [0, 0, 1, 1, 2, 2]


@given(customers, st.data())
def test_select_keeps_rows_with_their_customers_and_columns(
    times: list[list[int]], data: st.DataObject
) -> None:
    rows = timeline(times, label=list(range(sum(map(len, times)))))
    size = len(rows.times)
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)), dtype=bool)
    kept = rows.select(keep)
    assert kept.customers == rows.customers
    assert kept.customer.tolist() == rows.customer[keep].tolist()
    assert kept.times.tolist() == rows.times[keep].tolist()
    assert kept.columns["label"].tolist() == rows.columns["label"][keep].tolist()


def test_totals_are_of_all_time_a_window_back_or_a_window_ahead() -> None:
    rows = timeline([[0, 4, 5, 9], [5]])
    amounts = running_total(np.array([1, 10, 100, 1000, 7]))
    known = AsOf(rows, days([5, 10]), (5, -5))
    assert known.total(amounts).tolist() == [[11, 1111], [0, 7]]
    assert known.total(amounts, 5).tolist() == [[11, 1100], [0, 7]]
    assert known.total(amounts, -5).tolist() == [[1100, 0], [7, 0]]


def test_the_last_value_is_that_of_the_row_before() -> None:
    rows = timeline([[0, 4], [5]])
    known = AsOf(rows, days([1, 5, 6]))
    assert known.last(np.array([30, 40, 50]))[0].tolist() == [30, 40, 40]
    assert known.last(np.array([30, 40, 50]))[1, 2] == 50


def test_timelines_without_any_row_can_be_asked() -> None:
    known = AsOf(timeline([[], []]), days([1, 2, 3]), (7,))
    nothing = np.array([], dtype=np.int64)
    assert known.last(nothing).shape == (2, 3)
    assert known.total(running_total(nothing), 7).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_a_window_that_was_not_prepared_is_an_error() -> None:
    with pytest.raises(KeyError):
        AsOf(timeline([[1]]), days([2]), (7,)).at(8)
