"""Control: drawn as if at random, and the same whenever it is drawn."""

import pytest
from scipy import stats

from serving.control import is_control

CUSTOMERS = [f"customer-{number}" for number in range(20_000)]


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_the_share_is_held_out(share: float) -> None:
    held = is_control(CUSTOMERS, share=share, campaign="2026-01-01-1", seed=0)
    assert stats.binomtest(int(held.sum()), len(CUSTOMERS), share).pvalue > 0.01
