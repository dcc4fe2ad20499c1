"""Intervals hold as many later customers as they promise, in every tenth."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.intervals import Floats, Spread, coverage_score


def customers(seed: int, size: int = 20_000) -> tuple[Floats, Floats]:
    """Most buy nothing; of the others, the more is expected the wider they vary."""
    rng = np.random.default_rng(seed)
    expected = rng.gamma(0.5, 20, size)
    buys = rng.random(size) < expected / (expected + 20)
    return np.where(buys, rng.gamma(1, expected + 20), 0), expected


@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_later_customers_of_every_tenth_lie_between_the_ends(coverage: float) -> None:
    spread = Spread.learn(*customers(0), coverage=coverage)
    came, expected = customers(1)
    low, high = spread(expected)
    within = (low <= came) & (came <= high)
    tenth = np.searchsorted(spread.edges, expected, side="right")
    held = np.array([within[tenth == each].mean() for each in range(10)])
    assert (held > coverage - 0.03).all()
    # Where hardly anyone buys, the ends are both 0 and hold more than they promise.
    some = np.array([np.mean(came[tenth == each] > 0) for each in range(10)]) > 1 - coverage + 0.03
    assert (held[some] < coverage + 0.03).all()
    assert some[-1]


def test_as_many_lie_below_as_above_where_nearly_all_buy() -> None:
    rng = np.random.default_rng(0)
    expected = rng.uniform(10, 20, 10_000)
    spread = Spread.learn(rng.gamma(4, expected / 4), expected, coverage=0.8)
    came, (low, high) = rng.gamma(4, expected / 4), spread(expected)
    assert np.mean(came < low) == pytest.approx(0.1, abs=0.02)
    assert np.mean(came > high) == pytest.approx(0.1, abs=0.02)


def test_the_top_tenth_is_told_apart() -> None:
    came, expected = np.array([5.0] + 19 * [0.0]), np.append(9.0, np.zeros(19))
    spread = Spread(0.8, (1.0,), (0.0, 0.0), (0.0, 0.5), 0.0)
    assert coverage_score(came, expected, spread) == {
        "coverage_80": 0.95,
        "coverage_80_top_decile": 0.5,
    }


@given(
    expected=st.lists(st.sampled_from([0.0, 0.1, 1.0, 1.5, 7.0]), min_size=1, max_size=300),
    seed=st.integers(0, 9),
)
def test_few_and_equal_expectations_have_ends_too(expected: list[float], seed: int) -> None:
    said = np.array(expected)
    came = np.random.default_rng(seed).poisson(said + 0.1).astype(float)
    spread = Spread.learn(came, said + 0.01, coverage=0.8)
    low, high = spread(said + 0.01)
    assert (low <= high).all()
    # Ends are what came of somebody, over and times what was expected: right but for rounding.
    assert np.mean((low - 1e-9 <= came) & (came <= high + 1e-9)) >= 0.8 - 1e-9


def test_it_survives_json() -> None:
    spread = Spread.learn(*customers(0, 500), coverage=0.9)
    assert Spread.from_dict(json.loads(json.dumps(spread.to_dict()))) == spread


def test_one_customer_alone_gets_the_same_ends_as_among_others() -> None:
    spread = Spread.learn(*customers(0), coverage=0.8)
    _, expected = customers(1, 100)
    together = np.stack(spread(expected))
    alone = np.concatenate([np.stack(spread(expected[[each]])) for each in range(100)], axis=1)
    assert (together == alone).all()
