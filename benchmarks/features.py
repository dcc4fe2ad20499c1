"""Feature rows at twelve cut-offs: Querencia beside pandas and Polars, and `lifetimes`' summary.

    python benchmarks/features.py [--quick | --sizes [--plot FILE]]

All engines read the same sorted records, calculate the same features at the same cut-offs and
write them to Parquet, each in a process of its own; the rows are then compared. Peers are written
the way their experienced users would: see `benchmarks/engines`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

WORKER = Path(__file__).parent / "engines" / "worker.py"
PURCHASES, QUICK_PURCHASES = 10_000_000, 200_000
PEERS = ("pandas", "polars")
SIZES_MILLIONS = (1, 10, 100)
CALLS = 2_000
INK, SOFT = "#1f4e5f", "#dbe3e6"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="200,000 purchases in place of 10 M")
    parser.add_argument("--sizes", action="store_true", help="Querencia alone, to 100 M purchases")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the cost of the --sizes")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if asked.sizes or asked.plot:
            figures = sizes(Path(folder), asked.plot)
        else:
            figures = report(Path(folder), QUICK_PURCHASES if asked.quick else PURCHASES)
    print(json.dumps(figures))


def sizes(folder: Path, plot: Path | None) -> dict[str, float]:
    """How cost and memory grow with the purchases; returns the figures."""
    print(f"{'':<24}{'CPU s':>9}{'wall s':>9}{'peak GB':>9}", flush=True)
    measured = {}
    for millions in SIZES_MILLIONS:
        records = folder / str(millions)
        _measured("data", records, millions * 1_000_000)
        measured[millions] = _measured("ours", records, 12, records / "ours")
        _line(f"{millions:,} M purchases", measured[millions])
    if plot:
        drawn(measured).savefig(plot, dpi=150)
    least, most = SIZES_MILLIONS[0], SIZES_MILLIONS[-1]
    per_million = {millions: figures["cpu"] / millions for millions, figures in measured.items()}
    return {
        "cost_over_linear": round(per_million[most] / per_million[least], 3),
        "peak_gb": round(measured[most]["peak_gb"], 3),
    }


def drawn(measured: Mapping[int, Mapping[str, float]]) -> Figure:
    """CPU seconds against millions of purchases, beside what they would be in proportion."""
    purchases = np.array([*measured]) * 1e6
    cost = np.array([figures["cpu"] for figures in measured.values()])
    figure = Figure(figsize=(5, 3.6), layout="constrained")
    axes = figure.subplots()
    linear = cost[0] * purchases / purchases[0]
    axes.loglog(purchases, linear, color=SOFT, linewidth=6, label="in proportion")
    axes.loglog(purchases, cost, "o-", color=INK, label="12 cut-offs, written to Parquet")
    for place, figures in zip(zip(purchases, cost, strict=True), measured.values(), strict=True):
        text = f"{figures['cpu']:.1f} s, {figures['peak_gb']:.1f} GB"
        axes.annotate(text, place, xytext=(6, -10), textcoords="offset points", fontsize=8)
    limits = {"xlim": (None, purchases[-1] * 4), "ylim": (cost[0] / 2, None)}
    axes.set(xlabel="purchases", ylabel="CPU seconds", **limits)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def report(folder: Path, purchases: int) -> dict[str, float]:
    """Print the table; returns the figures."""
    records = folder / "data"
    made = _measured("data", records, purchases)
    others = f"{purchases // 10:,} surveys, {purchases // 10:,} tickets"
    print(f"{purchases:,} purchases, {others}: made and sorted in {made['cpu']:.1f} CPU s\n")
    print(f"{'':<24}{'CPU s':>9}{'wall s':>9}{'peak GB':>9}{'difference':>12}")
    one = _measured("ours", records, 1, folder / "one")
    _line("querencia, 1 cut-off", one)
    ours = _measured("ours", records, 12, folder / "ours")
    _line("querencia, 12 cut-offs", ours)
    peers = {peer: _peer(peer, folder) for peer in PEERS if find_spec(peer)}
    rfm = _measured("rfm", records)
    _line("querencia, RFM", {"cpu": rfm["cpu"]})
    _line("lifetimes, RFM", {"cpu": rfm["lifetimes"], "difference": rfm["difference"]})
    posted = _measured("posted", CALLS)
    print(f"\nonline, 30 purchases: p50 {posted['p50']:.2f} ms, p99 {posted['p99']:.2f} ms; with")
    print(f"surveys and tickets: p50 {posted['all_p50']:.2f} ms, p99 {posted['all_p99']:.2f} ms")
    differences = [rfm["difference"], *(peer["difference"] for peer in peers.values())]
    return {
        "purchases": purchases,
        "cpu_s": round(ours["cpu"], 2),
        "cutoffs12_over_1": round(ours["cpu"] / one["cpu"], 2),
        **{f"vs_{name}": round(peer["cpu"] / ours["cpu"], 2) for name, peer in peers.items()},
        "rfm_vs_lifetimes": round(rfm["lifetimes"] / rfm["cpu"], 2),
        "online_p50_ms": round(posted["p50"], 3),
        "online_p99_ms": round(posted["p99"], 3),
        "peak_gb": round(ours["peak_gb"], 3),
        "max_rel_difference": max(differences),
    }


def _peer(name: str, folder: Path) -> dict[str, float]:
    out = folder / name
    measured = _measured(f"with_{name}", folder / "data", 12, out)
    measured |= _measured("differences", folder / "ours", out)
    _line(f"{name}, 12 cut-offs", measured)
    return measured


def _measured(*job: object) -> dict[str, float]:
    command = [sys.executable, str(WORKER), *map(str, job)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    figures: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return figures


def _line(name: str, figures: dict[str, float]) -> None:
    cells = (("cpu", 1), ("wall", 1), ("peak_gb", 2))
    shown = [f"{figures[key]:.{digits}f}" if key in figures else "" for key, digits in cells]
    apart = f"{figures['difference']:.0e}" if "difference" in figures else ""
    print(f"{name:<24}" + "".join(f"{cell:>9}" for cell in shown) + f"{apart:>12}", flush=True)


if __name__ == "__main__":
    main()
