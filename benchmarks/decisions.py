"""Who is made an offer: share of the attainable profit that each policy earns.

    python benchmarks/decisions.py [--quick]

On the simulated company, whose truth is known. Its records are read, a model is trained and all
customers are scored as the product does it; each policy then contacts a tenth of them at most. What
that brings in truth stands beside what the best tenth would bring. Past campaigns offered at
random: the shipped policy may learn from 2,000 contacts, or from 20,000.
"""

import os
import sys

os.environ |= {"OMP_WAIT_POLICY": "passive", "OPENBLAS_NUM_THREADS": "1"}
sys.path[0] += "/loop"  # not this folder, whose features.py is not the package

import argparse
import json
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import shop
from scipy import sparse, stats
from scipy.optimize import linprog

from features import company
from features.company import Effects
from features.settings import FeatureSettings
from serving.budget import Problem

CAPACITY = 0.1
DAY = 720


class Size(NamedTuple):
    """How much is simulated.

    Attributes:
        companies: Seeds of them.
        customers: Of each.
        campaigns: Days of the past ones.
        without: Past contacts where the offer does no good.
        features: Definitions.
    """

    companies: range
    customers: int
    campaigns: range
    without: int
    features: FeatureSettings


FULL = Size(range(5), 10_000, range(120, 601, 120), 20_000, FeatureSettings())
QUICK = Size(range(1), 3_000, range(60, 601, 35), 2_000, FeatureSettings(cutoffs=2))

POLICIES: Mapping[str, shop.Policy] = {
    "risk": shop.by_risk,
    "value": shop.by_value,
    "risk x value at stake": shop.by_stake,
    "risk x value": shop.by_risk_value,
    "fixed save rate": shop.fixed_gamma,
}
SHIPPED = "shipped"
WORLDS = {
    "default": Effects(),
    "useless offer": Effects.useless_offer(),
    "harmful offer": Effects.harmful_offer(),
}


class Result(NamedTuple):
    """What a policy's list comes to."""

    profit: float
    contacted: float
    driven_away: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one small company instead of five")
    size = QUICK if parser.parse_args().quick else FULL
    warnings.simplefilter("ignore")  # what the models warn of is in their evidence
    print(json.dumps(report(size)))


def report(size: Size) -> dict[str, float]:
    """Print the tables; returns the figures."""
    few, many = (
        [in_world(seed, contacts, size) for seed in size.companies] for contacts in (2_000, 20_000)
    )
    others = {
        name: [in_world(seed, size.without, size, name) for seed in size.companies]
        for name in WORLDS
        if name != "default"
    }
    print(f"{'':<34}{'share of attainable profit':>28}{'contacted':>11}{'driven away':>13}")
    shares = {name: line(name, few, few, name) for name in POLICIES}
    for contacts, runs in (("2,000", few), ("20,000", many)):
        shares[contacts] = line(f"{SHIPPED}, {contacts} past contacts", runs, runs, SHIPPED)
    lost = [line(f"{SHIPPED}, {name}", runs, many, SHIPPED) for name, runs in others.items()]
    gap = budget_gap()
    return {
        "share_risk": shares["risk"],
        "share_value": shares["value"],
        "share_risk_value": shares["risk x value"],
        "share_2000": shares["2,000"],
        "share_20000": shares["20,000"],
        "zero_effect_share": min(lost),
        "budget_gap": gap,
    }


def in_world(seed: int, contacts: int, size: Size, world: str = "default") -> dict[str, Result]:
    """Every policy's result, and the oracle's, on one company."""
    about: dict[str, Any] = {"customers": size.customers, "effects": WORLDS[world]}
    past = shop.randomised([*size.campaigns], contacts, seed, **about)
    seen = company.simulate(random_state=seed, until=DAY, campaigns=past, **about)
    scores = shop.scored(seen, DAY, features=size.features)
    truth = seen.truth.set_index("customer_id").loc[scores.index]
    profit = shop.true_profit(seen.truth).loc[scores.index].to_numpy()
    shy = (truth["is_driven_away"] & truth["left_at"].isna()).to_numpy()

    def result(worth: np.ndarray) -> Result:
        of = shop.chosen(worth, CAPACITY)
        return Result(profit[of].sum(), len(of) / len(profit), shy[of].sum() / shy.sum())

    policies = {**POLICIES, SHIPPED: shop.shipped}
    return {"oracle": result(profit)} | {
        name: result(policy(scores)) for name, policy in policies.items()
    }


def line(
    name: str,
    runs: Sequence[Mapping[str, Result]],
    attainable: Sequence[Mapping[str, Result]],
    policy: str,
) -> float:
    """Print a policy's share of the attainable profit; where nothing is, of what otherwise is."""
    share = [
        run[policy].profit / best["oracle"].profit
        for run, best in zip(runs, attainable, strict=True)
    ]
    mean, (low, high) = float(np.mean(share)), interval(share)
    contacted, driven = (np.mean([run[policy][part] for run in runs]) for part in (1, 2))
    shown = f"{mean:.1%} ({low:.1%} to {high:.1%})" if len(runs) > 1 else f"{mean:.1%}"
    print(f"{name:<34}{shown:>28}{contacted:>11.1%}{driven:>13.1%}", flush=True)
    return round(mean, 4)


def interval(share: Sequence[float]) -> tuple[float, float]:
    """Where the mean over companies lies, at 95 % (Student's t)."""
    if len(share) < 2:
        return float("nan"), float("nan")
    mean, sd = float(np.mean(share)), float(stats.sem(share))
    if not sd:
        return mean, mean
    low, high = stats.t.interval(0.95, len(share) - 1, mean, sd)
    return float(low), float(high)


def budget_gap(customers: int = 20_000, offers: int = 4) -> float:
    """Share of the bound of the linear relaxation that the budget's choice stays below."""
    rng = np.random.default_rng(0)
    cost = rng.uniform(1, 15, (customers, offers))
    profit = rng.gamma(1, 60, (customers, 1)) * rng.beta(2, 6, (customers, offers)) - cost
    budget, contacts = 0.1 * cost.mean() * customers, customers // 10
    problem = Problem(profit, cost, contacts)
    earned = problem.earned(problem.choose(budget).offer)
    return 1 - earned / bound(profit, cost, budget, contacts)


def bound(profit: np.ndarray, cost: np.ndarray, budget: float, contacts: int) -> float:
    """The most that could be earned, were customers divisible."""
    customers, offers = profit.shape
    one_each = sparse.kron(sparse.eye(customers), np.ones(offers))
    limits = sparse.vstack(
        [one_each, *map(sparse.csr_matrix, (cost.reshape(1, -1), np.ones((1, profit.size))))], "csr"
    )
    most = np.append(np.ones(customers), [budget, contacts])
    found = linprog(-profit.ravel(), A_ub=limits, b_ub=most, bounds=(0, 1), method="highs")
    assert found.fun is not None, found.message
    return -found.fun


if __name__ == "__main__":
    main()
