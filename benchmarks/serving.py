"""Answers over HTTP: Querencia beside `mlflow models serve` and BentoML as it is documented.

    python benchmarks/serving.py [--quick]

Everybody serves trees over the same features of CDNOW's customers, with one worker on loopback, and
is asked by the same client. Querencia's answers hold all its figures, or the risk from all its
members; the peers' hold the trees' probability. CPU time is that of the server's processes. Without
--quick there are more customers, more requests and more promotions.
"""

import os
import sys

os.environ |= {"OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
sys.path[0] += "/asking"  # not this folder, whose features.py is not the package

import argparse
import asyncio
import json
import subprocess
import tempfile
import textwrap
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import psutil
from asker import Asker, answer, client, history, trained, version

from features.store import Store
from querencia import server
from serving import batch, rescore
from serving.batch import ScoreFile
from serving.settings import Settings
from training.champion import CHAMPION, Champion

CONNECTIONS = 8
PAST = {"histories": [history()]}
RISK = {"figures": ["risk"]}
PATIENCE = 120


class Sizes(NamedTuple):
    every: int
    requests: int
    seconds: float
    promotions: int


FULL, QUICK = Sizes(1, 2_000, 5, 20), Sizes(10, 1_000, 2, 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer customers and requests")
    sizes = QUICK if parser.parse_args().quick else FULL
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="querencia-bench-") as folder:
        print(json.dumps(report(Path(folder), sizes)))


def report(folder: Path, sizes: Sizes) -> dict[str, float]:
    """Print the table; returns the figures."""
    settings = trained(folder, every=sizes.every)
    champion = rescore.load(settings, 1)
    many = rows(settings, champion, 1000)
    one = many | {"data": many["data"][:1]}
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"{len(many['columns'])} features, {machine}")
    print(f"{'':<36}{'CPU us':>9}{'p50 ms':>9}{'requests/s':>12}")

    with server.running(patience_seconds=PATIENCE, QUERENCIA_CONFIG=str(folder / "q.toml")) as own:
        customer_id = ScoreFile(settings.data).read().rows["customer_id"].iloc[7]
        ask = Asker(own.host, own.port, "/score")
        by_id = line("score by id", ask, {"customer_ids": [customer_id]}, sizes)
        line("score 1,000 ids", ask, {"customer_ids": [customer_id] * 1000}, sizes)
        row = line("score a row", ask, {"rows": one}, sizes)
        row_risk = line("score a row, the risk alone", ask, {"rows": one} | RISK, sizes)
        posted = line("score a history of 30", ask, PAST, sizes)
        past_risk = line("score a history, the risk alone", ask, PAST | RISK, sizes)
        thousand = line("score 1,000 rows", ask, {"rows": many}, sizes)
        risks = line("score 1,000 rows, the risk alone", ask, {"rows": many} | RISK, sizes)
        failed = promotions(settings, ask, {"customer_ids": [customer_id]}, sizes.promotions)
        print(f"\n{sizes.promotions} promotions under load: {failed} requests failed\n")
    one, many = filled(one), filled(many)
    with mlflow_serve(folder, champion.model.risk.trees.booster_) as ask:
        mlflow = line("mlflow models serve, a row", ask, {"dataframe_split": one}, sizes)
        line("mlflow models serve, 1,000 rows", ask, {"dataframe_split": many}, sizes)
    with bentoml_serve(folder) as ask:
        line("BentoML as documented, a row", ask, {"rows": one["data"]}, sizes)
        line("BentoML as documented, 1,000 rows", ask, {"rows": many["data"]}, sizes)
    return {
        "cpu_us_score_id": round(by_id.cpu_us, 1),
        "cpu_us_row": round(row.cpu_us, 1),
        "cpu_us_row_risk": round(row_risk.cpu_us, 1),
        "history_p50_ms": round(posted.p50_ms, 3),
        "history_risk_p50_ms": round(past_risk.p50_ms, 3),
        "rps_vs_mlflow": round(by_id.per_second / mlflow.per_second, 1),
        "rps_row_vs_mlflow": round(row.per_second / mlflow.per_second, 1),
        "cpu_ms_1000_rows": round(thousand.cpu_us / 1000, 2),
        "cpu_ms_1000_rows_risk": round(risks.cpu_us / 1000, 2),
        "failed_during_promotions": failed,
    }


def rows(settings: Settings, champion: Champion, count: int) -> dict[str, Any]:
    """So many of the customers' rows, as they are posted; with few customers some come again."""
    present = batch.look(Store(settings.data), champion, settings.features)
    chosen = present.select(np.resize(np.arange(len(present)), count)).rows
    values = chosen[list(champion.model.features)].astype(object)
    data = values.where(values.notna(), None).to_numpy().tolist()
    return {"columns": [*champion.model.features], "data": data}


def filled(rows: dict[str, Any]) -> dict[str, Any]:
    """Rows without nulls, of which the peers would make objects, which trees do not take."""
    data = [[0.0 if value is None else value for value in row] for row in rows["data"]]
    return rows | {"data": data}


class Figures(NamedTuple):
    cpu_us: float
    p50_ms: float
    per_second: float


def line(name: str, ask: Asker, body: Any, sizes: Sizes) -> Figures:
    """CPU and requests a second at several connections at once; the median of a lone one."""
    request = ask.request(body)
    count = max(20, sizes.requests // (1 + len(request) // 10_000))
    asyncio.run(client(ask, request, count // 10))
    took = asyncio.run(client(ask, request, count))
    before = cpu_seconds()
    answered = asked(ask, request, sizes.seconds)
    cpu_us = 1e6 * (cpu_seconds() - before) / answered
    figures = Figures(cpu_us, 1e3 * median(took), answered / sizes.seconds)
    print(
        f"{name:<36}{figures.cpu_us:>9.0f}{figures.p50_ms:>9.2f}{figures.per_second:>12.0f}",
        flush=True,
    )
    return figures


def cpu_seconds() -> float:
    """CPU time of all the processes that this one started, so far."""
    times = [process.cpu_times() for process in psutil.Process().children(recursive=True)]
    return sum(each.user + each.system for each in times)


def asked(ask: Asker, request: bytes, seconds: float) -> int:
    """How many requests were answered in so long, over several connections at once."""

    async def one(until: float) -> int:
        reader, writer = await asyncio.open_connection(ask.host, ask.port, limit=1 << 24)
        count = 0
        while time.perf_counter() < until:
            writer.write(request)
            await answer(reader)
            count += 1
        writer.close()
        return count

    async def all_() -> int:
        until = time.perf_counter() + seconds
        return sum(await asyncio.gather(*(one(until) for _ in range(CONNECTIONS))))

    return asyncio.run(all_())


def promotions(settings: Settings, ask: Asker, body: Any, count: int) -> int:
    """How many requests fail while champions come and go."""
    failed, done = [0], threading.Event()
    request = ask.request(body)

    async def on_and_on() -> None:
        while not done.is_set():
            try:
                await client(ask, request, 50)
            except (OSError, RuntimeError, asyncio.IncompleteReadError):
                failed[0] += 1

    asking = threading.Thread(target=lambda: asyncio.run(on_and_on()))
    asking.start()
    try:
        for i in range(count):
            number = 2 - i % 2
            settings.registry.set_alias(CHAMPION, number)
            until_it_answers(ask, number)
    finally:
        done.set()
        asking.join()
    return failed[0]


def until_it_answers(ask: Asker, number: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while version(ask) != number:
        if time.monotonic() > deadline:
            raise RuntimeError(f"version {number} does not answer within {PATIENCE} s")
        time.sleep(0.05)


@contextmanager
def mlflow_serve(folder: Path, booster: Any) -> Iterator[Asker]:
    import mlflow.xgboost

    booster.save_model(folder / "trees.ubj")
    # Requirements are named, for to infer them MLflow would load the model in another process.
    mlflow.xgboost.save_model(booster, folder / "mlflow-model", pip_requirements=["xgboost"])
    port = server._free_port()
    command = ["-m", "mlflow", "models", "serve", "-m", str(folder / "mlflow-model")]
    options = ["--env-manager", "local", "--port", str(port), "--workers", "1"]
    with started([*command, *options], port, "/ping", folder):
        yield Asker("127.0.0.1", port, "/invocations")


_DOCUMENTED = """
    import bentoml, numpy as np, xgboost as xgb

    @bentoml.service
    class Trees:
        def __init__(self) -> None:
            self.booster = xgb.Booster(model_file="trees.ubj")

        @bentoml.api
        def predict(self, rows: np.ndarray) -> np.ndarray:
            return self.booster.predict(xgb.DMatrix(rows))
"""


@contextmanager
def bentoml_serve(folder: Path) -> Iterator[Asker]:
    (folder / "documented.py").write_text(textwrap.dedent(_DOCUMENTED))
    port = server._free_port()
    command = ["-m", "bentoml", "serve", "documented:Trees", "--host", "127.0.0.1"]
    with started([*command, "--port", str(port)], port, "/readyz", folder):
        yield Asker("127.0.0.1", port, "/predict")


@contextmanager
def started(command: Sequence[str], port: int, path: str, folder: Path) -> Iterator[None]:
    """A server of another's, until the block ends."""
    with (folder / "peer.log").open("w") as log:
        environment = os.environ | {"BENTOML_DO_NOT_TRACK": "true", "PATH": path_of_programs()}
        process = subprocess.Popen(  # noqa: S603 - the arguments are ours
            [sys.executable, *command], stdout=log, stderr=log, cwd=folder, env=environment
        )
    children: list[psutil.Process] = []
    try:
        deadline = time.monotonic() + PATIENCE
        while not is_up(port, path):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((folder / "peer.log").read_text()[-2000:])
            time.sleep(0.3)
        children += psutil.Process(process.pid).children(recursive=True)
        yield
    finally:
        for each in children:
            with suppress(psutil.NoSuchProcess):
                each.terminate()
        process.terminate()
        process.wait(timeout=60)


def path_of_programs() -> str:
    """Where programs are looked for: first beside this Python, where MLflow expects uvicorn."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def is_up(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    main()
