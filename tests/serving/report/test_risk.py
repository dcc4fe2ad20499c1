"""Who is at risk: sums and halves worked out by hand."""

import math
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from serving.report.risk import Group, carrying, expected

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def rows(*pairs: tuple[float, float]) -> pd.DataFrame:
    risk, value = zip(*pairs, strict=True)
    return pd.DataFrame(
        {
            "customer_id": [f"c{number}" for number in range(len(pairs))],
            "risk": risk,
            "value": value,
            "expected_loss": np.multiply(risk, value),
        }
    )


def test_what_leaves_is_risk_times_amount_within_luck() -> None:
    found = expected(np.array([0.5, 0.2]), np.array([100.0, 50.0]))
    reach = 1.959964 * math.sqrt(0.25 * 100**2 + 0.16 * 50**2)
    assert found.n == 2
    assert found.value == pytest.approx(60)
    assert found.low == max(60 - reach, 0)
    assert found.high == pytest.approx(60 + reach)


def test_a_group_is_summed_up() -> None:
    group = Group.of("some", rows((0.5, 100), (0.1, 300)))
    assert (group.customers, group.leaving.value, group.loss.value) == (2, 0.6, 80)
    assert group.risk == pytest.approx(0.3)
    assert group.value.value == 200
    assert math.isnan(Group.of("nobody", rows((0.5, 1)).head(0)).risk)


def test_half_of_the_loss_lies_with_the_fewest_customers() -> None:
    scores = rows((0.1, 100), (0.5, 80), (0.2, 100), (0.3, 100))  # losses 10, 40, 20, 30
    assert list(carrying(scores, 0.5)["customer_id"]) == ["c1", "c3"]
    assert list(carrying(scores, 0.4)["customer_id"]) == ["c1"]
    assert len(carrying(scores, 1)) == 4
