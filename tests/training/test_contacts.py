"""What each contact tells of the fall in the chance of a loss."""

import numpy as np
import pytest

from features.offers import CONTROL
from features.snapshot import Snapshot
from training.contacts import expected, fall, weights
from training.save_rates import Rate, SaveRates
from training.trials import Trials


def trials(offered: np.ndarray, propensity: np.ndarray, campaign: np.ndarray) -> Trials:
    """Trials of customers of whom nothing else is looked at."""
    rows = Snapshot(offered, offered, offered, {}, (), None)  # type: ignore[arg-type]
    return Trials(rows, np.where(offered, "call", CONTROL), propensity, campaign)


def test_the_fall_is_unbiased_whatever_was_told_before() -> None:
    rng = np.random.default_rng(0)
    size = 200_000
    chance = rng.choice([0.3, 0.7], size)
    offered = rng.random(size) < chance
    risk = rng.uniform(0.1, 0.6, size)
    lost = (rng.random(size) < risk * np.where(offered, 0.5, 1)).astype(float)
    drawn = trials(offered, np.where(offered, chance, 1 - chance), np.zeros(size))
    for told in (risk, rng.random(size)):
        effect = fall(lost, drawn, expected(lost, drawn, told[:, None]))
        high = risk > 0.4
        assert effect.mean() == pytest.approx(0.5 * risk.mean(), abs=0.006)
        assert effect[high].mean() == pytest.approx(0.5 * risk[high].mean(), abs=0.012)


def test_campaigns_that_hold_few_out_do_not_drown_an_even_trial() -> None:
    """Contacts chosen for their risk, of whom one in twenty is held out, beside an even trial."""
    even, weighted = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        campaign = np.repeat([0, 1], [1_000, 4_000])
        share = np.where(campaign == 0, 0.5, 0.95)
        offered = rng.random(campaign.size) < share
        base = np.where(campaign == 0, rng.uniform(0.02, 0.3, campaign.size), 0.3)
        lost = (rng.random(campaign.size) < base * np.where(offered, 0.7, 1)).astype(float)
        drawn = trials(offered, np.where(offered, share, 1 - share), campaign)
        chance = expected(lost, drawn, base[:, None])
        effect, nobody = fall(lost, drawn, chance), np.full(campaign.size, "none")
        for rates, weight in (
            (even, np.ones(campaign.size)),
            (weighted, weights(base, chance, drawn)),
        ):
            prior = Rate(0.0, 1e3)
            learned = SaveRates.learn(
                effect, base, nobody, np.zeros(campaign.size), weight=weight, prior=prior
            )
            rates.append(learned.overall.mean)
    errors = [np.square(np.array(rates) - 0.3).mean() for rates in (even, weighted)]
    assert errors[1] < 0.8 * errors[0]
    assert np.mean(weighted) == pytest.approx(0.3, abs=0.08)


@pytest.mark.parametrize("came", [0.0, 1.0])
def test_contacts_who_all_stayed_or_left_weigh_by_what_was_to_be_lost(came: float) -> None:
    base, lost = np.array([0.1, 0.2, 0.4, 0.4]), np.full(4, came)
    drawn = trials(np.arange(4) < 2, np.full(4, 0.5), np.zeros(4))
    weight = weights(base, expected(lost, drawn, base[:, None]), drawn)
    assert weight / weight.sum() == pytest.approx(base / base.sum())
