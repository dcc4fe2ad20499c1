"""What a timeline tells of each customer as of each cut-off."""

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.asof import AsOf, Pairs, ratio
from features.timeline import DAY, Timeline
from tests.features.timelines import customers, days, instants, timeline


def as_of(rows: Timeline, at: list[int], windows: Iterable[int] = ()) -> AsOf:
    """All customers at all cut-offs, one customer after the other."""
    everyone = np.ones((rows.customers, len(at)), dtype=bool)
    return AsOf(rows, Pairs.where(everyone, days(at)), windows)


def test_totals_are_of_all_time_a_window_back_or_a_window_ahead() -> None:
    rows = timeline([[0, 4, 5, 9], [5]])
    known = as_of(rows, [5, 10], (5, -5))
    amounts = known.running(np.array([1, 10, 100, 1000, 7]))
    assert amounts.over().tolist() == [11, 1111, 0, 7]
    assert amounts.over(5).tolist() == [11, 1100, 0, 7]
    assert amounts.over(-5).tolist() == [1100, 0, 7, 0]


def test_the_last_value_is_that_of_the_row_before() -> None:
    rows = timeline([[0, 4], [5]])
    last = as_of(rows, [1, 5, 6]).last(np.array([30, 40, 50])).tolist()
    assert last[:3] == [30, 40, 40]
    assert last[5] == 50


def test_only_the_pairs_wanted_are_told_of() -> None:
    rows = timeline([[0, 4], [], [5]])
    wanted = np.array([[False, True], [True, False], [True, True]])
    pairs = Pairs.where(wanted, days([3, 6]))
    assert len(pairs) == 4
    assert (pairs.instants // DAY).tolist() == [6, 3, 3, 6]
    assert AsOf(rows, pairs).count().tolist() == [2, 0, 0, 1]


def test_timelines_without_any_row_can_be_asked() -> None:
    known = as_of(timeline([[], []]), [1, 2, 3], (7,))
    nothing = np.array([], dtype=np.int64)
    assert known.last(nothing).shape == (6,)
    assert known.sum(nothing, 7).tolist() == [0] * 6


@given(customers, instants, st.lists(st.integers(-3, 9), max_size=4))
def test_a_window_counts_the_same_whether_it_was_named_beforehand(
    times: list[list[int]], at: list[int], windows: list[int]
) -> None:
    named, asked = (as_of(timeline(times), at, own) for own in (windows, ()))
    for window in windows:
        assert named.count(window).tolist() == asked.count(window).tolist()


@given(customers, instants, st.data())
def test_some_rows_are_known_as_they_are_by_themselves(
    times: list[list[int]], at: list[int], data: st.DataObject
) -> None:
    rows = timeline(times)
    size = len(rows.times)
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)), dtype=bool)
    some, alone = as_of(rows, at).where(keep), as_of(rows.select(keep), at)
    assert some.timeline.offsets.tolist() == alone.timeline.offsets.tolist()
    for window in (None, 4, -4):
        assert some.count(window).tolist() == alone.count(window).tolist()


def test_a_ratio_to_nothing_is_unknown() -> None:
    assert ratio(np.array([6, 0, 1, 5]), np.array([3, 2, 0, np.nan])) == pytest.approx(
        [2, 0, np.nan, np.nan], nan_ok=True
    )


values = st.integers(-50, 50)


@given(customers, instants, st.data())
def test_statistics_are_those_of_the_rows_before(
    times: list[list[int]], at: list[int], data: st.DataObject
) -> None:
    rows = timeline(times)
    size = len(rows.times)
    column = np.array(data.draw(st.lists(values, min_size=size, max_size=size)), dtype=np.int64)
    known = as_of(rows, at)
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
            got = [float(values[customer * len(at) + place]) for values in found]
            assert got == pytest.approx(expected, nan_ok=True, abs=1e-6)


def test_of_no_rows_nothing_is_known() -> None:
    nothing = np.array([], dtype=np.int64)
    known = as_of(timeline([[], []]), [1, 2])
    for values_ in (
        known.since(),
        known.mean(nothing),
        known.greatest(nothing),
        known.spread(nothing),
        *known.quantiles(nothing, 0.5),
    ):
        assert values_.shape == (4,)
        assert np.isnan(values_).all()
    assert known.timeline.by(nothing).offsets.tolist() == [0, 0, 0]
