from dataclasses import astuple

import numpy as np
import pytest

from training.purchases import fitting
from training.purchases.fitting import PROCESSES, fit
from training.purchases.histories import Histories
from training.purchases.regular import RegularBetaGeometric


def simulated(n, *, r, alpha, leaving, days=365, k=1, seed=0):
    """Customers who leave by a hazard (`hazard`) or by a chance after a purchase (`chance`)."""
    rng = np.random.default_rng(seed)
    kind, first, second = leaving
    rate = rng.gamma(r, 1 / alpha, n)[:, None]
    times = np.cumsum(rng.gamma(k, 1 / np.maximum(rate, 1e-12), (n, 80)), axis=1)
    T = rng.integers(days // 4, days + 1, n).astype(float)
    if kind == "hazard":
        until = rng.exponential(1 / np.maximum(rng.gamma(first, 1 / second, n), 1e-12))
        bought = times <= np.minimum(T, until)[:, None]
    else:
        stays = rng.geometric(rng.beta(first, second, n))
        bought = (times <= T[:, None]) & (np.arange(80) + 1 < stays[:, None])
    x, t_x = bought.sum(axis=1), np.ceil(np.max(times * bought, axis=1))
    return Histories.of(x, np.minimum(t_x, T), T).distinct()[0]


LEAVING = [("hazard", 0.6, 80), ("hazard", 2, 900), ("chance", 0.8, 2.4), ("chance", 2, 30)]


@pytest.mark.parametrize("kind", PROCESSES)
@pytest.mark.parametrize("leaving", LEAVING)
def test_settles_on_simulated_customers_whatever_moves_them(kind, leaving):
    for seed in range(2):
        rows = simulated(400, r=0.7, alpha=40, leaving=leaving, seed=seed)
        found = fit(kind, rows, random_state=0)
        other = fit(kind, rows, random_state=1)
        assert np.isfinite(astuple(found)).all()
        likeliest = found.log_likelihood(rows)
        assert other.log_likelihood(rows) == pytest.approx(likeliest, abs=1e-3)


@pytest.mark.parametrize("kind", ["pareto_nbd", "bg_nbd", "mbg_nbd"])
def test_polishing_a_sample_finds_what_searching_among_all_finds(kind, monkeypatch):
    rows = simulated(30_000, r=0.7, alpha=40, leaving=("hazard", 0.6, 80))
    monkeypatch.setattr(fitting, "_SAMPLE", rows.x.size)
    among_all = fit(kind, rows, random_state=0)
    monkeypatch.setattr(fitting, "_SAMPLE", 1_000)
    polished = fit(kind, rows, random_state=0)
    assert astuple(polished) == pytest.approx(astuple(among_all), rel=1e-4)


def test_a_sample_in_which_nobody_seems_to_leave_does_not_hold_up_the_rest(monkeypatch):
    rows = simulated(8_000, r=2, alpha=40, leaving=("hazard", 1, 1e9))
    monkeypatch.setattr(fitting, "_SAMPLE", rows.x.size)
    among_all = fit("pareto_nbd", rows, random_state=0).log_likelihood(rows)
    monkeypatch.setattr(fitting, "_SAMPLE", 500)
    polished = fit("pareto_nbd", rows, random_state=0).log_likelihood(rows)
    assert polished == pytest.approx(among_all, abs=1e-3)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_stages_of_a_rhythm_are_found(k):
    rows = simulated(8_000, r=2, alpha=20 / k, leaving=("chance", 1, 6), k=k)
    found = fit("mbg_cnbd_k", rows, random_state=0)
    assert isinstance(found, RegularBetaGeometric)
    assert found.k == k
