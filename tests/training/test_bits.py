"""Bits: what the leaves that a row reaches add up to, beside looking at every condition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from training.bits import Bits

FEATURES, VALUES = 3, np.array([-1, 0, 0.5, 2, np.inf, np.nan], dtype=np.float32)


def plainly(
    feature: NDArray[np.int64],
    low: NDArray[np.float32],
    high: NDArray[np.float32],
    missing: NDArray[np.bool_],
    value: NDArray[np.float64],
    row: NDArray[np.float32],
) -> float:
    asked = row[feature]
    below = (asked < high) | np.isinf(high)
    kept = (asked >= low) & below | (missing & np.isnan(asked))
    return float(value[kept.all(axis=0)].sum())


@given(st.data())
def test_a_row_gets_the_sum_of_the_leaves_whose_conditions_it_keeps(data: st.DataObject) -> None:
    k, leaves = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 70))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    feature = np.stack([rng.permutation(FEATURES)[:k] for _ in range(leaves)], axis=1)
    low = rng.choice([-np.inf, -1, 0, 0.5], (k, leaves)).astype(np.float32)
    high = rng.choice([0.5, 1, 2, np.inf], (k, leaves)).astype(np.float32)
    missing = rng.random((k, leaves)) < 0.5
    missing |= np.isinf(low) & np.isinf(high)  # what asks nothing is kept by all
    value = rng.normal(size=leaves)
    rows = rng.choice(VALUES, (data.draw(st.sampled_from([0, 1, 16, 17, 300])), FEATURES))
    bits = Bits.of(feature, low, high, missing, value)
    expected = [plainly(feature, low, high, missing, value, row) for row in rows]
    assert bits.total(rows) == pytest.approx(np.array(expected), abs=1e-12)


def test_a_row_reaches_all_leaves_of_trees_that_ask_nothing() -> None:
    anything = np.full((1, 2), np.inf, dtype=np.float32)
    every = np.ones((1, 2), dtype=bool)
    bits = Bits.of(np.zeros((1, 2), np.int64), -anything, anything, every, np.array([0.1, 0.2]))
    assert bits.total(np.full((2, 1), np.nan, dtype=np.float32)) == pytest.approx([0.3, 0.3])
