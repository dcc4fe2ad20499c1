"""Risk, spend and purchases on later periods of real data, beside formulas and single models.

    python benchmarks/models.py [--quick] [FILE]

CDNOW comes along; FILE is the Online Retail data as Parquet or CSV (UCI, dataset 352), read by the
definition shipped for it. Each model is trained as of a cut-off, as `querencia train` does it, and
judged on the horizon after it. Figures stand beside their 95 % intervals. The published split of
the CDNOW sample is served by the likeliest process as well as by the published one, Pareto/NBD,
whose error is in the JSON.
"""

import os
import sys

os.environ |= {"OMP_WAIT_POLICY": "passive", "OPENBLAS_NUM_THREADS": "1"}
sys.path.pop(0)  # this folder, whose features.py is not the package

import argparse
import json
import tempfile
import tomllib
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features import cdnow, intake, snapshot
from features.records import CONTRACTS
from features.settings import FeatureSettings, TableSettings
from features.snapshot import Snapshot
from features.sources import Source
from features.store import Store
from training import amounts, backtest
from training.amounts import SERVED, Amount, Forecast
from training.blending import choose
from training.bootstrap import RESAMPLES, bootstrap, redrawn
from training.btyd import PurchaseModel
from training.model import Model
from training.outlook import Outlook
from training.rehearsal import rehearse, settled
from training.retrain import lay_plan
from training.settings import PurchaseProcess, TrainingSettings

RISK = {"auc_score": "AUC", "log_loss": "log loss", "calibration_loss": "ECE"}
SPEND = {
    "mae_loss": "MAE",
    "rmse_loss": "RMSE",
    "spearman_score": "Spearman",
    "gini_score": "Gini",
    "top_decile_capture_score": "top tenth",
    "total_bias": "bias",
}
PROCESSES: tuple[PurchaseProcess, ...] = ("pareto_nbd", "best")
SPLIT, AHEAD = datetime(1997, 10, 1, tzinfo=UTC), 273


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="wider intervals: fewer draws")
    parser.add_argument("file", nargs="?", type=Path, help="Online Retail, Parquet or CSV")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")  # what the models warn of is in their evidence
    print(json.dumps(report(asked.file, RESAMPLES // 4 if asked.quick else RESAMPLES)))


def report(file: Path | None, draws: int) -> dict[str, float | None]:
    """Print the tables; returns the figures."""
    with tempfile.TemporaryDirectory() as folder:
        settings = FeatureSettings(currency=cdnow.CURRENCY)
        store = stored(Source(parquet(Path(folder))), Path(folder) / "cdnow", settings)
        risk, coverage = judged("CDNOW", store, settings, draws=draws)
        sample = sample_rmse(store)
        retail = None
        if file:
            settings, source = online_retail(file)
            store = stored(source, Path(folder) / "retail", settings)
            retail, _ = judged("Online Retail", store, settings, draws=draws)
    return {
        "cdnow_auc": risk["auc_score"],
        "cdnow_log_loss": risk["log_loss"],
        "cdnow_ece": risk["calibration_loss"],
        "online_retail_auc": retail["auc_score"] if retail else None,
        "online_retail_log_loss": retail["log_loss"] if retail else None,
        "cdnow_sample_rmse": sample,
        "coverage80_top_decile": coverage,
    }


def parquet(folder: Path) -> Path:
    cdnow.transactions().to_parquet(folder / "cdnow.parquet")
    return folder / "cdnow.parquet"


def online_retail(file: Path) -> tuple[FeatureSettings, Source]:
    """By the shipped definition; Monday cut-offs, the last of which is 2011-10-10 at 60 days."""
    shipped = tomllib.loads((files("features") / "adapters" / "online_retail.toml").read_text())
    table = TableSettings.model_validate(shipped["tables"]["transactions"] | {"path": str(file)})
    settings = {**shipped["features"], "horizon_days": 60, "every": "week", "cutoffs": 52}
    return FeatureSettings.model_validate(settings), table.source()


def stored(source: Source, folder: Path, settings: FeatureSettings) -> Store:
    folder.mkdir()
    intake.take_in(source, CONTRACTS["transactions"], folder, settings)
    intake.refer(folder)
    return Store(folder)


def judged(
    name: str, store: Store, settings: FeatureSettings, *, draws: int
) -> tuple[Mapping[str, float], float]:
    """Train and judge; returns the measures of the served risk, and the coverage of spend."""
    plan = lay_plan(store, settings)
    snapshots = snapshot.take(
        store.records(),
        (*plan.training, plan.evaluation),
        settings,
        has=store.has,
        observed_until=plan.scoring,
    )
    past, later = snapshots.at(*plan.training), snapshots.at(plan.evaluation)
    chosen = settled(TrainingSettings(), later)
    rehearsals = rehearse(past, chosen)
    verdict, outlook = choose(rehearsals), Outlook.learn(rehearsals)
    blending = verdict.blending if verdict else None
    model = Model.fit(past, later, chosen, margin_rate=1, blending=blending, outlook=outlook)
    said = backtest.forecasts(backtest.candidates(model, past), later.rows)
    measure = backtest.risk_measures(clv=100, money=chosen.money)
    measures = backtest.measured(later.churned, said, measure)
    print(f"{name}: who left in the {settings.horizon_days} days after {plan.evaluation:%Y-%m-%d}")
    print(f"({len(later):,} customers, {later.churned.mean():.1%} left)\n")
    table(RISK, measures, bootstrap(later.churned, said, measure, resamples=draws))
    judged_of = backtest.outcomes(model, later, said[SERVED])
    spend = with_process(model, later, judged_of["spend"])
    print(f"\n{name}: spend in those days, {settings.currency}\n")
    table(
        SPEND,
        {model: amounts.measures(Forecast.of(judged_of["spend"].came, s)) for model, s in spend},
        redrawn(
            judged_of["spend"].came, dict(spend), Forecast.of, amounts.measures, resamples=draws
        ),
    )
    covered = outlook.coverage(judged_of)
    print("\n" + "\n".join(f"{what:<36}{share:.1%}" for what, share in covered.items()) + "\n")
    return measures[SERVED], covered.get("spend_coverage_80_top_decile", float("nan"))


def with_process(model: Model, later: Snapshot, spend: Amount) -> list[tuple[str, Any]]:
    """The forecasts of spend, and that of the purchase process and Gamma-Gamma alone."""
    days, monetary = later.provenance.horizon_days, later.columns["monetary_value"]
    alone = model.value.expected_amounts(days, *later.history, monetary)["spend"]
    return [*spend.forecasts.items(), (f"{model.value.purchases.kind_} alone", alone)]


def table(names: Mapping[str, str], measures: backtest.Measures, draws: Any) -> None:
    print(f"{'':<18}" + "".join(f"{heading:^27}" for heading in names.values()))
    for model, figures in measures.items():
        cells = ((figures[name], *draws.interval(model, name)) for name in names)
        shown = (f"{value:>9.4g} ({low:.4g}, {high:.4g})" for value, low, high in cells)
        print(f"{model:<18}" + "".join(f"{cell:<27}" for cell in shown), flush=True)


def sample_rmse(store: Store) -> float:
    """The published split of the CDNOW sample: 39 weeks known, 39 weeks ahead.

    The served model knows the horizon of 90 days: no label over 39 weeks had closed by then.
    """
    settings = FeatureSettings(currency=cdnow.CURRENCY)
    months = [datetime(1997, month, 1, tzinfo=UTC) for month in (4, 5, 6, 7)]
    taken = snapshot.take(
        store.records(), (*months, SPLIT), settings, has=store.has, observed_until=SPLIT
    )
    taken = taken.select(np.flatnonzero(taken.rows["customer_id"].isin(sample_ids())))
    past, present = taken.at(*months), taken.at(SPLIT)
    forecasts = {
        f"{SERVED}, {process}": served_purchases(past, present, TrainingSettings(purchases=process))
        for process in PROCESSES
    }
    forecasts |= {
        kind: PurchaseModel(kind).fit(*present.history).expected_purchases(AHEAD, *present.history)
        for kind in ("pareto_nbd", "bg_nbd", "mbg_nbd", "mbg_cnbd_k")
    }
    forecasts["same count"] = present.columns["frequency"]
    came = purchase_days_after(present.rows["customer_id"])
    print("CDNOW sample: purchase days of 39 weeks after 39 weeks\n")
    print(f"{'':<20}{'MAE':>9}{'RMSE':>9}{'correlation':>13}{'bias':>9}")
    served_rmse, *_ = [sample_line(name, came, said) for name, said in forecasts.items()]
    print()
    return served_rmse


def served_purchases(past: Snapshot, present: Snapshot, settings: TrainingSettings) -> np.ndarray:
    model = Model.fit(past, present, settings, margin_rate=1)
    there = model.prospects(present).presence(model.risk.predict(present))
    monetary = present.columns["monetary_value"]
    ahead = model.value.expected_amounts(AHEAD, *present.history, monetary, presence=there)
    return ahead["purchases"]


def sample_ids() -> list[str]:
    path = str(distribution("lifetimes").locate_file("lifetimes/datasets/CDNOW_sample.txt"))
    rows = pd.read_csv(path, sep=r"\s+", header=None, dtype=str)
    return rows[0].unique().tolist()


def purchase_days_after(customers: pd.Series) -> np.ndarray:
    rows = cdnow.transactions()
    ahead = rows[rows["occurred_at"] >= SPLIT].drop_duplicates(["customer_id", "occurred_at"])
    counts = ahead.groupby("customer_id").size()
    return customers.map(counts).fillna(0).to_numpy(float)


def sample_line(name: str, came: np.ndarray, said: np.ndarray) -> float:
    of = Forecast.of(came, said)
    correlation = np.corrcoef(came, said)[0, 1]
    errors = f"{of.mae_loss():>9.4f}{of.rmse_loss():>9.4f}"
    print(f"{name:<20}{errors}{correlation:>13.4f}{of.total_bias():>9.1%}")
    return of.rmse_loss()


if __name__ == "__main__":
    main()
