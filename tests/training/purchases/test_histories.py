import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.purchases.histories import FEW, Histories


@st.composite
def customers(draw):
    """Some histories, several customers of each, in days or in weeks."""
    unit = draw(st.sampled_from([1.0, 7.0, 2.0**-30]))
    rows = draw(st.lists(st.tuples(*[st.integers(0, 30)] * 3), min_size=1, max_size=30))
    x, gap, rest = np.repeat(rows, draw(st.integers(1, 3)), axis=0).astype(float).T
    recency = np.where(x > 0, 1 + gap, 0) / unit
    return Histories.of(x, recency, recency + rest / unit)


def columns(h):
    return np.column_stack([h.x, h.t_x, h.T])


@given(customers())
def test_distinct_histories_and_whose_they_are(h):
    rows, codes = h.distinct()
    assert (columns(rows)[codes] == columns(h)).all()
    assert rows.x.size == len(np.unique(columns(h), axis=0))
    assert (rows.counts == np.bincount(codes)).all()
    assert rows.customers == h.x.size


@given(customers())
def test_what_depends_on_some_columns_of_many_is_calculated_once_for_each(h):
    h, sizes = h.repeated(FEW + 1), []

    def function(rows):
        sizes.append(rows.x.size)
        return rows.x + 100 * rows.T

    assert (h.each(function, ("x", "T")) == h.x + 100 * h.T).all()
    assert sizes == [len(np.unique(columns(h)[:, ::2], axis=0))]


def test_codes_too_many_for_one_integer_are_packed_in_steps():
    rng = np.random.default_rng(0)
    t_x = rng.random(500) + 1e6  # no whole numbers, 500 of them
    h = Histories.of(np.arange(1, 501) + 2.0**19, t_x, t_x + rng.random(500))
    rows, codes = h.distinct()
    assert rows.x.size == 500
    assert (columns(rows)[codes] == columns(h)).all()


def test_pieces_are_all_rows_in_order():
    T = np.arange(1, 40_001, dtype=float)
    pieces = Histories.of(np.zeros(40_000), np.zeros(40_000), T).pieces
    assert len(pieces) > 1
    assert (np.concatenate([piece.T for piece in pieces]) == T).all()


def test_a_sample_stands_for_all():
    """One-time buyers share histories and are all there; the sums come out right on average."""
    rng = np.random.default_rng(0)
    x = np.repeat([0.0, 1.0], [50_000, 5_000])
    t_x = np.where(x > 0, rng.random(x.size) + 1, 0)
    rows, _ = Histories.of(x, t_x, 2).distinct()
    few = rows.sample(400, rng)
    assert 300 < few.x.size < 500
    assert few.counts[few.x == 0] == 50_000
    assert few.counts.sum() == pytest.approx(55_000, abs=1_500)
