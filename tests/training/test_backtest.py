"""Models beside their baselines, by measures that scikit-learn and pencil agree on."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from features.snapshot import Snapshot
from features.store import Store
from training import backtest
from training.backtest import SERVED
from training.churn import LogisticRisk, RiskModel
from training.metrics import empc_score
from training.model import Model
from training.ranking import Ranking
from training.settings import MoneySettings, TrainingSettings

MONEY = MoneySettings(offer_cost=5, contact_cost=2, save_rate_alpha=3, save_rate_beta=9)


@pytest.fixture(scope="module")
def candidates(model: Model, past: Snapshot) -> Mapping[str, RiskModel]:
    return backtest.candidates(model, past)


def test_the_served_model_is_judged_beside_members_and_baselines(
    candidates: Mapping[str, RiskModel], model: Model
) -> None:
    assert list(candidates) == [
        *(SERVED, "pareto_nbd", "logistic", "trees"),
        *("baseline_rfm", "baseline_recency", "naive_rate"),
    ]
    assert candidates[SERVED] is model.risk
    assert candidates["trees"] is model.risk.trees


def test_baselines_learn_from_the_same_rows(
    candidates: Mapping[str, RiskModel], past: Snapshot, later: Snapshot
) -> None:
    churned = past.rows["churned"].to_numpy()
    for name, features in (
        ("baseline_rfm", ("silence", "frequency", "T", "spend")),
        ("baseline_recency", ("silence",)),
    ):
        again = LogisticRisk(features=features).fit(past.rows, churned)
        assert (candidates[name].predict(later.rows) == again.predict(later.rows)).all()


def test_every_model_is_judged_on_the_same_later_customers(
    candidates: Mapping[str, RiskModel], later: Snapshot
) -> None:
    measures = backtest.judge_risk(candidates, later, clv=80, money=MONEY)
    churned = later.rows["churned"].to_numpy()
    assert list(measures) == list(candidates)
    for name, risk_model in candidates.items():
        risk = risk_model.predict(later.rows)
        assert measures[name]["auc_score"] == pytest.approx(roc_auc_score(churned, risk))
        assert measures[name]["log_loss"] == pytest.approx(log_loss(churned, risk))
        assert measures[name]["brier_loss"] == pytest.approx(brier_score_loss(churned, risk))


def test_every_family_adds_to_what_purchases_tell_of_a_later_period(
    look_at_company: Callable[..., tuple[Snapshot, Snapshot]],
    company_store: Store,
    company_model: Model,
    company_past_and_later: tuple[Snapshot, Snapshot],
    quick: TrainingSettings,
) -> None:
    """In the simulated company upset customers leave, and their tickets and answers tell it."""

    def measured(*tables: str) -> Mapping[str, float]:
        has = {name for name in company_store.has if name.partition(".")[0] in tables}
        past, later = look_at_company(has=has)
        return judged(Model.fit(past, later, quick, margin_rate=0.4), later)

    def judged(model: Model, later: Snapshot) -> Mapping[str, float]:
        return backtest.judge_risk({SERVED: model.risk}, later, clv=80, money=MONEY)[SERVED]

    purchases, everything = (
        measured("transactions"),
        judged(company_model, company_past_and_later[1]),
    )
    assert everything["auc_score"] > purchases["auc_score"] + 0.002
    assert everything["log_loss"] < purchases["log_loss"]
    for family in ("surveys", "tickets"):
        assert measured("transactions", family)["auc_score"] > purchases["auc_score"]


def test_reliability_by_tenths_counts_everybody_and_holds_what_was_observed() -> None:
    rng = np.random.default_rng(0)
    risk = rng.random(1000)
    table = backtest.reliability((rng.random(1000) < risk).astype(float), risk)
    assert list(table) == [str(tenth) for tenth in range(1, 11)]
    assert sum(row["size"] for row in table.values()) == 1000
    for row in table.values():
        assert row["low"] < row["observed"] < row["high"]
        assert row["low"] < row["predicted"] < row["high"]  # the forecast is true
    predicted = [row["predicted"] for row in table.values()]
    assert predicted == sorted(predicted)


def test_profit_is_counted_in_the_users_money() -> None:
    left, risk = np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.1, 0.7, 0.2, 0.6])
    expected, _ = empc_score(left, risk, clv=80, offer_cost=5, contact_cost=2, alpha=3, beta=9)
    measures = backtest.risk_measures(80, MONEY)(Ranking.of(left, risk))
    assert measures["profit_score"] == expected > 0


def test_a_forecast_that_comes_true_is_measured_as_such() -> None:
    left = np.tile([0.0, 1.0], 50)
    measures = backtest.risk_measures(80, MONEY)(Ranking.of(left, left))
    assert measures == {
        "auc_score": 1,
        "pr_auc_score": 1,
        "log_loss": pytest.approx(0, abs=1e-12),
        "brier_loss": 0,
        "calibration_loss": 0,
        "top_decile_lift_score": 2,
        "profit_score": pytest.approx(80 * 0.5 * (1 - 5 / 80) * 3 / 12 - 2 * 0.5, rel=0.01),
    }


def test_amounts_by_hand() -> None:
    measures = backtest.amount_measures(np.array([0.0, 10.0, 2.0]), np.array([1.0, 6.0, 2.0]))
    assert measures == {
        "mae_loss": pytest.approx(5 / 3),
        "rmse_loss": pytest.approx(np.sqrt(17 / 3)),
        "gini_score": pytest.approx(1),
        "top_decile_capture_score": pytest.approx(10 / 12),
        "total_bias": pytest.approx(-3 / 12),
    }


def test_value_is_judged_beside_the_same_rate_as_before(model: Model, later: Snapshot) -> None:
    """Four purchase days, and 60 dollars, in 180 days of age are two, and 30, in the next 90."""
    history = {"frequency": 4.0, "recency": 100.0, "T": 180.0, "monetary_value": 12.0}
    newcomer = {"frequency": 0.0, "recency": 0.0, "T": 0.0, "monetary_value": np.nan}
    rows = pd.DataFrame(
        [
            history | {"spend": 60.0, "purchase_days_ahead": 3.0, "spend_ahead": 20.0},
            newcomer | {"spend": 1.0, "purchase_days_ahead": 0.0, "spend_ahead": 70.0},
        ]
    )
    rows = rows.assign(customer_id=["a", "b"], cutoff=later.provenance.cutoff)
    judged = backtest.judge_value(model, Snapshot.of(rows, later.names, later.provenance))
    assert judged["naive_rate purchases"]["mae_loss"] == pytest.approx((1 + 0) / 2)
    # A customer of today has no rate yet, and is counted as a day old.
    assert judged["naive_rate spend"]["mae_loss"] == pytest.approx((10 + 20) / 2)
    expected = model.value.purchases.expected_purchases(90, [4, 0], [100, 0], [180, 0])
    assert judged["served purchases"]["total_bias"] == pytest.approx(expected.sum() / 3 - 1)


def test_expected_purchases_and_spend_beat_the_naive_rate(model: Model, later: Snapshot) -> None:
    judged = backtest.judge_value(model, later)
    for amount in ("purchases", "spend"):
        served, naive = judged[f"{SERVED} {amount}"], judged[f"naive_rate {amount}"]
        assert served["rmse_loss"] < naive["rmse_loss"]
        assert served["mae_loss"] < naive["mae_loss"]
        assert abs(served["total_bias"]) < abs(naive["total_bias"])
