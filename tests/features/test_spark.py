"""Snapshots on a real stand-alone cluster: master and two workers, each a process, on loopback."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features import company, intake, snapshot, spark
from features.records import CONTRACTS
from features.settings import FeatureSettings
from features.sources import Source
from features.store import Store

pyspark = pytest.importorskip("pyspark", reason="needs the extra `spark`: make spark")

pytestmark = [
    pytest.mark.timeout(600),
    # pyspark 4.3 tells of pandas 3 at each call.
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # py4j leaves sockets to the collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ROOT = Path(__file__).parents[2]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(stack: ExitStack, folder: Path, *arguments: str) -> Path:
    """A Spark process for as long as the stack lives; returns what it writes."""
    log = folder / f"{arguments[0].rpartition('.')[2]}{_free_port()}.log"
    home = Path(pyspark.__file__).parent
    environment = os.environ | {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
        "PYSPARK_PYTHON": sys.executable,
    }
    output = stack.enter_context(log.open("w"))
    process = subprocess.Popen(
        [home / "bin" / "spark-class", *arguments], stdout=output, stderr=output, env=environment
    )
    stack.callback(process.wait)
    stack.callback(process.kill)
    return log


def _wait_for(log: Path, pattern: str) -> None:
    deadline = time.monotonic() + 90
    while not re.search(pattern, log.read_text()):
        assert time.monotonic() < deadline, log.read_text()[-2000:]
        time.sleep(0.2)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("spark")
    port = _free_port()
    master = f"spark://127.0.0.1:{port}"
    with ExitStack() as stack:
        log = _start(
            stack, folder, "org.apache.spark.deploy.master.Master",
            "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0",
        )  # fmt: skip
        _wait_for(log, "Starting Spark master")
        for number in (1, 2):
            log = _start(
                stack, folder, "org.apache.spark.deploy.worker.Worker",
                "--host", "127.0.0.1", "--cores", "1", "--memory", "1g", "--webui-port", "0",
                "--work-dir", str(folder / f"work{number}"), master,
            )  # fmt: skip
            _wait_for(log, "Successfully registered with master")
        session = (
            pyspark.sql.SparkSession.builder.master(master)
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.executor.memory", "700m")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.session.timeZone", "UTC")
            .getOrCreate()
        )
        yield session
        session.stop()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("company")
    tables = company.simulate(400, random_state=3).tables
    ends = pd.Timestamp("2025-06-01", tz="UTC") + pd.to_timedelta(range(400), unit="D")
    tables["customers"] = tables["customers"].assign(contract_ends_at=ends)
    for name in CONTRACTS:
        if name in tables:
            path = folder / f"{name}.parquet"
            tables[name].to_parquet(path, index=False)
            intake.take_in(Source(path), CONTRACTS[name], folder, FeatureSettings())
    intake.refer(folder)
    return Store(folder)


def _sorted(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values(["customer_id", "cutoff"], ignore_index=True)


def test_a_cluster_gives_the_rows_of_the_embedded_engine(cluster: Any, store: Store) -> None:
    settings = FeatureSettings()
    plan = settings.plan(*store.span())
    assert plan is not None
    cutoffs = (*plan.training, plan.evaluation)
    made = {"has": store.has, "observed_until": plan.scoring}
    here = _sorted(snapshot.take(store.records(), cutoffs, settings, **made).rows)
    there = spark.take(cluster, store, cutoffs, settings, partitions=5, **made)
    rows = there.toArrow().to_pandas()
    there = _sorted(rows.assign(cutoff=pd.to_datetime(rows["cutoff"], utc=True)))
    assert list(there.columns) == list(here.columns)
    assert there["customer_id"].tolist() == here["customer_id"].tolist()
    assert (there["cutoff"] == here["cutoff"]).all()
    numbers = here.columns.drop(["customer_id", "cutoff"])
    np.testing.assert_allclose(
        there[numbers].to_numpy(float), here[numbers].to_numpy(float), rtol=1e-9
    )
    assert cluster.sparkContext.master.startswith("spark://")
