"""Two years of campaigns: a policy that learns from them, one that never does, and no campaign.

    python benchmarks/campaigns.py [--quick] [--plot FILE]

The simulated company flags customers every 120 days, each time with a model trained on what it has
by then: its own offers, those held out and what came of them included. All companies share their
customers' luck, and four campaigns at random in the first year with half as many contacts as there
are customers, so that they differ by what the later offers do alone. What is counted is realised:
margin of the purchases made, less the offers.
"""

import os
import sys

os.environ |= {"OMP_WAIT_POLICY": "passive", "OPENBLAS_NUM_THREADS": "1"}
sys.path[0] += "/loop"  # not this folder, whose features.py is not the package

import argparse
import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import shop
from matplotlib.figure import Figure

from features import company
from features.company import Campaign
from features.offers import CONTROL

FIRST, EVERY, DAYS = 365, 120, 365 + 730
EARLY = range(120, 301, 60)
FLAGS = range(FIRST, DAYS - EVERY // 2, EVERY)
CAPACITY, HELD_OUT = 0.1, 0.05
POLICIES: Mapping[str, shop.Policy] = {"learns": shop.shipped, "never learns": shop.fixed_gamma}
INK, SOFT = "#1f4e5f", "#7d929c"
STYLES: Mapping[str, Mapping[str, Any]] = {
    "learns": {"color": INK},
    "never learns": {"color": SOFT, "linestyle": "--"},
}

Lines = Mapping[str, np.ndarray]
"""Profit beyond that without campaigns by day, shape (companies, days), by policy."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one small company instead of two")
    parser.add_argument("--plot", type=Path, help="write the picture here")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")  # what the models warn of is in their evidence
    seeds, customers = (range(1), 1_500) if asked.quick else (range(2), 2_000)
    found = [in_world(seed, customers) for seed in seeds]
    lines = {name: np.array([each[name] for each in found]) for name in POLICIES}
    if asked.plot:
        picture(lines, customers).savefig(asked.plot, dpi=80, metadata={"Software": None})
    print(json.dumps(report(lines)))


def report(lines: Lines) -> dict[str, float]:
    """Print the table; returns the figures."""
    ends = [*range(EVERY, len(FLAGS) * EVERY, EVERY), DAYS - FIRST]
    print("profit beyond that without campaigns, days after the first")
    print(f"{'':<16}" + "".join(f"{day:>10}" for day in ends))
    for name, profits in lines.items():
        shown = (f"{profit:>10,.0f}" for profit in profits.mean(axis=0)[np.array(ends) - 1])
        print(f"{name:<16}" + "".join(shown), flush=True)
    return {
        f"realised_{name.replace(' ', '_')}": round(float(profits[:, -1].mean()), 2)
        for name, profits in lines.items()
    }


def in_world(seed: int, customers: int) -> dict[str, np.ndarray]:
    """Each policy's profit by day, beyond that of the company without its campaigns."""
    about = {"customers": customers, "days": DAYS}
    early = shop.randomised([*EARLY], customers // 2, seed, **about)
    without = realised(early, seed, about)
    return {
        name: realised(early + flagged(policy, early, seed, about), seed, about) - without
        for name, policy in POLICIES.items()
    }


def flagged(
    policy: shop.Policy, early: list[Campaign], seed: int, about: Mapping[str, Any]
) -> list[Campaign]:
    """Flag, wait for what comes, train again, flag again."""
    made: list[Campaign] = []
    for day in FLAGS:
        seen = company.simulate(random_state=seed, until=day, campaigns=early + made, **about)
        scores = shop.scored(seen, day)
        ids = scores.index[shop.chosen(policy(scores), CAPACITY)].to_numpy(object)
        held_out = np.random.default_rng([seed, day]).random(len(ids)) < HELD_OUT
        arm = np.where(held_out, CONTROL, shop.OFFER).astype(object)
        made.append(Campaign(day, ids, arm, np.where(held_out, HELD_OUT, 1 - HELD_OUT)))
    return made


def realised(campaigns: list[Campaign], seed: int, about: Mapping[str, Any]) -> np.ndarray:
    """Margin less offers since the first flag, added up by day."""
    tables = company.simulate(random_state=seed, campaigns=campaigns, **about).tables
    margin = by_day(tables["transactions"], "occurred_at", "margin")
    return np.cumsum(margin - by_day(tables["offers"], "decided_at", "cost"))


def by_day(rows: Any, time: str, amount: str) -> np.ndarray:
    day = (rows[time] - shop.START).dt.days.to_numpy()
    return np.bincount(day, rows[amount], minlength=DAYS)[FIRST:]


def picture(lines: Lines, customers: int) -> Figure:
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.axhline(0, color="black", linewidth=0.8)
    for name, profits in lines.items():
        axes.plot(profits.mean(axis=0), label=name, **STYLES[name])
        axes.plot(profits.T, linewidth=0.4, **STYLES[name])
    for flag in FLAGS:
        axes.axvline(flag - FIRST, color="#dddddd", linewidth=0.8, zorder=0)
    axes.set_xlabel("days since the first list; a grey line is another list")
    axes.set_ylabel("profit beyond no campaign, EUR")
    axes.set_title(f"{customers:,} customers; thin: each company, bold: their mean", fontsize=10)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    main()
