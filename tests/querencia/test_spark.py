"""The verbs on a real stand-alone cluster, by one entry of the configuration."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features import spark
from features.settings import SparkSettings
from features.spark import Cluster
from features.store import Store
from querencia import jobs, run, shows
from serving import batch
from serving.batch import ScoreFile
from serving.settings import Settings, load
from tests.cluster import MARKS, ROOT
from training.champion import Champion
from training.model import Model

pytestmark = [*MARKS, pytest.mark.usefixtures("workplace")]


def hush(_: str) -> None:
    """Say nothing."""


@pytest.fixture
def embedded(trained: Settings, workplace: Path) -> Settings:
    for name in ("data", "mlruns"):
        shutil.copytree(trained.data.parent / name, workplace / name)
    return trained.model_copy(update={"data": workplace / "data", "store": workplace / "mlruns"})


@pytest.fixture
def spread(embedded: Settings, workplace: Path, spark_settings: SparkSettings) -> Settings:
    """The same, with `engine = "spark"` in the file."""
    written = embedded.model_copy(update={"engine": "spark", "spark": spark_settings})
    (workplace / "querencia.toml").write_text(shows.configuration(written))
    return load()


def test_one_entry_says_what_looks_at_the_records(workplace: Path) -> None:
    assert type(load().records) is Store
    (workplace / "querencia.toml").write_text(
        'engine = "spark"\n[spark]\nmaster = "spark://host:7077"\n'
        'options."spark.executor.memory" = "4g"\n'
    )
    records = load().records
    assert isinstance(records, Cluster)
    assert records.settings.master == "spark://host:7077"
    assert records.settings.options == {"spark.executor.memory": "4g"}


def test_scores_and_models_are_the_same_by_either_engine(
    embedded: Settings, spread: Settings
) -> None:
    expected, _ = jobs.score(embedded, hush)
    scores, path = jobs.score(spread, hush)
    rows = expected.rows.sort_values("customer_id", ignore_index=True)
    pd.testing.assert_frame_equal(scores.rows, rows, check_dtype=False, rtol=1e-6, atol=1e-6)
    assert pd.read_parquet(path)["customer_id"].is_monotonic_increasing
    version = jobs.train(spread, hush).version
    registry = embedded.registry
    first = registry.version(1)
    assert first is not None
    before, after = (Model.load(registry.fetch(each)) for each in (first, version))
    champion = Champion.require(registry)
    present = batch.look(embedded.records, champion, embedded.features)
    np.testing.assert_allclose(after.risk.predict(present), before.risk.predict(present), rtol=1e-9)


def test_a_run_gives_the_cluster_back(spread: Settings) -> None:
    records = spread.records
    assert isinstance(records, Cluster)
    session = records.session
    run.run(spread, hush, steps={"score": run.STEPS["score"]})
    assert session.sparkContext._jsc is None
    spark.release()


def test_a_driver_killed_at_work_leaves_the_scores_and_a_later_job_clears_up(
    spread: Settings, workplace: Path
) -> None:
    before = ScoreFile(spread.data).path.read_bytes()
    command = [sys.executable, "-c", "from querencia.command import main; main()", "score"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    with (workplace / "log").open("w") as log:
        driver = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        while not list(spread.data.glob("workspace.*.new")):
            assert driver.poll() is None, (workplace / "log").read_text()
            time.sleep(0.05)
        driver.kill()
        driver.wait()
    assert ScoreFile(spread.data).path.read_bytes() == before
    for left in spread.data.glob("workspace.*.new"):
        os.utime(left, (0, 0))  # nobody writes it any more
    jobs.score(spread, hush)
    assert not list(spread.data.glob("*.new"))
