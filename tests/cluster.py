"""A real stand-alone Spark cluster: master and two workers, each a process, on loopback."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from features.settings import SparkSettings
from features.spark import release

ROOT = Path(__file__).parents[1]

MARKS = [
    pytest.mark.timeout(900),
    # pyspark 4.3 tells of pandas 3 at each call.
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # py4j leaves sockets to the collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@contextmanager
def stand_alone(folder: Path) -> Iterator[SparkSettings]:
    """A cluster for as long as the block runs, and the one session of this process on it."""
    pytest.importorskip("pyspark", reason="needs the extra `spark`: make spark")
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
        options = {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.executor.memory": "700m",
            "spark.ui.enabled": "false",
        }
        stack.callback(release)
        yield SparkSettings(master=master, partition_rows=10_000, options=options)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(stack: ExitStack, folder: Path, *arguments: str) -> Path:
    """A Spark process for as long as the stack lives; returns what it writes."""
    import pyspark

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
