"""Training and scoring on a real stand-alone cluster, beside the embedded engine."""

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from features.cutoffs import Plan
from features.provenance import DefinitionError
from features.settings import FeatureSettings, SparkSettings
from features.spark import Cluster
from features.store import Store
from tests.cluster import MARKS
from training import candidate, scoring, spark
from training.btyd import PurchaseModel
from training.candidate import Candidate
from training.churn import TreeRisk
from training.model import Everybody
from training.purchases.histories import Histories
from training.retrain import lay_plan
from training.settings import TrainingSettings

pytestmark = MARKS

FEATURES = FeatureSettings(cutoffs=3)


@pytest.fixture(scope="module")
def settings(quick: TrainingSettings) -> TrainingSettings:
    return quick.model_copy(update={"purchases": "mbg_nbd"})


@pytest.fixture(scope="module")
def cutoffs(company_store: Store) -> Plan:
    return lay_plan(company_store, FEATURES)


@pytest.fixture(scope="module")
def cluster(company_store: Store, spark_settings: SparkSettings) -> Cluster:
    return Cluster(company_store.folder, spark_settings)


def _trained(store: Store, cutoffs: Plan, settings: TrainingSettings) -> Candidate:
    made = candidate.train(store, cutoffs, FEATURES, settings, say=lambda _: None)
    return candidate.with_effects(made, store, cutoffs, FEATURES, say=lambda _: None)


@pytest.fixture(scope="module")
def here(company_store: Store, cutoffs: Plan, settings: TrainingSettings) -> Candidate:
    return _trained(company_store, cutoffs, settings)


@pytest.fixture(scope="module")
def few(cluster: Cluster) -> Cluster:
    """The same cluster, of whose customers half come to the driver."""
    settings = cluster.settings.model_copy(update={"driver_customers": 1_500})
    return Cluster(cluster.folder, settings)


@pytest.fixture(scope="module")
def everybody(
    few: Cluster, cutoffs: Plan, here: Candidate, settings: TrainingSettings
) -> Everybody:
    return spark.learn(
        few, cutoffs, FEATURES, settings, names=here.past.names, themes=here.model.themes
    )


def test_where_all_customers_come_to_the_driver_the_model_is_the_same(
    cluster: Cluster, here: Candidate, cutoffs: Plan, settings: TrainingSettings
) -> None:
    there = _trained(cluster, cutoffs, settings)
    told, expected = (
        scoring.score(each.model, here.later).rows[list(scoring.FIGURES)] for each in (there, here)
    )
    pd.testing.assert_frame_equal(told, expected, rtol=1e-9)


def test_scores_are_those_of_the_embedded_engine(
    cluster: Cluster, company_store: Store, here: Candidate, cutoffs: Plan
) -> None:
    has = frozenset(here.model.provenance.records)
    present = company_store.take([cutoffs.scoring], FEATURES, has=has, themes=here.model.themes)
    expected = scoring.score(here.model, present, model_version="7")
    scores = spark.score(cluster, here.model, present, FEATURES, model_version="7")
    assert scores.provenance == expected.provenance
    rows = expected.rows.sort_values("customer_id", ignore_index=True)
    pd.testing.assert_frame_equal(scores.rows, rows, check_dtype=False, rtol=1e-6, atol=1e-6)


def test_a_model_goes_to_the_machines_as_its_files(here: Candidate) -> None:
    sent = pickle.loads(pickle.dumps(spark._Scorer(here.model)))  # noqa: S301
    by, arguments = spark._Scorer(here.model).__reduce__()
    assert by is spark._of_files
    assert set(arguments[0]) >= {"model.json", "trees.ubj"}
    np.testing.assert_array_equal(
        sent(here.later)["risk"], scoring.score(here.model, here.later).rows["risk"]
    )


def test_rows_of_other_definitions_are_refused(cluster: Cluster, here: Candidate) -> None:
    origin = here.later.provenance.model_copy(update={"horizon_days": 30})
    with pytest.raises(DefinitionError):
        spark.score(cluster, here.model, replace(here.later, provenance=origin), FEATURES)


def test_histories_are_counted_on_the_cluster(everybody: Everybody, here: Candidate) -> None:
    assert everybody.histories is not None
    expected, _ = Histories.of(*here.later.history).distinct()
    assert everybody.histories.customers == len(here.later)
    assert everybody.histories.x.size == expected.x.size
    model, same = PurchaseModel("mbg_nbd"), PurchaseModel("mbg_nbd")
    model.fit_histories(everybody.histories)
    same.fit(*here.later.history)
    assert model.params_ == pytest.approx(same.params_, rel=1e-6)


def test_trees_of_all_machines_are_no_worse(everybody: Everybody, here: Candidate) -> None:
    later, alone = here.judged, here.model.risk.trees
    assert isinstance(everybody.trees, TreeRisk)
    told, expected = (each.predict(later.rows) for each in (everybody.trees, alone))
    for measure, tolerance in ((log_loss, 0.005), (roc_auc_score, 0.01)):
        expect = pytest.approx(measure(later.churned, expected), abs=tolerance)
        assert measure(later.churned, told) == expect


def test_a_model_of_a_draw_has_what_was_learned_of_everybody(
    few: Cluster, here: Candidate, cutoffs: Plan, settings: TrainingSettings
) -> None:
    drawn = _trained(few, cutoffs, settings)
    assert 1_300 < len(drawn.snapshots.ids) < 1_700
    params = here.model.value.purchases.params_
    assert drawn.model.value.purchases.params_ == pytest.approx(params, rel=1e-6)
    later = here.judged
    told, expected = (each.model.risk.predict(later.rows) for each in (drawn, here))
    assert log_loss(later.churned, told) == pytest.approx(
        log_loss(later.churned, expected), abs=0.01
    )
