"""What each contact tells of the fall in the chance of a loss."""

import numpy as np
import pytest

from training.contacts import fall


def test_the_fall_is_unbiased_whatever_was_told_before() -> None:
    rng = np.random.default_rng(0)
    size = 200_000
    chance = rng.choice([0.3, 0.7], size)
    offered = rng.random(size) < chance
    risk = rng.uniform(0.1, 0.6, size)
    lost = (rng.random(size) < risk * np.where(offered, 0.5, 1)).astype(float)
    drawn = _Drawn(offered, np.where(offered, chance, 1 - chance))
    for told in (risk, rng.random(size)):
        effect = fall(lost, drawn, told[:, None])  # type: ignore[arg-type]
        high = risk > 0.4
        assert effect.mean() == pytest.approx(0.5 * risk.mean(), abs=0.006)
        assert effect[high].mean() == pytest.approx(0.5 * risk[high].mean(), abs=0.012)


class _Drawn:
    """All that `fall` looks at of trials."""

    def __init__(self, offered: np.ndarray, propensity: np.ndarray) -> None:
        self.offered, self.propensity = offered, propensity
