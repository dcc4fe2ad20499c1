"""Who left, told by the silence that followed: beside customers who leave as the process says."""

from dataclasses import replace

import numpy as np
import pytest

from features.snapshot import Snapshot
from training.btyd import PurchaseModel
from training.leaving import leaves_within, left_by

DAYS, HORIZON, WATCHED = 300, 90, 480
ORIGIN = np.datetime64("2024-01-01", "us")


@pytest.fixture(scope="module")
def process(later: Snapshot) -> PurchaseModel:
    """A Pareto/NBD of parameters known, so that customers can be drawn from it."""
    state = PurchaseModel("pareto_nbd").fit(*later.history).to_dict()
    return PurchaseModel.from_dict(
        state | {"params": {"r": 1.2, "alpha": 40.0, "s": 1.5, "beta": 300.0}}
    )


def lives(process: PurchaseModel, later: Snapshot) -> tuple[Snapshot, Snapshot, np.ndarray]:
    """Histories as of a day, and at the end of the records, and when each customer left."""
    rng = np.random.default_rng(0)
    p, size = process.params_, 20_000
    rate = rng.gamma(p["r"], 1 / p["alpha"], size)
    left = rng.exponential(1 / rng.gamma(p["s"], 1 / p["beta"], size))
    gaps = rng.exponential(1, (size, 200)) / rate[:, None]
    times = np.cumsum(gaps, axis=1)
    times = np.where(times < left[:, None], times, np.inf)
    assert (times[:, -1] > WATCHED).mean() > 0.999

    def seen(day: float) -> Snapshot:
        bought = times < day
        columns = {
            "frequency": bought.sum(axis=1).astype(float),
            "recency": np.where(bought, times, 0).max(axis=1),
            "T": np.full(size, float(day)),
        }
        at = np.full(size, ORIGIN + np.timedelta64(int(day), "D"))
        ids = np.array([f"{number:06d}" for number in range(size)], dtype=object)
        return replace(
            later, ids=ids, customer=np.arange(size), instants=at, columns=columns, names=()
        )

    return seen(DAYS), seen(WATCHED), left


def test_the_chance_of_having_left_is_calibrated_by_what_came_after(
    process: PurchaseModel, later: Snapshot
) -> None:
    rows, known, left = lives(process, later)
    for days in (0, HORIZON):
        told = left_by(process, rows, known, days=days)
        gone = left < DAYS + days
        assert told.mean() == pytest.approx(gone.mean(), abs=0.01)
        for low, high in ((0.02, 0.3), (0.3, 0.7), (0.7, 0.99)):
            of = (told > low) & (told <= high)
            assert told[of].mean() == pytest.approx(gone[of].mean(), abs=0.04)


def test_who_leaves_within_the_horizon_is_told_in_the_mean(
    process: PurchaseModel, later: Snapshot
) -> None:
    rows, known, left = lives(process, later)
    told = leaves_within(process, rows, known, days=HORIZON)
    within = (left >= DAYS) & (left < DAYS + HORIZON)
    assert told.mean() == pytest.approx(within.mean(), abs=0.01)
    assert np.corrcoef(told, within)[0, 1] > 0.4


def test_whoever_bought_since_had_not_left(process: PurchaseModel, later: Snapshot) -> None:
    rows, known, _ = lives(process, later)
    back = known.columns["recency"] > DAYS
    told = left_by(process, rows, known, days=0)
    assert back.any()
    assert (told[back] == 0).all()
    assert (told[~back] > 0).all()


def test_known_at_once_it_is_what_the_process_says(process: PurchaseModel, later: Snapshot) -> None:
    rows, _, _ = lives(process, later)
    told = left_by(process, rows, rows, days=0)
    assert told == pytest.approx(1 - process.p_alive(*rows.history))


def test_customers_are_found_in_any_order(process: PurchaseModel, later: Snapshot) -> None:
    rows, known, _ = lives(process, later)
    mixed = np.random.default_rng(1).permutation(len(known))
    told = left_by(process, rows, known, days=HORIZON)
    assert left_by(process, rows, known.select(mixed), days=HORIZON) == pytest.approx(told)
