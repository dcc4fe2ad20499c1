"""The evaluation: many past cut-offs, each trained on what was known then; nothing registered."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from features import cdnow
from features.cutoffs import Plan
from features.errors import QuerenciaError
from features.settings import FeatureSettings
from features.store import Store
from training import evaluate
from training.backtest import SERVED
from training.evaluate import Evaluation
from training.registry import Registry
from training.retrain import lay_plan
from training.settings import TrainingSettings
from training.tracking import EXPERIMENT

HORIZON = timedelta(days=90)


@pytest.fixture(scope="module")
def features(cdnow_settings: FeatureSettings) -> FeatureSettings:
    return cdnow_settings.model_copy(update={"cutoffs": 4})


@pytest.fixture(scope="module")
def plans(cdnow_store: Store, features: FeatureSettings) -> tuple[Plan, ...]:
    return evaluate.plans(cdnow_store, features, most=2)


@pytest.fixture(scope="module")
def empty(plans: tuple[Plan, ...]) -> Plan:
    """A plan whose training cut-off lies before the first customer."""
    before = datetime(1996, 12, 1, tzinfo=UTC)
    return Plan((before,), before + 2 * HORIZON, plans[0].scoring)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return Registry(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def found(
    cdnow_store: Store,
    registry: Registry,
    features: FeatureSettings,
    quick: TrainingSettings,
    plans: tuple[Plan, ...],
    empty: Plan,
) -> Evaluation:
    return evaluate.evaluate(cdnow_store, registry, features, quick, (empty, *plans))


# Cut-offs


def test_the_last_cutoff_is_that_of_a_training(
    plans: tuple[Plan, ...], cdnow_store: Store, features: FeatureSettings
) -> None:
    assert plans[-1] == lay_plan(cdnow_store, features)
    assert [f"{each.evaluation:%Y-%m}" for each in plans] == ["1998-03", "1998-04"]


def test_every_label_learned_from_was_known_by_the_cutoff(plans: tuple[Plan, ...]) -> None:
    for plan in plans:
        assert len(plan.training) == 4
        assert max(plan.training) + HORIZON <= plan.evaluation
        assert plan.evaluation + HORIZON <= plan.scoring


def test_cutoffs_go_back_as_far_as_there_is_a_horizon_to_learn_from(
    cdnow_store: Store, features: FeatureSettings
) -> None:
    every = evaluate.plans(cdnow_store, features, most=100)
    first, _ = cdnow_store.span()
    assert all(each.training for each in every)
    assert every[0].training[0].date() >= first + HORIZON
    assert len({each.evaluation for each in every}) == len(every) == 10


# What comes of them


def test_a_cutoff_is_judged_as_if_the_records_ended_with_its_horizon(
    make_store: Callable[..., Store],
    found: Evaluation,
    plans: tuple[Plan, ...],
    features: FeatureSettings,
    quick: TrainingSettings,
    tmp_path: Path,
) -> None:
    """Cut everything off that came later: no figure changes."""
    rows = cdnow.transactions()
    rows = rows[rows["customer_id"].astype(int) % 10 == 4]
    known = rows[rows["occurred_at"] < plans[0].evaluation + HORIZON]
    store = make_store(
        known.assign(customer_id="customer-" + known["customer_id"]), currency=cdnow.CURRENCY
    )
    again = evaluate.evaluate(store, Registry(tmp_path), features, quick, plans[:1])
    assert again.judged[0].evidence.risk == found.judged[0].evidence.risk
    assert again.judged[0].evidence.value == found.judged[0].evidence.value
    assert again.judged[0].evidence.coverage == found.judged[0].evidence.coverage


def test_every_cutoff_is_judged_beside_the_formulas_with_intervals(found: Evaluation) -> None:
    table = found.table()
    risk = table[table["of"] == "risk"]
    assert set(risk["measure"]) == {
        *("auc_score", "pr_auc_score", "log_loss", "brier_loss", "calibration_loss"),
        *("top_decile_lift_score", "profit_score"),
    }
    assert {"naive_rate", "baseline_recency", "baseline_rfm", SERVED} < set(risk["model"])
    spend = table[(table["of"] == "spend") & (table["model"] == SERVED)]
    assert {"gini_score", "total_bias", "coverage_80", "coverage_90_top_decile"} < set(
        spend["measure"]
    )
    assert (table["low"] < table["high"]).all()
    assert set(table["cutoff"]) == {"1998-03-01", "1998-04-01"}
    loss = risk[risk["measure"] == "log_loss"].set_index(["cutoff", "model"])["value"]
    for cutoff in set(table["cutoff"]):
        assert loss[cutoff, SERVED] < loss[cutoff, "naive_rate"]


def test_means_are_those_of_the_table(found: Evaluation) -> None:
    table = found.table()
    auc = table[(table["model"] == SERVED) & (table["measure"] == "auc_score")]["value"]
    told = found.over_cutoffs()["risk"][SERVED]["auc_score"]
    assert told == pytest.approx({"mean": auc.mean(), "least": auc.min(), "most": auc.max()})


def test_runs_are_nested_and_nothing_is_registered(found: Evaluation, registry: Registry) -> None:
    experiment = registry.store.client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    runs = registry.store.client.search_runs([experiment.experiment_id], max_results=1000)
    (top,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    under = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == top.info.run_id]
    assert {run.info.run_name for run in under} == {f"as of {each.day}" for each in found.judged}
    (last,) = [run for run in under if run.info.run_name == "as of 1998-04-01"]
    auc = found.judged[-1].evidence.risk[SERVED]["auc_score"]
    assert last.data.metrics["auc_score"] == pytest.approx(auc)
    told = found.over_cutoffs()
    assert top.data.metrics["auc_score"] == pytest.approx(told["risk"][SERVED]["auc_score"]["mean"])
    assert "spend_coverage_80" in top.data.metrics
    artifacts = Path(top.info.artifact_uri.removeprefix("file://"))
    told = json.loads((artifacts / "evaluation.json").read_text())
    assert told == json.loads(json.dumps(found.to_dict()))
    assert len(pd.read_csv(artifacts / "evaluation.csv")) == len(found.table())
    assert (artifacts / "plots/over_time.png").read_bytes()[:4] == b"\x89PNG"
    assert "customer-" not in (artifacts / "evaluation.json").read_text()
    assert registry.versions() == ()


def test_a_cutoff_that_cannot_be_judged_is_left_out_with_the_reason(found: Evaluation) -> None:
    assert [each.day for each in found.judged] == ["1998-03-01", "1998-04-01"]
    assert "No training row has a label" in found.left_out["1997-05-30"]


def test_where_no_cutoff_can_be_judged_the_reasons_are_told(
    cdnow_store: Store,
    features: FeatureSettings,
    quick: TrainingSettings,
    empty: Plan,
    tmp_path: Path,
) -> None:
    with pytest.raises(QuerenciaError, match=r"No cut-off can be judged\.\nNo training row"):
        evaluate.evaluate(cdnow_store, Registry(tmp_path), features, quick, (empty,))


def test_a_model_of_before_is_asked_about_the_customers_of_later_cutoffs(found: Evaluation) -> None:
    (age,) = found.staying
    assert (age.age_days, age.cutoffs) == (31, 1)
    assert age.loss_low < age.loss < age.loss_high
    assert found.advice is not None
    assert found.advice.name in ("stays", "fades")
    told = found.to_dict()["staying"]
    assert told["ages"] == [age._asdict()]
    assert json.loads(json.dumps(told))["advice"]["text"] == found.advice.text
