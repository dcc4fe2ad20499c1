"""Models judged on a later period than they know, beside the baselines they must beat."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from features.snapshot import Snapshot
from training import metrics
from training.churn import RFM, LogisticRisk, RiskModel
from training.model import Model
from training.settings import MoneySettings

Floats = NDArray[np.float64]

Measures = Mapping[str, Mapping[str, float]]
"""Figures by model, then by measure; `*_score` is better when higher, `*_loss` when lower."""

SERVED = "served"
"""Name of the model that would serve, among its members and baselines."""


def candidates(model: Model, past: Snapshot) -> dict[str, RiskModel]:
    """The served model, its members alone, and the baselines trained on the same rows."""
    return {
        SERVED: model.risk,
        **model.risk.members,
        "baseline_rfm": LogisticRisk(features=RFM).fit(past.rows, past.churned),
        "baseline_recency": LogisticRisk(features=("silence",)).fit(past.rows, past.churned),
    }


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
    return {
        name: risk_measures(later.churned, model.predict(later.rows), clv=clv, money=money)
        for name, model in models.items()
    }


def risk_measures(
    y_true: Floats, y_prob: Floats, *, clv: float, money: MoneySettings
) -> dict[str, float]:
    """AUC, log loss, Brier, ECE, top-decile lift, and profit per customer in currency (EMPC)."""
    profit, _ = metrics.empc_score(
        y_true,
        y_prob,
        clv=clv,
        offer_cost=money.offer_cost,
        contact_cost=money.contact_cost,
        alpha=money.save_rate_alpha,
        beta=money.save_rate_beta,
    )
    return {
        "auc_score": float(roc_auc_score(y_true, y_prob)),
        "log_loss": float(log_loss(y_true, y_prob)),
        "brier_loss": float(brier_score_loss(y_true, y_prob)),
        "calibration_loss": metrics.expected_calibration_loss(y_true, y_prob),
        "top_decile_lift_score": metrics.top_decile_lift_score(y_true, y_prob),
        "profit_score": profit,
    }


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
