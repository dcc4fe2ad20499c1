"""Records of many customers, sorted by customer and time."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.timeline import DAY, UNKNOWN, Timeline, running_total
from tests.features.timelines import customers, days, instants, timeline


def test_a_running_total_tells_the_sum_before_each_row_and_of_all() -> None:
    assert running_total(np.array([3, -1, 5])).tolist() == [0, 3, 2, 7]
    assert running_total(np.array([True, False, True])).tolist() == [0, 1, 1, 2]
    assert running_total(np.array([], dtype=np.int64)).tolist() == [0]


@given(customers, instants)
def test_positions_count_the_rows_strictly_before(times: list[list[int]], at: list[int]) -> None:
    rows = timeline(times)
    found = rows.positions(days(at)) - rows.offsets[:-1, None]
    expected = [[sum(day < instant for day in own) for instant in (*at, 99)] for own in times]
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


def test_columns_of_rows_that_were_picked_are_those_of_their_table() -> None:
    rows = timeline([[1, 2], [3]], label=[10, 20, 30], other=[1, 2, 3])
    picked = rows.select(np.array([False, True, True])).columns
    assert len(picked) == 2
    assert {name: values.tolist() for name, values in picked.items()} == {
        "label": [20, 30],
        "other": [2, 3],
    }


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
