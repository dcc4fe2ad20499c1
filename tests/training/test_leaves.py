"""Trees as a table of leaves: what xgboost says, and why, without xgboost."""

from itertools import chain, combinations
from math import factorial

import numpy as np
import pytest
import xgboost as xgb
from numpy.typing import NDArray

from training.leaves import Condition, Leaves, Path, _shares, _table

Floats = NDArray[np.float64]


def booster(depth: int) -> xgb.Booster:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(600, 7)).astype(np.float32)
    values[rng.random(values.shape) < 0.2] = np.nan
    churned = (np.nan_to_num(values[:, 0]) + np.nan_to_num(values[:, 1]) ** 2 > 0.8).astype(float)
    parameters = {"objective": "binary:logistic", "max_depth": depth, "seed": 1}
    return xgb.train(parameters, xgb.DMatrix(values, churned), 20)


def rows() -> NDArray[np.float32]:
    rng = np.random.default_rng(7)
    values = rng.normal(size=(50, 7)).astype(np.float32)
    values[rng.random(values.shape) < 0.3] = np.nan
    return values


@pytest.mark.parametrize("depth", [1, 2, 4, 6])
def test_probabilities_are_those_of_xgboost(depth: int) -> None:
    model = booster(depth)
    leaves = Leaves.of(model)
    assert leaves is not None
    assert leaves.predict(rows()) == pytest.approx(model.inplace_predict(rows()), abs=1e-6)
    assert leaves.predict(rows()[:3]) == pytest.approx(leaves.predict(rows())[:3], rel=1e-12)


@pytest.mark.parametrize("depth", [1, 2, 4, 6])
def test_contributions_are_those_of_xgboost(depth: int) -> None:
    model = booster(depth)
    leaves = Leaves.of(model)
    assert leaves is not None
    expected = model.predict(xgb.DMatrix(rows()), pred_contribs=True)[:, :-1]
    assert leaves.contributions(rows()) == pytest.approx(expected, abs=1e-5)


def test_many_rows_are_told_what_each_is_told_alone() -> None:
    leaves = Leaves.of(booster(4))
    assert leaves is not None
    alone = np.concatenate([leaves.contributions(rows()[[i]]) for i in range(50)])
    assert leaves.contributions(rows()) == pytest.approx(alone, abs=1e-12)


def test_values_on_the_edge_of_a_split_go_where_xgboost_sends_them() -> None:
    model = booster(4)
    leaves = Leaves.of(model)
    assert leaves is not None
    edges = np.unique(leaves.low[np.isfinite(leaves.low)])[:40]
    on_edge = np.repeat(edges[:, None], 7, axis=1)
    assert leaves.predict(on_edge) == pytest.approx(model.inplace_predict(on_edge), abs=1e-6)


def test_paths_that_ask_too_much_are_left_to_xgboost() -> None:
    rng = np.random.default_rng(0)
    values, chance = rng.normal(size=(600, 9)), rng.integers(0, 2, 600)
    deep = xgb.train({"max_depth": 12, "min_child_weight": 0}, xgb.DMatrix(values, chance), 2)
    assert Leaves.of(deep) is None


def test_shares_are_shapley_values_by_the_definition() -> None:
    share = np.array([[0.3, 0.8, 0.5]])
    agreed = np.array([1.0, 0.0, 1.0])

    def worth(known: tuple[int, ...]) -> float:
        return float(np.prod([agreed[j] if j in known else share[0, j] for j in range(3)]))

    told = _shares(share)[0, 0b101]
    for j in range(3):
        others = [i for i in range(3) if i != j]
        coalitions = chain.from_iterable(combinations(others, size) for size in range(3))
        expected = sum(
            factorial(len(c)) * factorial(2 - len(c)) / 6 * (worth((*c, j)) - worth(c))
            for c in coalitions
        )
        assert told[j] == pytest.approx(expected)


def test_a_path_shorter_than_others_adds_nothing_for_what_it_does_not_ask() -> None:
    one = Condition(2, -np.inf, 0.5, False, 0.25)
    table = _table([Path(4.0, (one,))], 3)
    leaves = Leaves(0.0, *table)
    (told,) = leaves.contributions(np.array([[9, 9, 0]], dtype=np.float32))
    assert told == pytest.approx([0, 0, 3])
