"""A whole retraining and scoring by step, beside pandas, `lifetimes` and xgboost's defaults.

    python benchmarks/retraining.py [--quick] [--customers N] [--plot FILE]

Customers buy by a Pareto/NBD process over three years, ten times each in the mean, and spend by
Gamma-Gamma. Querencia reads the file, trains, judges, registers, promotes, scores all; then
another day comes, and a run that need not train appends it and scores. The script beside it does
what such scripts do with the same file at the same cut-offs: group-bys, `BetaGeoFitter`,
`GammaGammaFitter` and `XGBClassifier()`, judged on the same later period, scoring everybody; no
rehearsals, calibration, intervals, reasons or registry. Each size is measured in a process of its
own; CPU seconds without imports.

- `vs_pandas_lifetimes`: CPU of the script over that of Querencia, at the largest size of both.
- `linear_exponent`: e of cost = c * customers ** e, over all sizes but the smallest: 1 is linear.
- `incremental_share`: CPU of the day without a training over that of the whole.
"""

import os
import sys

os.environ |= {"OMP_WAIT_POLICY": "passive", "MLFLOW_DISABLE_TELEMETRY": "true"}
sys.path.pop(0)  # this folder, whose features.py is not the package

import argparse
import json
import subprocess
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any

import numpy as np
import pandas as pd

BEGIN, DAYS, HORIZON, CUTOFFS = pd.Timestamp("2022-01-01", tz="UTC"), 1_096, 90, 12
PIECE = 100_000
WINDOWS = (30, 90, 180, 365)
PEERS_UP_TO = 100_000
"""Customers up to which the script is measured beside."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="2,000 and 6,000 customers")
    parser.add_argument("--customers", type=int, default=1_000_000, help="of the largest company")
    parser.add_argument("--plot", type=Path, help="write the picture here")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")  # what the models warn of is in their evidence
    if asked.measure:
        engine, folder = asked.measure
        print(json.dumps({"ours": ours, "script": script}[engine](Path(folder))))
        return
    largest = 6_000 if asked.quick else asked.customers
    smallest = 2_000 if asked.quick else 10_000
    sizes = [s for s in (smallest, 10_000, 30_000, 100_000, 300_000) if smallest <= s < largest]
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(report(Path(folder), [*dict.fromkeys([*sizes, largest])], asked.plot)))


Figures = Mapping[str, float]
"""CPU seconds by step, and `peak_gb`."""


def report(folder: Path, sizes: list[int], plot: Path | None) -> dict[str, float]:
    """Print the tables; returns the figures."""
    own: dict[int, Figures] = {}
    peers: dict[int, Figures] = {}
    for size in sizes:
        place = folder / str(size)
        purchases = make(place, size)
        own[size] = measured("ours", place)
        table(f"querencia, {size:,} customers, {purchases:,} purchases", own[size])
        if size <= PEERS_UP_TO:
            peers[size] = measured("script", place)
            table("pandas, lifetimes, xgboost's defaults", peers[size])
    if plot:
        picture(own, peers).savefig(plot, dpi=80, metadata={"Software": None})
    both = max(peers)
    last = own[sizes[-1]]
    fitted = sizes[1:] if len(sizes) > 2 else sizes
    slope = np.polyfit(np.log(fitted), np.log([whole(own[size]) for size in fitted]), 1)[0]
    return {
        "customers": sizes[-1],
        "cpu_s": round(whole(last), 1),
        "peak_gb": round(last["peak_gb"], 2),
        "vs_pandas_lifetimes": round(whole(peers[both]) / whole(own[both]), 3),
        "compared_at": both,
        "linear_exponent": round(float(slope), 3),
        "incremental_share": round(daily(last) / whole(last), 3),
    }


def whole(figures: Figures) -> float:
    return sum(
        cpu for step, cpu in figures.items() if not step.startswith(("a day", "peak", "wall"))
    )


def daily(figures: Figures) -> float:
    return sum(cpu for step, cpu in figures.items() if step.startswith("a day"))


def table(name: str, figures: Figures) -> None:
    print(f"\n{name}")
    for step, cpu in figures.items():
        if not step.startswith(("peak", "wall")):
            print(f"  {step:<58}{cpu:>9.1f} CPU s")
    print(f"  {'all of it but the day':<58}{whole(figures):>9.1f} CPU s", end="")
    print(f", {figures['wall_s']:.0f} s wall, peak {figures['peak_gb']:.2f} GB", flush=True)


def measured(engine: str, folder: Path) -> Figures:
    command = [sys.executable, __file__, "--measure", engine, str(folder)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    figures: Figures = json.loads(answer.stdout.splitlines()[-1])
    return figures


class Steps:
    """CPU seconds by step; a step goes on until the next one is told."""

    def __init__(self) -> None:
        self.figures: dict[str, float] = {}
        self._began = _cpu()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = _cpu()
        yield
        self.figures[name] = _cpu() - began

    @contextmanager
    def steps(self, first: str) -> Iterator[Any]:
        """A function that ends one step and begins another."""
        now, began = first, _cpu()

        def say(name: str) -> None:
            nonlocal now, began
            self.figures[now] = self.figures.get(now, 0.0) + _cpu() - began
            now, began = f"train: {' '.join(w for w in name.split() if not w[0].isdigit())}", _cpu()

        yield say
        say("")

    def told(self, wall: float) -> Figures:
        peak = max(getrusage(who).ru_maxrss for who in (RUSAGE_SELF, RUSAGE_CHILDREN))
        return {**self.figures, "wall_s": wall, "peak_gb": peak / 2**20}


def _cpu() -> float:
    return sum(
        use.ru_utime + use.ru_stime for use in (getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN))
    )


# The company


def make(folder: Path, customers: int) -> int:
    """Write the purchases until the last day, and those of that day; returns how many."""
    folder.mkdir()
    pieces = [(first, min(PIECE, customers - first)) for first in range(0, customers, PIECE)]
    rows = pd.concat([_piece(first, size) for first, size in pieces], ignore_index=True)
    rows.insert(0, "transaction_id", np.arange(len(rows)).astype("U"))
    last = rows["occurred_at"] >= BEGIN + pd.Timedelta(days=DAYS - 1)
    rows[~last].to_parquet(folder / "sales.parquet", index=False)
    rows[last].to_parquet(folder / "day.parquet", index=False)
    return len(rows)


def _piece(first: int, customers: int) -> pd.DataFrame:
    rng = np.random.default_rng(first)
    joined = rng.uniform(0, DAYS - 30, customers)
    stays = np.minimum(rng.exponential(1 / rng.gamma(0.8, 1 / 250, customers)), DAYS - joined)
    more = rng.poisson(rng.gamma(0.7, 1 / 18, customers) * stays)
    who = np.repeat(np.arange(customers), more + 1)
    day = joined[who] + rng.random(who.size) * stays[who]
    day[np.cumsum(more + 1) - more - 1] = joined
    mean = 1 / rng.gamma(4, 1 / 120, customers)
    amount = np.maximum(rng.gamma(3, mean[who] * 4), 0.01).round(2)
    at = BEGIN + pd.to_timedelta((day * 86_400).astype(np.int64), unit="s")
    ids = np.char.add("C", np.char.zfill((first + who).astype("U"), 8))
    rows = pd.DataFrame({"customer_id": ids, "occurred_at": at, "amount": amount})
    return rows.sort_values("occurred_at", ignore_index=True)


# The engines


def ours(folder: Path) -> Figures:
    import mlflow.store.tracking.sqlalchemy_store  # noqa: F401 - imports are not measured
    import xgboost  # noqa: F401

    from querencia import jobs
    from serving.settings import Settings

    settings = Settings.model_construct(data=folder / "data", store=folder / "mlruns")
    steps, began = Steps(), datetime.now()
    with steps.step("read"):
        jobs.check(settings, {"transactions": folder / "sales.parquet"}, lambda _: None)
    with steps.steps("train: opening") as say:
        jobs.train(settings, say)
    with steps.step("score"):
        jobs.score(settings, lambda _: None)
    wall = (datetime.now() - began) / timedelta(seconds=1)
    with steps.step("a day: append"):
        jobs.check(settings, {"transactions": folder / "day.parquet"}, lambda _: None, append=True)
    with steps.step("a day: score"):
        jobs.score(settings, lambda _: None)
    return steps.told(wall)


def script(folder: Path) -> Figures:
    """What such scripts do; every step as their users write it, in whole columns."""
    from lifetimes import BetaGeoFitter, GammaGammaFitter
    from sklearn.metrics import log_loss, roc_auc_score
    from xgboost import XGBClassifier

    steps, began = Steps(), datetime.now()
    with steps.step("read"):
        sales = pd.read_parquet(folder / "sales.parquet")
        sales["customer_id"] = sales["customer_id"].astype("category")
    end = sales["occurred_at"].max().normalize() + pd.Timedelta(days=1)
    evaluation = (end - pd.Timedelta(days=HORIZON)).replace(day=1)
    last = (evaluation - pd.Timedelta(days=HORIZON)).replace(day=1)
    cutoffs = pd.date_range(end=last, periods=CUTOFFS, freq="MS")
    with steps.step(f"features of every customer at {CUTOFFS + 1} cut-offs"):
        past = pd.concat([_features(sales, cutoff) for cutoff in cutoffs])
        later = _features(sales, evaluation)
    names = [name for name in past if name != "churned"]
    with steps.step("lifetimes: BG/NBD and Gamma-Gamma"):
        process = _converged(BetaGeoFitter, later["frequency"], later["recency"], later["T"])
        repeat = later[(later["frequency"] > 0) & (later["monetary_value"] > 0)]
        spend = _converged(GammaGammaFitter, repeat["frequency"], repeat["monetary_value"])
    with steps.step("XGBClassifier()"):
        model = XGBClassifier().fit(past[names], past["churned"])
    with steps.step("judge"):
        risk = model.predict_proba(later[names])[:, 1]
        judged = roc_auc_score(later["churned"], risk), log_loss(later["churned"], risk)
    with steps.step("score"):
        rows = _features(sales, end)
        rows["risk"] = model.predict_proba(rows[names])[:, 1]
        history = rows["frequency"], rows["recency"], rows["T"]
        rows["purchases"] = process.conditional_expected_number_of_purchases_up_to_time(
            HORIZON, *history
        )
        rows["value"] = spend.customer_lifetime_value(
            process, *history, rows["monetary_value"].clip(lower=0.01), time=12, freq="D"
        )
        rows.to_parquet(folder / "scores.parquet")
    print(f"AUC {judged[0]:.4f}, log loss {judged[1]:.4f}")
    return steps.told((datetime.now() - began) / timedelta(seconds=1))


def _converged(fitter: Any, *columns: pd.Series) -> Any:
    """Fit with the penalties that its makers recommend, until one converges."""
    from lifetimes.utils import ConvergenceError

    for penalty in (0.001, 0.01, 0.1, 1.0):
        try:
            return fitter(penalizer_coef=penalty).fit(*columns)
        except ConvergenceError:
            print(f"{fitter.__name__} does not converge with penalty {penalty}")
    raise SystemExit("lifetimes does not converge")


def _features(sales: pd.DataFrame, cutoff: pd.Timestamp) -> pd.DataFrame:
    """Frequency, recency, T, monetary value, windows, and who did not buy in the horizon."""
    before = sales[sales["occurred_at"] < cutoff]
    day = before["occurred_at"].dt.normalize()
    by_day = before.assign(day=day).groupby(["customer_id", "day"], observed=True)
    daily = by_day["amount"].sum().reset_index()
    grouped = daily.groupby("customer_id", observed=True)
    first, last = grouped["day"].min(), grouped["day"].max()
    rows = pd.DataFrame(
        {
            "frequency": grouped.size() - 1,
            "recency": (last - first).dt.days,
            "T": (cutoff - first).dt.days,
            "silence": (cutoff - last).dt.days,
            "spend": grouped["amount"].sum(),
        }
    )
    repeat = daily[daily["day"].to_numpy() > daily["customer_id"].map(first).to_numpy()]
    rows["monetary_value"] = repeat.groupby("customer_id", observed=True)["amount"].mean()
    for window in WINDOWS:
        within = daily[daily["day"] >= cutoff - pd.Timedelta(days=window)]
        recent = within.groupby("customer_id", observed=True)["amount"]
        rows[f"purchase_days_{window}d"] = recent.size()
        rows[f"spend_{window}d"] = recent.sum()
    rows = rows.fillna(0.0)
    ahead = sales["occurred_at"].between(cutoff, cutoff + pd.Timedelta(days=HORIZON), "left")
    rows["churned"] = ~rows.index.isin(sales.loc[ahead, "customer_id"].unique())
    return rows


def picture(own: Mapping[int, Figures], peers: Mapping[int, Figures]) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    for name, found, color, line in (
        ("querencia", own, "#1f4e5f", "-"),
        ("pandas, lifetimes, xgboost's defaults", peers, "#7d929c", "--"),
    ):
        axes.plot(
            [*found],
            [whole(each) for each in found.values()],
            marker="o",
            label=name,
            color=color,
            linestyle=line,
        )
    daily_costs = [daily(each) for each in own.values()]
    axes.plot(
        [*own],
        daily_costs,
        marker="o",
        color="#c2703d",
        label="querencia, a day without a training",
    )
    axes.set(
        xscale="log", yscale="log", xlabel="customers, ten purchases each", ylabel="CPU seconds"
    )
    axes.set_title("Retrain and score: cost against size")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    main()
