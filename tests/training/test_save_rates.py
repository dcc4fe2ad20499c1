"""Save rates: from the prior to what trials show, no further than they can be believed."""

import numpy as np
import pytest

from training.save_rates import ANYTHING, NOTHING, Rate, SaveRates

PRIOR = Rate.beta(6, 14)
BASE = 0.2


def trial(
    rates: dict[str, float], contacts: int, *, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Effect, base and segment of contacts, half of them held out."""
    rng = np.random.default_rng(seed)
    segment = rng.choice(list(rates), contacts)
    rate = np.array([rates[name] for name in segment])
    offered = rng.random(contacts) < 0.5
    lost = rng.random(contacts) < BASE * (1 - rate * offered)
    expected = BASE * (1 - rate.mean() / 2)
    return np.where(offered, -2, 2) * (lost - expected), np.full(contacts, BASE), segment


def learned(rates: dict[str, float], contacts: int, *, seed: int = 0) -> SaveRates:
    return SaveRates.learn(
        *trial(rates, contacts, seed=seed),
        np.zeros(contacts),
        weight=np.ones(contacts),
        prior=PRIOR,
    )


def test_the_prior_is_the_stated_beta_distribution() -> None:
    assert PRIOR.mean == pytest.approx(0.3)
    assert PRIOR.sd == pytest.approx(0.1, abs=1e-12)


@pytest.mark.parametrize("rate", [0.6, 0.3, 0.0, -0.5])
def test_many_contacts_tell_the_rate_whatever_the_prior(rate: float) -> None:
    overall = learned({"a": rate}, 400_000).overall
    assert overall.mean == pytest.approx(rate, abs=4 * overall.sd + 0.02)
    assert overall.sd < 0.03


@pytest.mark.parametrize("contacts", [2, 10, 50])
def test_few_contacts_leave_a_rate_that_does_not_run_away(contacts: int) -> None:
    for seed in range(20):
        rates = learned({"a": 0.3, "b": 0.3}, contacts, seed=seed)
        assert -1 < rates.overall.mean < 1
        assert 0 < rates.overall.sd < 1
        assert all(np.isfinite(rate).all() for rate in rates.segments.values())


def test_one_contact_changes_next_to_nothing() -> None:
    one = np.ones(1)
    rates = SaveRates.learn(2 * one, BASE * one, ["a"], one, weight=one, prior=PRIOR)
    assert rates.overall.mean <= (1 - NOTHING - ANYTHING) * PRIOR.mean + 1.0
    assert not rates.segments


def test_a_prior_that_is_wrong_gives_way_to_a_trial_that_says_so() -> None:
    believed = [learned({"a": -0.6}, 6_000, seed=seed).overall.mean for seed in range(10)]
    assert np.mean(believed) == pytest.approx(-0.6, abs=0.12)


def test_segments_that_differ_are_told_apart() -> None:
    truth = {"promises": 0.7, "habit": 0.0, "silence": -0.3}
    rates = learned(truth, 60_000)
    assert rates.between > 0.2
    for name, rate in rates.segments.items():
        assert rate.mean == pytest.approx(truth[name], abs=4 * rate.sd)


def test_segments_that_do_not_differ_share_the_rate_of_all() -> None:
    same = [learned(dict.fromkeys("abcdef", 0.4), 3_000, seed=seed) for seed in range(20)]
    assert np.mean([rates.between == 0 for rates in same]) > 0.8
    for rates in same:
        if not rates.between:
            assert {rate.mean for rate in rates.segments.values()} == {rates.overall.mean}


def test_shrunk_segments_are_nearer_the_truth_than_their_own_figures() -> None:
    truth = {name: 0.3 + 0.1 * place for place, name in enumerate("abcde", start=-2)}
    own, shrunk = [], []
    for seed in range(30):
        effect, base, segment = trial(truth, 3_000, seed=seed)
        even = np.ones(len(base))
        rates = SaveRates.learn(effect, base, segment, 0 * even, weight=even, prior=PRIOR).segments
        for name, rate in truth.items():
            of = segment == name
            own.append((effect[of].sum() / base[of].sum() - rate) ** 2)
            shrunk.append((rates[name].mean - rate) ** 2)
    assert np.mean(shrunk) < np.mean(own)


def test_a_segment_that_was_never_tried_has_the_rate_of_all() -> None:
    rates = learned({"a": 0.5, "b": 0.1}, 20_000)
    mean, sd = rates.of(["nobody", "a"], np.zeros(2))
    assert (mean[0], sd[0]) == rates.overall
    assert (mean[1], sd[1]) == rates.segments["a"]


def aggrieved(slope: float, contacts: int, *, seed: int = 0) -> SaveRates:
    """Learned where a rate of .3 rises so much from no grievance to all."""
    rng = np.random.default_rng(seed)
    grievance, offered = rng.uniform(-0.5, 0.5, contacts), rng.random(contacts) < 0.5
    lost = rng.random(contacts) < BASE * (1 - (0.3 + slope * grievance) * offered)
    effect = np.where(offered, -2, 2) * (lost - 0.85 * BASE)
    base, one = np.full(contacts, BASE), np.ones(contacts)
    none = np.full(contacts, "none")
    return SaveRates.learn(effect, base, none, grievance, weight=one, prior=PRIOR)


@pytest.mark.parametrize("slope", [0.6, 0.0, -0.6])
def test_many_contacts_tell_how_the_rate_rises_with_the_grievance(slope: float) -> None:
    line = aggrieved(slope, 200_000).line
    assert line.slope.mean == pytest.approx(slope, abs=4 * line.slope.sd + 0.02)
    assert line.slope.sd < 0.06


def test_few_contacts_do_not_tell_how_the_rate_rises() -> None:
    assert aggrieved(0.6, 10).line.slope.mean == 0
    drawn = [aggrieved(0.0, 1_000, seed=seed).line.slope.mean for seed in range(20)]
    assert np.std(drawn) < 0.25


def test_a_rate_rises_from_that_of_all_and_to_no_more_than_all() -> None:
    rates = aggrieved(0.6, 200_000)
    mean, sd = rates.of(["none"] * 3, np.array([rates.line.centre, 0.5, 10.0]))
    assert mean[0] == rates.overall.mean
    assert mean[1] == pytest.approx(0.6, abs=0.05)
    assert mean[2] == 1
    assert sd[0] < sd[1] < sd[2]


def test_rates_come_back_from_json_the_same() -> None:
    rates = aggrieved(0.6, 20_000)
    assert SaveRates.from_dict(rates.to_dict()) == rates
