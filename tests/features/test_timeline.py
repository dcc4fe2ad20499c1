"""Look-ups over sorted rows, for every customer and instant at once."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.timeline import DAY, UNKNOWN, AsOf, Timeline, ratio, running_total

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
    known = AsOf(rows, days([5, 10]), (5, -5))
    amounts = known.running(np.array([1, 10, 100, 1000, 7]))
    assert amounts.over().tolist() == [[11, 1111], [0, 7]]
    assert amounts.over(5).tolist() == [[11, 1100], [0, 7]]
    assert amounts.over(-5).tolist() == [[1100, 0], [7, 0]]


def test_the_last_value_is_that_of_the_row_before() -> None:
    rows = timeline([[0, 4], [5]])
    known = AsOf(rows, days([1, 5, 6]))
    assert known.last(np.array([30, 40, 50]))[0].tolist() == [30, 40, 40]
    assert known.last(np.array([30, 40, 50]))[1, 2] == 50


def test_timelines_without_any_row_can_be_asked() -> None:
    known = AsOf(timeline([[], []]), days([1, 2, 3]), (7,))
    nothing = np.array([], dtype=np.int64)
    assert known.last(nothing).shape == (2, 3)
    assert known.sum(nothing, 7).tolist() == [[0, 0, 0], [0, 0, 0]]


@given(customers, instants, st.lists(st.integers(-3, 9), max_size=4))
def test_a_window_counts_the_same_whether_it_was_named_beforehand(
    times: list[list[int]], at: list[int], windows: list[int]
) -> None:
    named, asked = (AsOf(timeline(times), days(at), own) for own in (windows, ()))
    for window in windows:
        assert named.count(window).tolist() == asked.count(window).tolist()


@given(customers, instants, st.data())
def test_some_rows_are_known_as_they_are_by_themselves(
    times: list[list[int]], at: list[int], data: st.DataObject
) -> None:
    rows = timeline(times)
    size = len(rows.times)
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)), dtype=bool)
    some, alone = AsOf(rows, days(at)).where(keep), AsOf(rows.select(keep), days(at))
    assert some.timeline.offsets.tolist() == alone.timeline.offsets.tolist()
    for window in (None, 4, -4):
        assert some.count(window).tolist() == alone.count(window).tolist()


def test_columns_of_rows_that_were_picked_are_those_of_their_table() -> None:
    rows = timeline([[1, 2], [3]], label=[10, 20, 30], other=[1, 2, 3])
    picked = rows.select(np.array([False, True, True])).columns
    assert len(picked) == 2
    assert {name: values.tolist() for name, values in picked.items()} == {
        "label": [20, 30],
        "other": [2, 3],
    }


def test_a_ratio_to_nothing_is_unknown() -> None:
    assert ratio(np.array([6, 0, 1, 5]), np.array([3, 2, 0, np.nan])) == pytest.approx(
        [2, 0, np.nan, np.nan], nan_ok=True
    )


def test_rows_are_put_in_order_of_other_times_and_those_without_are_left_out() -> None:
    rows = timeline([[0, 1, 2, 3], [0, 1], []], label=[10, 11, 12, 13, 20, 21])
    known = np.array([9 * DAY, UNKNOWN, 4 * DAY, 9 * DAY, 7 * DAY, 5 * DAY])
    moved = rows.by(known)
    assert moved.offsets.tolist() == [0, 3, 5, 5]
    assert moved.columns["label"].tolist() == [12, 10, 13, 21, 20]
    assert (moved.times // DAY).tolist() == [4, 9, 9, 5, 7]
    assert rows.by(known, np.arange(6) > 2).columns["label"].tolist() == [13, 21, 20]


def test_nothing_is_known_of_a_row_before_it_is_there() -> None:
    rows = timeline([[5, 6]], label=[1, 2])
    moved = rows.by(days([2, 6]))
    assert (moved.times // DAY).tolist() == [5, 6]


@given(customers, st.data())
def test_by_keeps_every_row_with_its_customer(times: list[list[int]], data: st.DataObject) -> None:
    rows = timeline(times, label=list(range(sum(map(len, times)))))
    size = len(rows.times)
    later = data.draw(st.lists(st.integers(0, 20), min_size=size, max_size=size))
    moved = rows.by(days(later))
    expected = sorted(
        range(size), key=lambda row: (rows.customer[row], max(later[row] * DAY, rows.times[row]))
    )
    assert moved.columns["label"].tolist() == expected
    assert moved.customer.tolist() == rows.customer[expected].tolist()


def test_the_order_holds_for_many_customers_over_a_thousand_years() -> None:
    """Customer and time do not fit into one number there."""
    count = 2_000
    rows = timeline([[0, 1]] * count, label=[1, 2] * count)
    moved = rows.by(np.tile(days([365_000, 3]), count))
    assert moved.columns["label"].tolist() == [2, 1] * count
    assert moved.customer.tolist() == rows.customer.tolist()


def worded(times: list[list[int]], words: list[int]) -> Timeline:
    rows = timeline(times, topic=words)
    return Timeline(rows.offsets, rows.times, rows.columns, {"topic": ("billing", "delivery")})


def test_a_word_is_novel_when_its_customer_did_not_have_it_before() -> None:
    rows = worded([[0, 1, 2, 3, 4], [0, 1]], [1, -1, 1, 0, 1, 1, 0])
    assert rows.novel("topic").tolist() == [True, False, False, True, False, True, True]
    assert not rows.novel("channel").any()


def test_what_a_row_says_and_whether_it_is_known() -> None:
    rows = worded([[0, 1, 2]], [1, -1, 0])
    assert rows.says("topic", "delivery").tolist() == [True, False, False]
    assert not rows.says("topic", "refund").any()
    assert not rows.says("channel", "web").any()
    assert rows.known("topic").tolist() == [True, False, True]
    assert not rows.known("channel").any()
    cents = timeline([[0, 1]], amount=[-1, UNKNOWN])
    assert cents.known("amount").tolist() == [True, False]


def test_a_column_left_out_is_missing() -> None:
    rows = timeline([[0]], amount=[5], margin=[2]).without({"margin", "discount"})
    assert rows.known("amount").tolist() == [True]
    assert rows.known("margin").tolist() == [False]
    assert rows.column("margin").tolist() == [UNKNOWN]


def test_a_subset_has_the_rows_of_its_customers() -> None:
    rows = timeline([[0, 1], [], [2], [3]], label=[0, 1, 2, 3])
    some = rows.subset(np.array([True, True, False, True]))
    assert some.offsets.tolist() == [0, 2, 2, 3]
    assert some.columns["label"].tolist() == [0, 1, 3]
    assert rows.none().offsets.tolist() == [0] * 5


values = st.integers(-50, 50)


@given(customers, instants, st.data())
def test_statistics_are_those_of_the_rows_before(
    times: list[list[int]], at: list[int], data: st.DataObject
) -> None:
    rows = timeline(times)
    size = len(rows.times)
    column = np.array(data.draw(st.lists(values, min_size=size, max_size=size)), dtype=np.int64)
    known = AsOf(rows, days(at))
    found = [known.greatest(column), known.spread(column), known.mean(column), known.since()]
    found += known.quantiles(column, 0.0, 0.37, 0.5, 0.9, 1.0)
    for customer in range(rows.customers):
        for place, instant in enumerate(at):
            mine = (rows.customer == customer) & (rows.times < instant * DAY)
            own, when = column[mine], rows.times[mine]
            expected = [
                own.max() if len(own) else np.nan,
                own.std() if len(own) > 1 else np.nan,
                own.mean() if len(own) else np.nan,
                instant - when[-1] / DAY if len(own) else np.nan,
                *(np.quantile(own, [0.0, 0.37, 0.5, 0.9, 1.0]) if len(own) else [np.nan] * 5),
            ]
            got = [float(values[customer, place]) for values in found]
            assert got == pytest.approx(expected, nan_ok=True, abs=1e-6)


def test_of_no_rows_nothing_is_known() -> None:
    nothing = np.array([], dtype=np.int64)
    known = AsOf(timeline([[], []]), days([1, 2]))
    for values_ in (
        known.since(),
        known.mean(nothing),
        known.greatest(nothing),
        known.spread(nothing),
        *known.quantiles(nothing, 0.5),
    ):
        assert values_.shape == (2, 2)
        assert np.isnan(values_).all()
    assert known.timeline.by(nothing).offsets.tolist() == [0, 0, 0]
