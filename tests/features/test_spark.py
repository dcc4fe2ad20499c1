"""Snapshots on a real stand-alone cluster are those of the embedded engine."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pytest

from features import company, spark
from features.errors import QuerenciaError
from features.settings import FeatureSettings, SparkSettings
from features.snapshot import Snapshot
from features.spark import Cluster
from features.store import Store
from tests.cluster import MARKS

pytestmark = MARKS


@pytest.fixture(scope="module")
def store(make_store: Callable[..., Store]) -> Store:
    tables: Mapping[str, pd.DataFrame] = company.simulate(400, random_state=3).tables
    ends = pd.Timestamp("2025-06-01", tz="UTC") + pd.to_timedelta(range(400), unit="D")
    customers = tables["customers"].assign(contract_ends_at=ends)
    return make_store(**{**tables, "customers": customers})


@pytest.fixture(scope="module")
def cluster(store: Store, spark_settings: SparkSettings) -> Cluster:
    return Cluster(store.folder, spark_settings)


def _looked_at(store: Store, **how: object) -> Snapshot:
    settings = FeatureSettings()
    plan = settings.plan(*store.span())
    assert plan is not None
    cutoffs = (*plan.training, plan.evaluation)
    return store.take(cutoffs, settings, **{"observed_until": plan.scoring, **how})  # type: ignore[arg-type]


def _assert_same(there: Snapshot, here: Snapshot) -> None:
    assert there.names == here.names
    assert there.provenance == here.provenance
    rows, expected = (
        each.rows.sort_values(["customer_id", "cutoff"], ignore_index=True)
        for each in (there, here)
    )
    pd.testing.assert_frame_equal(rows, expected, rtol=1e-9, atol=1e-12)


def test_a_cluster_gives_the_rows_of_the_embedded_engine(cluster: Cluster, store: Store) -> None:
    _assert_same(_looked_at(cluster, has=store.has), _looked_at(store, has=store.has))
    assert cluster.session.sparkContext.master.startswith("spark://")
    assert not list(store.folder.glob("*.new"))


def test_what_a_model_does_not_know_is_not_looked_at(cluster: Cluster, store: Store) -> None:
    knows = frozenset(name for name in store.has if name.startswith("transactions"))
    how = {"has": knows, "only": frozenset({"frequency", "T"}), "observed_until": None}
    taken = _looked_at(cluster, **how)
    assert taken.names == ("frequency", "T")
    _assert_same(taken, _looked_at(store, **how))


def test_the_same_customers_are_drawn_by_either_engine(cluster: Cluster, store: Store) -> None:
    some = _looked_at(cluster.drawn(150), has=store.has)
    assert 100 < len(some.ids) < 200
    _assert_same(some, _looked_at(store.drawn(150), has=store.has))


def test_without_pyspark_it_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spark, "find_spec", lambda _: None)
    with pytest.raises(QuerenciaError, match=r"querencia\[spark\]"):
        _ = Cluster(tmp_path, SparkSettings()).session


def test_a_master_that_is_none_is_named(tmp_path: Path, spark_settings: SparkSettings) -> None:
    spark.release()  # else there is a session already
    asked = spark_settings.model_copy(update={"master": "spork://host:7077"})
    with pytest.raises(QuerenciaError, match=r"spork://host:7077.*spark\.master"):
        _ = Cluster(tmp_path, asked).session
