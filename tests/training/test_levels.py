"""Levels: corrected where they were off alike at two rehearsals, and only there."""

import json

import numpy as np
import pytest

from training.amounts import Amount
from training.levels import Level, learn


def rehearsed(seed: int, *, off: float) -> Amount:
    """Spend of 4,000 customers, of whom `off` times as much is expected as comes."""
    rng = np.random.default_rng(seed)
    mean = rng.gamma(1, 10, 4_000)
    came = rng.poisson(mean).astype(float)
    return Amount(came, off * mean, mean)


def found(first: float, second: float) -> Level:
    level = learn([rehearsed(1, off=first), rehearsed(2, off=second)])
    assert level is not None
    return level


def test_a_total_that_is_off_alike_is_corrected_as_last_seen() -> None:
    level = found(1.5, 1.45)
    assert level.clear
    assert level.applied == pytest.approx(1 / 1.45, rel=0.02)
    assert level.gain == pytest.approx(0.45 - 0.03, abs=0.02)
    assert "closer to the truth" in level.finding("spend").text
    assert level.finding("spend").text.endswith("it is done.")


@pytest.mark.parametrize(("first", "second"), [(1.5, 1.0), (0.8, 1.2), (1.0, 1.0)])
def test_a_total_that_is_off_now_and_then_is_left(first: float, second: float) -> None:
    level = found(first, second)
    assert level.applied == 1
    assert level.finding("spend").text.endswith("it is left undone.")


def test_without_two_rehearsals_there_is_no_level() -> None:
    assert learn([]) is None
    assert learn([rehearsed(1, off=2)]) is None
    nothing = Amount(np.zeros(9), np.ones(9), np.ones(9))
    assert learn([rehearsed(1, off=2), nothing]) is None


def test_it_survives_json() -> None:
    level = found(1.5, 1.5)
    assert Level.from_dict(json.loads(json.dumps(level.to_dict()))) == level
