"""How long contracts last, against a textbook and a law that is known."""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from features.errors import QuerenciaError
from features.store import Store
from training.survival import durations, survival

# Weeks in remission of 21 leukaemia patients on 6-MP, and whether it ended (Freireich et al. 1963);
# the estimates are as printed in Kleinbaum & Klein, "Survival Analysis".
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
ENDED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


def test_the_textbooks_remissions() -> None:
    found = survival(np.array(WEEKS, float), np.array(ENDED, bool))
    assert found.days.tolist() == [6, 7, 10, 13, 16, 22, 23]
    printed = [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert found.share == pytest.approx(printed, abs=5e-5)
    assert found.median_days == 23
    assert (found.contracts, found.ended) == (21, 9)
    assert ((found.low < found.share) & (found.share < found.high)).all()


def test_a_constant_hazard_is_found_though_half_go_on() -> None:
    rng = np.random.default_rng(0)
    lasted, seen = rng.exponential(400, 5000), rng.uniform(0, 600, 5000)
    found = survival(np.minimum(lasted, seen), lasted <= seen)
    at = np.searchsorted(found.days, 300) - 1
    assert found.share[at] == pytest.approx(np.exp(-300 / 400), abs=0.02)
    assert found.low[at] < np.exp(-300 / 400) < found.high[at]


def test_where_all_have_ended_the_interval_is_still_one() -> None:
    found = survival(np.array([1.0, 2, 3]), np.ones(3, bool))
    assert found.share[-1] == 0
    assert (found.low <= found.share).all()
    assert (found.share <= found.high).all()


def test_without_an_end_nothing_is_told() -> None:
    with pytest.raises(QuerenciaError, match="None of 2 contracts has ended"):
        survival(np.array([10.0, 20.0]), np.zeros(2, bool))


def test_contracts_last_from_the_first_purchase_to_their_end_or_to_now(
    make_store: Callable[..., Store],
) -> None:
    bought = pd.DataFrame(
        {
            "transaction_id": ["1", "2", "3", "4"],
            "customer_id": ["ended", "ended", "goes on", "ends later"],
            "occurred_at": pd.to_datetime(
                ["2024-01-01", "2024-01-20", "2024-01-11", "2024-01-21"], utc=True
            ),
            "amount": [10.0] * 4,
        }
    )
    customers = pd.DataFrame(
        {
            "customer_id": ["ended", "goes on", "ends later"],
            "contract_ends_at": pd.to_datetime(["2024-01-31", "NaT", "2024-12-31"], utc=True),
        }
    )
    store = make_store(bought, customers=customers)
    days, ended = durations(store.records(), datetime(2024, 2, 20, tzinfo=UTC))
    assert sorted(zip(days.tolist(), ended.tolist(), strict=True)) == [
        (30, False),
        (30, True),
        (40, False),
    ]
