"""Who is made an offer: share of the attainable profit that each policy earns.

    python benchmarks/decisions.py [--quick]

On the simulated company, whose truth is known. Its records are read, a model is trained and all
customers are scored as the product does it; each policy then contacts a tenth of them at most. What
that brings in truth stands beside what the best tenth would bring. Past campaigns offered at
random: the shipped policy may learn from 2,000 contacts, or from 20,000. First a shop, where those
who left long ago look like those who are silent; then the same company with subscriptions, which is
told who has left. The bound is a policy that knows the truth of each customer, but for who is
driven away: that is drawn by chance.
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
from features.provenance import ChurnDefinition
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
SHIPPED, BOUND = "shipped", "knows all but who is driven away"
SETTINGS: Mapping[ChurnDefinition, str] = {"inactivity": "", "contract": "contract_"}
"""How it is told who has left, and what the figures' names begin with."""
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
    figures: dict[str, float] = {}
    for churn, prefix in SETTINGS.items():
        print(f"\n{'churn by ' + churn:<34}{'share of attainable profit':>28}", end="")
        print(f"{'contacted':>11}{'driven away':>13}")
        few, many = (runs(size, contacts, churn=churn) for contacts in (2_000, 20_000))
        figures |= {prefix + name: share for name, share in told(few, many).items()}
        if churn == "inactivity":
            figures["zero_effect_share"] = min(without(size, many))
    return {**figures, "budget_gap": budget_gap()}


def runs(
    size: Size,
    contacts: int,
    world: str = "default",
    *,
    churn: ChurnDefinition = "inactivity",
) -> list[dict[str, Result]]:
    return [in_world(seed, contacts, size, world, churn=churn) for seed in size.companies]


def told(
    few: Sequence[Mapping[str, Result]], many: Sequence[Mapping[str, Result]]
) -> dict[str, float]:
    """Print the policies' lines; returns their shares, and that of the driven away contacted."""
    risk, value, _, risk_value, _ = (line(name, few, few, name) for name in POLICIES)
    return {
        "share_risk": risk,
        "share_value": value,
        "share_risk_value": risk_value,
        "share_2000": line(f"{SHIPPED}, 2,000 past contacts", few, few, SHIPPED),
        "share_20000": line(f"{SHIPPED}, 20,000 past contacts", many, many, SHIPPED),
        "share_bound": line(BOUND, many, many, BOUND),
        "driven_20000": driven(many, SHIPPED),
        "driven_bound": driven(many, BOUND),
    }


def without(size: Size, attainable: Sequence[Mapping[str, Result]]) -> list[float]:
    """Print what the shipped policy makes of offers that do no good; returns the shares."""
    return [
        line(f"{SHIPPED}, {world}", runs(size, size.without, world), attainable, SHIPPED)
        for world in WORLDS
        if world != "default"
    ]


def driven(runs: Sequence[Mapping[str, Result]], policy: str) -> float:
    """Share of those whom an offer drives away that is contacted."""
    return round(float(np.mean([run[policy].driven_away for run in runs])), 4)


def in_world(
    seed: int, contacts: int, size: Size, world: str, *, churn: ChurnDefinition
) -> dict[str, Result]:
    """Every policy's result, and the oracle's, on one company."""
    about: dict[str, Any] = {"customers": size.customers, "effects": WORLDS[world]}
    past = shop.randomised([*size.campaigns], contacts, seed, **about)
    seen = company.simulate(random_state=seed, until=DAY, campaigns=past, **about)
    seen = shop.subscriptions(seen) if churn == "contract" else seen
    scores = shop.scored(seen, DAY, features=size.features.model_copy(update={"churn": churn}))
    truth = seen.truth.set_index("customer_id").loc[scores.index]
    profit = shop.true_profit(seen.truth).loc[scores.index].to_numpy()
    shy = (truth["is_driven_away"] & truth["left_at"].isna()).to_numpy()

    def result(worth: np.ndarray) -> Result:
        of = shop.chosen(worth, CAPACITY)
        return Result(profit[of].sum(), len(of) / len(profit), shy[of].sum() / shy.sum())

    policies = {**POLICIES, SHIPPED: shop.shipped}
    known = {"oracle": profit, BOUND: shop.knowable_profit(truth, WORLDS[world])}
    return {name: result(worth) for name, worth in known.items()} | {
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
    contacted = np.mean([run[policy].contacted for run in runs])
    shown = f"{mean:.1%} ({low:.1%} to {high:.1%})" if len(runs) > 1 else f"{mean:.1%}"
    print(f"{name:<34}{shown:>28}{contacted:>11.1%}{driven(runs, policy):>13.1%}", flush=True)
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
