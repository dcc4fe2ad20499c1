"""Grades: A, B, and nothing to gain."""

import numpy as np
import pytest
from scipy.special import expit

from training import backtest
from training.bootstrap import Bootstrap, bootstrap
from training.grade import Grade, grade
from training.settings import MoneySettings

MEASURE = backtest.risk_measures(80, MoneySettings())


def graded(*, better: float, size: int = 4000) -> Grade:
    """A served model that sees so much more of the truth than the two formulas."""
    rng = np.random.default_rng(5)
    seen, hidden = rng.normal(0, 1.5, size), rng.normal(0, 1.5, size)
    churned = (rng.random(size) < expit(seen + hidden)).astype(float)
    forecasts = {
        "served": expit(seen + better * hidden),
        "naive_rate": expit(seen + rng.normal(0, 1, size)),
        "baseline_rfm": expit(seen),
    }
    draws = bootstrap(churned, forecasts, MEASURE)
    return grade(draws, "served", "naive_rate", ("naive_rate", "baseline_rfm"))


def test_a_model_that_ranks_better_and_earns_more_has_an_a() -> None:
    found = graded(better=1)
    assert found.letter == "A"
    assert found.auc_gain.low > 0.05
    assert found.profit_gain.low > 0
    assert found.finding.text.startswith("Grade A: +0.")


def test_against_no_better_than_the_best_formula_there_is_nothing_to_gain() -> None:
    found = graded(better=0)
    assert (found.letter, found.formula) == ("C", "baseline_rfm")
    assert found.finding.text.startswith("Grade C: nothing to gain here")
    assert found.naive_auc_gain.low > 0  # though it beats the naive formula


@pytest.mark.parametrize(
    ("auc", "profit", "letter"),
    [
        ((0.01, 0.02), (0.1, 0.2), "A"),
        ((0.01, 0.02), (-0.1, 0.2), "B"),
        ((-0.01, 0.02), (1, 2), "C"),
    ],
)
def test_letters(auc: tuple[float, float], profit: tuple[float, float], letter: str) -> None:
    gains = np.array([np.linspace(*auc, 101), np.linspace(*profit, 101)]).T
    draws = np.stack([gains, np.zeros_like(gains)], axis=1)
    found = grade(
        Bootstrap(("served", "naive"), ("auc_score", "profit_score"), draws),
        "served",
        "naive",
        ("naive",),
    )
    assert found.letter == letter
