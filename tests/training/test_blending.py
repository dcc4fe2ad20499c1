"""Weights and corrections: done where they help at the next rehearsal, and only there."""

from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.special import expit, logit

from training.blending import BETA, DRIFT, WEIGHTS, Blending, Verdict, choose
from training.calibration import UNCHANGED
from training.rehearsal import Rehearsal

SIZE = 6000


def rehearsal(month: int, *, off: float = 0.0, noise: float = 0.0, steep: float = 1.0) -> Rehearsal:
    """Members who see most of the truth; forecasts too low by `off` and too flat by `steep`."""
    rng = np.random.default_rng(month)
    log_odds = rng.normal(0, 1.5, SIZE)
    churned = (rng.random(SIZE) < expit(log_odds)).astype(float)
    flat = (log_odds - off) / steep
    said = {
        "one": expit(flat + rng.normal(0, 0.3, SIZE)),
        "two": expit(flat + rng.normal(0, 0.3, SIZE)),
        "poor": expit(flat + rng.normal(0, 0.3 + noise, SIZE)),
    }
    return Rehearsal(datetime(2024, month, 1, tzinfo=UTC), said, {}, churned)


def chosen(first: Rehearsal, second: Rehearsal) -> Verdict:
    verdict = choose([first, second])
    assert verdict is not None
    assert [choice.what for choice in verdict.choices] == [WEIGHTS, DRIFT, BETA]
    return verdict


def test_without_two_rehearsals_nothing_is_chosen() -> None:
    assert choose([]) is None
    assert choose([rehearsal(1)]) is None


def test_members_that_are_alike_keep_equal_weights_and_are_not_corrected() -> None:
    verdict = chosen(rehearsal(1), rehearsal(2))
    assert verdict.kept == ()
    assert verdict.blending == Blending.equal(("one", "two", "poor"))


def test_a_poor_member_loses_its_weight() -> None:
    verdict = chosen(rehearsal(1, noise=4), rehearsal(2, noise=4))
    assert WEIGHTS in {choice.what for choice in verdict.kept}
    assert verdict.blending.weights["poor"] < 0.1
    assert sum(verdict.blending.weights.values()) == pytest.approx(1)
    assert all(weight >= 0 for weight in verdict.blending.weights.values())


def test_what_is_off_at_both_rehearsals_is_corrected() -> None:
    second = rehearsal(2, off=0.6)
    verdict = chosen(rehearsal(1, off=0.6), second)
    assert len(verdict.kept) == 1
    assert verdict.kept[0].what in (DRIFT, BETA)
    assert verdict.blending(second.members).mean() == pytest.approx(second.churned.mean(), abs=1e-3)


def test_forecasts_too_flat_call_for_beta_calibration() -> None:
    verdict = chosen(rehearsal(1, steep=2), rehearsal(2, steep=2))
    assert [choice.what for choice in verdict.kept] == [BETA]
    assert verdict.blending.correction.a > 1.5


def test_what_was_off_once_is_not_corrected() -> None:
    """The base rate of a cut-off is the last one's noise: learned there, it harms at the next."""
    verdict = chosen(rehearsal(1, off=0.5), rehearsal(2, off=-0.5))
    assert verdict.kept == ()
    assert verdict.blending.correction == UNCHANGED
    harm = {choice.what: choice.gain for choice in verdict.choices}
    assert harm[DRIFT] < -0.01
    assert "added" in verdict.choices[1].text


def test_what_is_done_is_learned_anew_at_the_last_rehearsal() -> None:
    """The first decides whether, the second by how much."""
    first, second = rehearsal(1, off=0.4), rehearsal(2, off=0.8)
    verdict = chosen(first, second)
    again = verdict.blending.mean(second.members)
    shift = logit(verdict.blending(second.members)) - logit(again)
    assert shift.mean() == pytest.approx(0.8, abs=0.15)


def test_a_blending_comes_back_from_json() -> None:
    verdict = chosen(rehearsal(1, off=0.6), rehearsal(2, off=0.6))
    assert Blending.from_dict(verdict.blending.to_dict()) == verdict.blending
