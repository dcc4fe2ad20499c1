"""Staying power: ages are told apart, and the interval follows from the first that is worse."""

import numpy as np
import pytest

from training.staying import Aged, by_age, recommended

RNG = np.random.default_rng(0)
RISK = RNG.uniform(0.1, 0.9, 4_000)
CAME = (RNG.random(4_000) < RISK).astype(float)


def aged(days: int, noise: float) -> Aged:
    """A model that tells the truth but for some noise, beside one that tells the truth."""
    told = np.clip(RISK + RNG.normal(0, noise, RISK.size), 0.01, 0.99) if noise else RISK
    return Aged.of(days, CAME, told, RISK, profit=-noise)


def test_a_model_that_says_the_same_has_not_aged() -> None:
    same = aged(30, 0)
    assert (same.loss, same.loss_se) == (0, 0)
    (age,) = by_age([same], step_days=30)
    assert not age.is_worse


def test_a_model_that_errs_more_is_worse_beyond_doubt() -> None:
    (age,) = by_age([aged(30, 0.2), aged(31, 0.2)], step_days=30)
    assert (age.cutoffs, age.is_worse) == (2, True)
    assert age.loss_low < age.loss < age.loss_high


def test_the_interval_recommended_ends_before_the_first_age_that_is_worse() -> None:
    ages = by_age([aged(91, 0.3), aged(30, 0), aged(61, 0)], step_days=30)
    assert [each.age_days for each in ages] == [30, 61, 91]
    found = recommended(ages, currency="EUR")
    assert found is not None
    assert (found.name, found.figures["every"], found.figures["days"]) == ("fades", 61, 91)
    assert "Train at least every 61 days" in found.text
    assert found.figures["profit"] == pytest.approx(-0.3)


def test_where_age_has_not_harmed_it_says_so() -> None:
    found = recommended(by_age([aged(30, 0)], step_days=30), currency="EUR")
    assert found is not None
    assert (found.name, found.figures["days"]) == ("stays", 30)
    assert recommended((), currency="EUR") is None


def test_the_youngest_age_is_recommended_where_even_that_is_worse() -> None:
    found = recommended(by_age([aged(30, 0.3)], step_days=30), currency="EUR")
    assert found is not None
    assert found.figures["every"] == 30
