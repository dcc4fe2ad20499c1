"""Models judged on a later period than they know, beside the baselines they must beat."""

from collections.abc import Callable, Collection, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binomtest

from features.snapshot import Snapshot
from training import amounts
from training.amounts import SERVED as SERVED
from training.amounts import Amount, Forecast
from training.bootstrap import Bootstrap, Measure, redrawn
from training.churn import RiskModel, baselines
from training.model import Model
from training.ranking import Ranking
from training.settings import MoneySettings

Floats = NDArray[np.float64]

Measures = Mapping[str, Mapping[str, float]]
"""Figures by model, then by measure; `*_score` is better when higher, `*_loss` when lower."""


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


def risk_measures(
    clv: float, money: MoneySettings, *, only: Collection[str] | None = None
) -> Measure:
    """What a forecast of risk is judged by.

    AUC, area under precision and recall, log loss, Brier, ECE, top-decile lift, and profit per
    customer of the campaign that pays best, in currency (EMPC).

    Args:
        clv: Mean value at stake, for the profit.
        money: What contacts and offers cost.
        only: The measures wanted, where others would be for nothing.
    """

    def profit(ranking: Ranking) -> float:
        return ranking.empc_score(
            clv=clv,
            offer_cost=money.offer_cost,
            contact_cost=money.contact_cost,
            alpha=money.save_rate_alpha,
            beta=money.save_rate_beta,
        )[0]

    every: dict[str, Callable[[Ranking], float]] = {
        "auc_score": Ranking.auc_score,
        "pr_auc_score": Ranking.pr_auc_score,
        "log_loss": Ranking.log_loss,
        "brier_loss": Ranking.brier_loss,
        "calibration_loss": Ranking.calibration_loss,
        "top_decile_lift_score": Ranking.top_decile_lift_score,
        "profit_score": profit,
    }
    wanted = {name: of for name, of in every.items() if only is None or name in only}
    return lambda ranking: {name: of(ranking) for name, of in wanted.items()}


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


def outcomes(model: Model, later: Snapshot, risk: Floats) -> dict[str, Amount]:
    """What came of each amount in the horizon beside what the model and a formula expected.

    Args:
        model: Trained as of the cut-off of `later`.
        later: Rows with closed labels that it has not learned from.
        risk: What it says of them.
    """
    return amounts.amounts(later, model.expected_amounts(model.prospects(later), risk))


def judge_value(judged: Mapping[str, Amount]) -> Measures:
    """The measures of every amount, as expected and by the naive "same rate as before"."""
    return {
        f"{model} {name}": amounts.measures(Forecast.of(amount.came, said))
        for name, amount in judged.items()
        for model, said in amount.forecasts.items()
    }


def value_intervals(judged: Mapping[str, Amount], *, random_state: int = 0) -> dict[str, Measures]:
    """Every figure of `judge_value` with its 95 % interval: `value`, `low` and `high`.

    An amount that is the same of everybody has none.
    """
    told = judge_value(judged)
    return {
        f"{model} {name}": {
            measure: {"value": value, **draws.interval(model, measure)._asdict()}
            for measure, value in told[f"{model} {name}"].items()
        }
        for name, amount in judged.items()
        if np.ptp(amount.came) > 0
        for draws in [_drawn(amount, random_state)]
        for model in amount.forecasts
    }


def _drawn(amount: Amount, random_state: int) -> Bootstrap:
    return redrawn(
        amount.came, amount.forecasts, Forecast.of, amounts.measures, random_state=random_state
    )
