"""The Qini curve by hand, and beside a truth that a trial does not show."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.qini import Qini, gain_interval, interval, qini_score

Contacts = st.lists(
    st.tuples(st.booleans(), st.booleans(), st.integers(0, 5), st.integers(0, 3)),
    min_size=4,
    max_size=40,
).filter(lambda rows: {offered for _, offered, _, weight in rows if weight} == {True, False})


def trial(size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What each would be saved, and outcome, arm and propensity; the chance of an offer varies."""
    rng = np.random.default_rng(seed)
    saved = rng.uniform(-0.2, 0.4, size)
    chance = rng.choice([0.2, 0.5, 0.8], size)
    offered = rng.random(size) < chance
    lost = (rng.random(size) < 0.5 - saved * offered).astype(float)
    return saved, lost, offered, np.where(offered, chance, 1 - chance)


def test_the_curve_of_four_contacts_is_the_one_by_hand() -> None:
    qini = Qini.of([1, 0, 0, 1], [False, True, False, True], [0.5] * 4, [4, 3, 2, 1])
    share, saved = qini.curve
    assert share == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert saved == pytest.approx([0, 0, 0.5, 0.375, 0])
    assert qini.score() == pytest.approx(0.25 * (0.5 + 0.375))


def test_the_curve_follows_the_truth_whatever_the_chance_of_an_offer() -> None:
    saved, lost, offered, propensity = trial(200_000)
    share, curve = Qini.of(lost, offered, propensity, saved).curve
    truth = np.append(0, np.cumsum(np.sort(saved)[::-1])) / saved.size
    assert np.abs(curve - truth).max() < 0.006
    assert share[-1] == 1


def test_the_true_order_is_worth_what_it_saves_above_chance() -> None:
    saved, lost, offered, propensity = trial(200_000)
    truth = np.append(0, np.cumsum(np.sort(saved)[::-1])) / saved.size
    share = np.arange(saved.size + 1) / saved.size
    best = np.trapezoid(truth - truth[-1] * share, share)
    assert qini_score(lost, offered, propensity, saved) == pytest.approx(best, abs=0.004)
    assert qini_score(lost, offered, propensity, -saved) == pytest.approx(-best, abs=0.004)


def test_an_order_by_chance_is_worth_nothing() -> None:
    _, lost, offered, propensity = trial(200_000)
    noise = np.random.default_rng(1).random(lost.size)
    assert qini_score(lost, offered, propensity, noise) == pytest.approx(0, abs=0.004)
    assert qini_score(lost, offered, propensity, np.zeros(lost.size)) == pytest.approx(0)


@given(Contacts)
def test_a_weight_counts_a_contact_so_often(rows: list[tuple[bool, bool, int, int]]) -> None:
    lost, offered, score, weight = (np.array(column) for column in zip(*rows, strict=True))
    propensity = np.where(offered, 0.25, 0.75)
    weighted = Qini.of(lost, offered, propensity, score).weighted(weight.astype(float))
    again = (np.repeat(column, weight) for column in (lost, offered, propensity, score))
    assert weighted.score() == pytest.approx(qini_score(*again), abs=1e-12)


def test_intervals_tell_a_ranking_from_chance_and_from_a_worse_one() -> None:
    saved, lost, offered, propensity = trial(20_000)
    rng = np.random.default_rng(2)
    good, poor, none = (
        Qini.of(lost, offered, propensity, score)
        for score in (saved, saved + rng.normal(0, 0.4, saved.size), rng.random(saved.size))
    )
    everybody = np.arange(saved.size)
    assert interval(good, everybody).low > 0
    low, high = interval(none, everybody)
    assert low < 0 < high
    assert gain_interval(good, poor, everybody).low > 0
    assert gain_interval(good, good, everybody) == (0, 0)
