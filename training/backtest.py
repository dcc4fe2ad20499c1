"""Models judged on a later period than they know, beside the baselines they must beat."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binomtest

from features.snapshot import Snapshot
from training import metrics
from training.bootstrap import Measure
from training.churn import RiskModel, baselines
from training.model import Model
from training.ranking import Ranking
from training.settings import MoneySettings

Floats = NDArray[np.float64]

Measures = Mapping[str, Mapping[str, float]]
"""Figures by model, then by measure; `*_score` is better when higher, `*_loss` when lower."""

SERVED = "served"
"""Name of the model that would serve, among its members and baselines."""


def candidates(model: Model, past: Snapshot) -> dict[str, RiskModel]:
    """The served model, its members alone, and the baselines trained on the same rows."""
    return {SERVED: model.risk, **model.risk.members, **baselines(past)}


def judge_risk(
    models: Mapping[str, RiskModel], later: Snapshot, *, clv: float, money: MoneySettings
) -> Measures:
    """Every model's `risk_measures` on the same later customers.

    Args:
        models: By name.
        later: Rows with closed labels that none of the models has learned from.
        clv: Mean value at stake of these customers, for the profit of a campaign.
        money: What contacts and offers cost.
    """
    return measured(later.churned, forecasts(models, later.rows), risk_measures(clv, money))


def forecasts(models: Mapping[str, RiskModel], rows: pd.DataFrame) -> dict[str, Floats]:
    """What each model says of the same customers."""
    return {name: model.predict(rows) for name, model in models.items()}


def measured(y_true: Floats, said: Mapping[str, Floats], measure: Measure) -> Measures:
    """The measures of every forecast of the same customers."""
    return {name: measure(Ranking.of(y_true, risk)) for name, risk in said.items()}


def risk_measures(clv: float, money: MoneySettings) -> Measure:
    """What a forecast of risk is judged by.

    AUC, area under precision and recall, log loss, Brier, ECE, top-decile lift, and profit per
    customer of the campaign that pays best, in currency (EMPC).
    """

    def measures(ranking: Ranking) -> dict[str, float]:
        profit, _ = ranking.empc_score(
            clv=clv,
            offer_cost=money.offer_cost,
            contact_cost=money.contact_cost,
            alpha=money.save_rate_alpha,
            beta=money.save_rate_beta,
        )
        return {
            "auc_score": ranking.auc_score(),
            "pr_auc_score": ranking.pr_auc_score(),
            "log_loss": ranking.log_loss(),
            "brier_loss": ranking.brier_loss(),
            "calibration_loss": ranking.calibration_loss(),
            "top_decile_lift_score": ranking.top_decile_lift_score(),
            "profit_score": profit,
        }

    return measures


def reliability(y_true: Floats, y_prob: Floats) -> Measures:
    """Predicted and observed rate of each tenth of the customers, the lowest risk first.

    `low` and `high` are where the observed rate lies with a confidence of 95 % (Wilson).
    """
    columns = Ranking.of(y_true, y_prob).calibration()
    table = {}
    for tenth, (predicted, observed, size) in enumerate(zip(*columns, strict=True), start=1):
        counted = binomtest(round(observed * size), int(size))
        low, high = counted.proportion_ci(method="wilson")
        shown = {"predicted": predicted, "observed": observed, "low": low, "high": high}
        table[str(tenth)] = {name: float(rate) for name, rate in shown.items()} | {"size": size}
    return table


def judge_value(model: Model, later: Snapshot) -> Measures:
    """Expected purchases and spend in the horizon beside the naive "same rate as before"."""
    rows, horizon = later.rows, later.provenance.horizon_days
    history = later.history
    per_day = horizon / np.maximum(rows["T"].to_numpy(), 1)
    purchases, spend = rows["purchase_days_ahead"].to_numpy(), rows["spend_ahead"].to_numpy()
    value = model.value
    return {
        f"{SERVED} purchases": amount_measures(
            purchases, value.purchases.expected_purchases(horizon, *history)
        ),
        f"{SERVED} spend": amount_measures(
            spend, value.expected_spend(horizon, *history, rows["monetary_value"].to_numpy())
        ),
        "naive_rate purchases": amount_measures(purchases, rows["frequency"].to_numpy() * per_day),
        "naive_rate spend": amount_measures(spend, rows["spend"].to_numpy() * per_day),
    }


def amount_measures(y_true: Floats, y_pred: Floats) -> dict[str, float]:
    """MAE, RMSE, normalised Gini, top-decile capture, and bias of the total."""
    error = y_pred - y_true
    return {
        "mae_loss": float(np.abs(error).mean()),
        "rmse_loss": float(np.sqrt((error**2).mean())),
        "gini_score": metrics.normalised_gini_score(y_true, y_pred),
        "top_decile_capture_score": metrics.top_decile_capture_score(y_true, y_pred),
        "total_bias": metrics.total_bias(y_true, y_pred),
    }
