"""The spread of posted risks, and how far it is from the customers' own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from serving.seen import Seen, psi_loss, spread

COUNTS = arrays(np.int64, 10, elements=st.integers(0, 10_000))


def test_risks_are_counted_by_tenths() -> None:
    seen = Seen()
    seen.add(np.array([0.0, 0.05, 0.1, 0.95, 1.0]))
    seen.add(np.array([0.55]))
    assert seen.counts.tolist() == [2, 1, 0, 0, 0, 1, 0, 0, 0, 2]
    assert seen.total == pytest.approx(2.65)


def test_the_index_is_that_of_its_definition() -> None:
    found = np.array([30, 20, 10, 10, 10, 5, 5, 4, 3, 3])
    expected = np.full(10, 10)
    p, q = (found + 0.5) / 105, (expected + 0.5) / 105
    assert psi_loss(expected, found) == pytest.approx(sum((p - q) * np.log(p / q)))
    assert psi_loss(expected, found) > 0.25


@given(COUNTS, COUNTS)
def test_the_index_is_none_for_the_same_and_more_for_others(one: object, other: object) -> None:
    assert psi_loss(one, one) == 0  # type: ignore[arg-type]
    assert psi_loss(one, other) == pytest.approx(psi_loss(other, one))  # type: ignore[arg-type]
    assert psi_loss(one, other) >= 0  # type: ignore[arg-type]


def test_a_sample_of_the_same_is_no_drift() -> None:
    risk = np.random.default_rng(0).beta(2, 3, 20_000)
    assert psi_loss(spread(risk), spread(risk[:1_000])) < 0.05
    assert psi_loss(spread(risk), spread(risk**3)) > 0.25
