"""Drift: none where nothing changed, and as much as did."""

import numpy as np
import pytest

from training.drift import BINS, Population, Shape

RNG = np.random.default_rng(0)
NORMAL = RNG.normal(size=20_000)


def test_the_same_values_have_not_drifted() -> None:
    shape = Shape.of(NORMAL)
    assert shape.counts == (2_000,) * BINS + (0,)
    assert (shape.psi_loss(NORMAL), shape.ks_loss(NORMAL)) == (0.0, 0.0)


def test_chance_alone_is_a_small_drift() -> None:
    again = RNG.normal(size=20_000)
    assert Shape.of(NORMAL).psi_loss(again) < 3 * (BINS - 1) * 2 / 20_000


def test_the_index_is_that_of_the_shares() -> None:
    shape = Shape.of(np.repeat([0.0, 1.0], 500))
    now = np.repeat([0.0, 1.0], [900, 100])
    expected = 0.4 * np.log(0.9 / 0.5) - 0.4 * np.log(0.1 / 0.5)
    assert shape.psi_loss(now) == pytest.approx(expected, rel=0.01)
    assert shape.ks_loss(now) == pytest.approx(0.4)


def test_values_that_are_not_known_any_more_have_drifted() -> None:
    now = np.where(RNG.random(NORMAL.size) < 0.5, np.nan, NORMAL)
    assert Shape.of(NORMAL).psi_loss(now) > 1
    assert Shape.of(NORMAL).ks_loss(now) == pytest.approx(0.5, abs=0.02)
    assert Shape.of(np.full(10, np.nan)).psi_loss(np.full(10, np.nan)) == 0


def test_a_population_names_what_changed_most() -> None:
    risk = RNG.random(20_000)
    then = Population.of({"a": NORMAL, "b": NORMAL}, risk, churned=0.3)
    now = then.drift({"a": NORMAL, "b": NORMAL + 1, "new": NORMAL}, risk)
    assert now.furthest[0] == "b"
    assert set(now.psi) == {"a", "b"}
    assert now.overall == pytest.approx(now.psi["b"] / 2)
    assert now.risk_psi == 0
    assert Population.model_validate_json(then.model_dump_json()) == then
