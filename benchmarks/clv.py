"""Fits, expected purchases and customer lifetime value: Querencia beside `lifetimes`.

    python benchmarks/clv.py [--quick]

Customers are simulated from the parameters published for CDNOW, to whole days. Both sides run in
this process, on one thread, and CPU time is compared: the best of a few for what is quick. The
parameters of the Pareto/NBD are compared with those where `lifetimes` ends when it goes on from
where it stopped, for its own tolerance of 1e-4 is too wide for that.
"""

import os
import sys

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
sys.path.pop(0)  # this folder, whose features.py is not the package

import argparse
import json
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from features.errors import QuerenciaError
from training._lifetimes import BetaGeoFitter, ParetoNBDFitter
from training.btyd import PurchaseModel
from training.purchases.histories import Histories
from training.spend import SpendModel
from training.value import ValueModel

DAYS = 365
BG: dict[str, Any] = {"r": 0.243, "alpha": 30.9, "a": 0.793, "b": 2.426}
PARETO: dict[str, Any] = {"r": 0.553, "alpha": 74.0, "s": 0.606, "beta": 81.7}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}

History = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Frequency, recency and T of each customer."""


class Sizes(NamedTuple):
    bg: int
    pareto: int
    value: int
    sets: int


FULL, QUICK = Sizes(1_000_000, 100_000, 1_000_000, 162), Sizes(200_000, 20_000, 200_000, 30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer customers")
    warnings.simplefilter("ignore")  # lifetimes steps where its logarithms are not defined
    print(json.dumps(report(QUICK if parser.parse_args().quick else FULL)))


def report(sizes: Sizes) -> dict[str, float]:
    """Print the table; returns the figures."""
    print(f"{'':<36}{'customers':>10}{'CPU s':>9}{'lifetimes':>11}{'faster':>8}{'difference':>12}")
    bg = fits("BG/NBD", "bg_nbd", BetaGeoFitter, simulated(sizes.bg, **BG), best_of=3)
    pareto = fits("Pareto/NBD", "pareto_nbd", ParetoNBDFitter, simulated(sizes.pareto, **PARETO))
    purchases, value = values(simulated(sizes.value, **BG))
    failed = [not fitted(*one) for one in sets(sizes.sets)]
    print(f"\n{sum(failed)} of {len(failed)} fits to small simulated sets failed")
    return {
        "bgnbd_vs_lifetimes": bg["faster"],
        "paretonbd_vs_lifetimes": pareto["faster"],
        "purchases_vs_lifetimes": purchases["faster"],
        "clv_vs_lifetimes": value["faster"],
        "max_rel_param_difference": max(bg["difference"], pareto["difference"]),
        "failed_fits": sum(failed),
    }


def fits(name: str, kind: Any, fitter: Any, history: History, best_of: int = 1) -> dict[str, float]:
    np.random.seed(0)  # lifetimes draws its start from it
    theirs, cpu = cpu_of(lambda: fitter().fit(*history), best_of)
    ours, own = cpu_of(lambda: PurchaseModel(kind).fit(*history), 3)
    exact = finished(theirs, history) if kind == "pareto_nbd" else theirs.params_
    apart = max(abs(ours.params_[p] / exact[p] - 1) for p in exact.index)
    return line(f"{name}, fit", history[0].size, own, cpu, apart)


def finished(fitter: Any, history: History) -> pd.Series:
    """Where its simplex ends that goes on from where it stopped, at a tolerance of 1e-9."""
    rows, _ = Histories.of(*history).distinct()
    start = fitter.params_ / [1, history[2].max(), 1, history[2].max()]
    columns = rows.x, rows.t_x, rows.T, rows.counts
    again = ParetoNBDFitter().fit(*columns, initial_params=start.to_numpy(), tol=1e-9)
    params: pd.Series = again.params_
    return params


def values(history: History) -> tuple[dict[str, float], dict[str, float]]:
    """Purchases in a year and value over it, both with the same parameters."""
    size = history[0].size
    state = {"kind": "bg_nbd", "random_state": 0, "params": BG, "log_likelihood": 0.0}
    purchases = PurchaseModel.from_dict(state)
    fitter = purchases.fitter_
    spend = SpendModel.from_dict({"params": SPEND, "mean_spend": 35.0})
    model = ValueModel(
        purchases, spend, margin_rate=1, discount_rate=0.1, value_horizon_days=12 * 30
    )
    x, t_x, T = (pd.Series(column) for column in history)
    monetary = pd.Series(np.random.default_rng(1).gamma(4, 9, size)).where(x > 0, 0)

    predict = fitter.conditional_expected_number_of_purchases_up_to_time
    theirs, cpu = cpu_of(lambda: predict(360, x, t_x, T), 3)
    ours, own = cpu_of(lambda: purchases.expected_purchases(360, *history), 3)
    bought = line("purchases in a year", size, own, cpu, float(np.nanmax(abs(ours / theirs - 1))))

    fitter.predict = predict
    clv = spend.fitter_.customer_lifetime_value
    theirs, cpu = cpu_of(
        lambda: clv(fitter, x, t_x, T, monetary, time=12, discount_rate=np.expm1(0.1 / 12))
    )
    ours, own = cpu_of(lambda: model.value(*history, monetary), 3)
    apart = float(np.nanmax(abs(ours / theirs - 1)))  # theirs is discounted at the ends of months
    return bought, line("value over a year (theirs: monthly)", size, own, cpu, apart)


def cpu_of(job: Callable[[], Any], best_of: int = 1) -> tuple[Any, float]:
    times = []
    for _ in range(best_of):
        start = time.process_time()
        result = job()
        times.append(time.process_time() - start)
    return result, min(times)


def line(name: str, size: int, own: float, theirs: float, apart: float) -> dict[str, float]:
    faster = theirs / own
    print(
        f"{name:<36}{size:>10,}{own:>9.2f}{theirs:>11.2f}{faster:>8.1f}{apart:>12.0e}", flush=True
    )
    return {"faster": round(faster, 1), "difference": apart}


def simulated(
    size: int,
    *,
    r: float,
    alpha: float,
    a: float | None = None,
    b: float | None = None,
    s: float | None = None,
    beta: float | None = None,
    seed: int = 0,
) -> History:
    """Frequency, recency and T of customers who leave by a chance (a, b) or a hazard (s, beta)."""
    rng = np.random.default_rng(seed)
    tiny = 1e-300
    rate = np.maximum(rng.gamma(r, 1 / alpha, size), tiny)
    T = rng.integers(1, DAYS + 1, size).astype(float)
    chance = np.zeros(size) if a is None or b is None else rng.beta(a, b, size)
    hazard = np.full(size, tiny)
    if s is not None and beta is not None:
        hazard = np.maximum(rng.gamma(s, 1 / beta, size), tiny)
    end = np.minimum(T, rng.exponential(1 / hazard))
    x, t_x, t, here = np.zeros(size), np.zeros(size), np.zeros(size), np.arange(size)
    while here.size:
        t[here] += rng.exponential(1 / rate[here])
        here = here[t[here] <= end[here]]
        day = np.ceil(t[here])
        x[here] += day > t_x[here]
        t_x[here] = day
        here = here[rng.random(here.size) >= chance[here]]
    return x, t_x, T


def sets(count: int) -> list[tuple[str, History]]:
    """Populations of 100 to 1,000 customers, each kind of leaving, each kind of model."""
    rng = np.random.default_rng(0)
    kinds = ("pareto_nbd", "bg_nbd", "mbg_nbd")
    made = []
    for seed in range(count // len(kinds)):
        rates = {"r": rng.uniform(0.2, 3), "alpha": rng.uniform(10, 150)}
        leaving = [("a", "b"), ("s", "beta")][seed % 2]
        scale = rng.uniform(1, 10) if seed % 2 == 0 else rng.uniform(20, 500)
        rates |= dict(zip(leaving, (rng.uniform(0.2, 3), scale), strict=True))
        history = simulated(int(rng.integers(100, 1_001)), **rates, seed=seed)
        made += [(kind, history) for kind in kinds]
    return made


def fitted(kind: Any, history: History) -> bool:
    """Whether a fit settles, and no other start finds anything likelier by 1/1000."""
    try:
        found, other = (PurchaseModel(kind, random_state=i).fit(*history) for i in (0, 1))
    except QuerenciaError:
        return False
    return other.log_likelihood_ - found.log_likelihood_ < 1e-3


if __name__ == "__main__":
    main()
