"""The stop rule: rarely wrong however often one looks, and sure when there is something to see."""

import numpy as np
import pytest

from training.sequential import ALPHA, FEWEST, Sequence, StopRule

CAMPAIGNS, EACH, COMPANIES = 40, 100, 200


def effects(saved: float, *, seed: int, contacts: int = CAMPAIGNS * EACH) -> np.ndarray:
    """What contacts tell of an offer: the risk is .3, and a third are held out."""
    rng = np.random.default_rng(seed)
    offered = rng.random(contacts) < 2 / 3
    lost = rng.random(contacts) < 0.3 - saved * offered
    return np.where(offered, -3 / 2, 3.0) * (lost - 0.3)


def ever(saved: float, verdict: str, *, cost: float = 0.0, value: float = 100.0) -> float:
    """Share of companies that look after each campaign and ever come to a verdict."""

    def comes(seed: int) -> bool:
        seen = effects(saved, seed=seed)
        looks = range(EACH, seen.size + 1, EACH)
        return any(
            StopRule(Sequence.of(seen[:n]), Sequence.of(seen[:n] * value - cost)).decision
            == verdict
            for n in looks
        )

    return float(np.mean([comes(seed) for seed in range(COMPANIES)]))


def test_an_offer_that_does_nothing_is_rarely_stopped_for_harm() -> None:
    assert ever(0.0, "stop: harms") <= ALPHA


def test_looking_as_often_at_an_interval_of_fixed_size_stops_it_far_more_often() -> None:
    def stopped(seed: int) -> bool:
        seen = effects(0.0, seed=seed)
        looks = np.arange(EACH, seen.size + 1, EACH)
        means = np.cumsum(seen)[looks - 1] / looks
        return bool((means + 1.96 * seen.std() / np.sqrt(looks) < 0).any())

    assert np.mean([stopped(seed) for seed in range(COMPANIES)]) > 2 * ALPHA


def test_a_good_offer_is_rarely_stopped_at_all() -> None:
    assert ever(0.05, "stop: harms") == 0
    assert ever(0.05, "stop: does nothing", cost=4.0) <= ALPHA


def test_a_harmful_offer_is_stopped() -> None:
    assert ever(-0.1, "stop: harms") > 0.95


def test_an_offer_that_never_earns_its_cost_back_is_stopped() -> None:
    assert ever(0.0, "stop: does nothing", cost=11.0) > 0.95


def test_the_interval_is_the_published_one() -> None:
    """Theorem 2.2 of Waudby-Smith et al., by hand at n = 2000."""
    n, rho2 = 2_000, (-2 * np.log(0.05) + np.log(-2 * np.log(0.05) + 1)) / 2_000
    margin = np.sqrt(2 * (n * rho2 + 1) / (n**2 * rho2) * np.log(np.sqrt(n * rho2 + 1) / 0.05))
    low, high = Sequence(n, 0.5, 2.0).interval()
    assert (high - low) / 2 == pytest.approx(2.0 * margin)
    assert (high + low) / 2 == pytest.approx(0.5)


@pytest.mark.parametrize("mean", [0.12, -0.1, 0.05])
def test_how_sure_it_is_is_where_the_interval_ends_at_nothing(mean: float) -> None:
    seen = Sequence(2_000, mean, 1.0)
    low, high = seen.interval(alpha=1 - seen.sure())
    assert (low if mean > 0 else high) == pytest.approx(0, abs=1e-9)


def test_nothing_is_said_of_few_contacts() -> None:
    few = Sequence.of(np.full(FEWEST - 1, -1.0) + np.arange(FEWEST - 1) / 1e6)
    assert few.sure() == 0
    assert StopRule(few, few).decision == "go on"


def test_a_rule_comes_back_from_json_the_same() -> None:
    rule = StopRule(Sequence(10, 0.1, 0.2), Sequence(20, -3.0, 4.0))
    assert StopRule.from_dict(rule.to_dict()) == rule
