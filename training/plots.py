"""The pictures logged with a training: calibration, lift, tracking, and the churn definition."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from features.snapshot import Snapshot
from training import metrics
from training.rhythm import FactorCurve
from training.survival import Survival
from training.value import ValueModel

Floats = NDArray[np.float64]

INK, SOFT, REST = "#1f4e5f", "#b9c6cc", "gray"


def calibration(y_true: Floats, y_prob: Floats) -> Figure:
    """Predicted against observed churn by tenths of the customers."""
    predicted, observed, size = metrics.calibration_table(y_true, y_prob)
    figure, axes = _blank("Is the risk true?", "predicted churn", "observed churn")
    margin = 1.96 * np.sqrt(observed * (1 - observed) / size)
    axes.plot([0, 1], [0, 1], color=SOFT, linestyle="--", label="perfect")
    axes.errorbar(
        predicted,
        observed,
        yerr=margin,
        color=INK,
        marker="o",
        capsize=3,
        label="a tenth of the customers, 95 % interval",
    )
    axes.legend(frameon=False)
    return figure


def lift(y_true: Floats, y_prob: Floats) -> Figure:
    """Share of all leavers reached by contacting the riskiest customers first."""
    reached = np.cumsum(metrics.ranked(y_true, y_prob)) / y_true.sum()
    share = np.arange(1, len(reached) + 1) / len(reached)
    figure, axes = _blank(
        "Who is reached?",
        "share of customers contacted, riskiest first",
        "share of leavers reached",
    )
    axes.plot([0, 1], [0, 1], color=SOFT, linestyle="--", label="at random")
    axes.plot(share, reached, color=INK, label="by risk")
    axes.legend(frameon=False)
    return figure


def tracking(value: ValueModel, snapshots: Snapshot, trained_as_of: datetime) -> Figure:
    """Expected and actual purchase days in the horizon after each cut-off.

    Cut-offs before `trained_as_of` lie in the period the purchase model was fitted on.
    """
    horizon = snapshots.provenance.horizon_days
    rows = snapshots.rows
    expected = pd.Series(
        value.purchases.expected_purchases(
            horizon, *(rows[name].to_numpy() for name in ("frequency", "recency", "T"))
        )
    )
    totals = pd.DataFrame({"actual": rows["purchase_days_ahead"], "expected": expected})
    by_cutoff = totals.groupby(rows["cutoff"]).sum()
    figure, axes = _blank(
        "Does it keep track?", "cut-off", f"purchase days in the {horizon} days after"
    )
    axes.plot(by_cutoff.index, by_cutoff["actual"], color=INK, marker="o", label="actual")
    axes.plot(
        by_cutoff.index,
        by_cutoff["expected"],
        color=INK,
        linestyle=":",
        marker="x",
        label="expected",
    )
    axes.axvline(trained_as_of, color=SOFT, linestyle="--", label="trained as of")  # type: ignore[arg-type]
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    figure.autofmt_xdate()
    return figure


PANELS: Mapping[tuple[str, str], str] = {
    ("risk", "auc_score"): "AUC",
    ("risk", "log_loss"): "log loss",
    ("risk", "calibration_loss"): "calibration error",
    ("risk", "top_decile_lift_score"): "lift of top tenth",
    ("spend", "gini_score"): "Gini of spend",
    ("spend", "total_bias"): "total spend against truth",
}
"""What is drawn over time, with its name."""

_LINES = {
    "served": ("Querencia, 95 % interval", "o-"),
    "naive_rate": ("pace", ":"),
    "baseline_recency": ("recency", "--"),
    "baseline_rfm": ("RFM", "-."),
}
"""Models drawn over time, with name and style."""


def over_time(table: pd.DataFrame) -> Figure:
    """Measures of the served model, with 95 % intervals, and of the formulas, by cut-off.

    Args:
        table: `training.evaluate.Evaluation.table`.
    """
    figure = Figure(figsize=(11, 6), layout="constrained")
    shown = table.assign(cutoff=pd.to_datetime(table["cutoff"]))
    for axes, ((of, measure), name) in zip(
        figure.subplots(2, 3, sharex=True).flat, PANELS.items(), strict=True
    ):
        part = shown[(shown["of"] == of) & (shown["measure"] == measure)]
        _history(axes, part)
        axes.set_title(name)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(axis="x", rotation=30)
    lines, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside upper center", ncols=len(names), frameon=False)
    return figure


def _history(axes: Axes, part: pd.DataFrame) -> None:
    for model, (name, style) in _LINES.items():
        of_one = part[part["model"] == model]
        served = model == "served"
        axes.plot(
            of_one["cutoff"], of_one["value"], style, color=INK if served else REST, label=name
        )
        if served:
            axes.fill_between(of_one["cutoff"], of_one["low"], of_one["high"], color=SOFT)


def factor(curve: FactorCurve, used: float) -> Figure:
    """False alarms and misses by how many own long gaps a silence may last."""
    figure, axes = _blank(
        "How long is too long?", "silence in own long gaps", "share told wrong, of its own kind"
    )
    axes.plot(curve.factor, curve.false_alarms, color=SOFT, label="came back, taken for gone")
    axes.plot(curve.factor, curve.misses, color=SOFT, linestyle=":", label="gone, not seen")
    axes.plot(curve.factor, curve.false_alarms + curve.misses, color=INK, label="together")
    axes.axvline(curve.best, color=INK, linestyle="--", label=f"fewest: {curve.best:g}")
    axes.axvline(used, color=SOFT, linestyle="--", label=f"used: {used:g}")
    axes.set_xscale("log")
    axes.legend(frameon=False)
    return figure


def survival(lasting: Survival) -> Figure:
    """The share of contracts that go on, by days since the first purchase."""
    figure, axes = _blank(
        "How long do contracts last?", "days since the first purchase", "share that goes on"
    )
    axes.fill_between(lasting.days, lasting.low, lasting.high, color=SOFT, step="post", alpha=0.5)
    axes.step(lasting.days, lasting.share, color=INK, where="post")
    axes.set_ylim(0, 1)
    return figure


def _blank(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    axes = figure.add_subplot()
    axes.set(title=title, xlabel=x, ylabel=y)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
