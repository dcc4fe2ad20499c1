"""Chance: as if at random, and the same whenever it is asked."""

import numpy as np
import pytest
from scipy import stats

from features.chance import draws

KNOWN = 0.8368045557935034
CUSTOMERS = [f"customer-{number}" for number in range(20_000)]


def test_the_same_customers_are_drawn_in_any_order_and_company() -> None:
    whole = dict(zip(CUSTOMERS, draws(CUSTOMERS, key="0/a"), strict=True))
    part = CUSTOMERS[500:100:-3]
    assert draws(part, key="0/a").tolist() == [whole[name] for name in part]


def test_a_known_draw_never_changes() -> None:
    """Lists made earlier must be drawn alike by any later version."""
    assert draws(["customer-1"], key="0/2026-01-01-1")[0] == pytest.approx(KNOWN, abs=1e-15)


def test_draws_are_uniform_and_those_of_another_key_are_others() -> None:
    first, second = (draws(CUSTOMERS, key=key) for key in ("0/a", "1/a"))
    assert stats.kstest(first, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.03
