"""Corrections: what they mend, and that they leave alone what is right."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from training.calibration import UNCHANGED, Correction, log_losses


@pytest.fixture(scope="module")
def customers() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    true = rng.beta(2, 2, 20_000)
    return (rng.random(20_000) < true).astype(float), true


def test_nothing_is_changed_to_the_bit() -> None:
    risk = np.array([0.0, 1e-300, 0.3, 1.0])
    assert (UNCHANGED(risk) == risk).all()


def test_a_shift_makes_the_mean_the_rate_observed(
    customers: tuple[np.ndarray, np.ndarray],
) -> None:
    left, true = customers
    off = expit(logit(true) + 0.8)
    shift = Correction.shift(left, off)
    assert shift.c == pytest.approx(-0.8, abs=0.05)
    assert shift(off).mean() == pytest.approx(left.mean(), abs=1e-9)


def test_beta_calibration_finds_the_distortion(
    customers: tuple[np.ndarray, np.ndarray],
) -> None:
    """What is 2 ln p - .5 ln(1 - p) + .3 beside the forecast is found again."""
    rng = np.random.default_rng(3)
    _, forecast = customers
    true = Correction(2, 0.5, 0.3)(forecast)
    left = (rng.random(true.size) < true).astype(float)
    found = Correction.beta(left, forecast)
    assert (found.a, found.b, found.c) == pytest.approx((2, 0.5, 0.3), abs=0.2)
    assert found(forecast) == pytest.approx(true, abs=0.02)
    assert log_losses(left, found(forecast)).mean() < log_losses(left, forecast).mean()


def test_beta_calibration_leaves_alone_what_is_right(
    customers: tuple[np.ndarray, np.ndarray],
) -> None:
    left, true = customers
    assert Correction.beta(left, true)(true) == pytest.approx(true, abs=0.02)


def test_where_everybody_has_one_outcome_nothing_is_shifted() -> None:
    assert Correction.shift(np.ones(5), np.full(5, 0.4)) == UNCHANGED


@given(
    *(st.floats(0, 5) for _ in range(2)),
    st.floats(-3, 3),
    st.lists(st.floats(0, 1), min_size=2, max_size=30),
)
def test_no_correction_turns_the_order(a: float, b: float, c: float, risk: list[float]) -> None:
    corrected = Correction(a, b, c)(np.sort(risk))
    assert (np.diff(corrected) >= -1e-15).all()
    assert ((corrected >= 0) & (corrected <= 1)).all()
