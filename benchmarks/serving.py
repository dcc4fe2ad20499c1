"""Answers over HTTP: Querencia beside `mlflow models serve` and BentoML as it is documented.

    python benchmarks/serving.py [--quick]

Everybody serves trees over the same features of CDNOW's customers, with one worker on loopback, and
is asked by the same client. Querencia's answers hold all its figures, or the risk from all its
members; the peers' hold the trees' probability. All are up at the same time and asked in turn,
several times over; CPU time is that of the servers' processes, and everybody's best time counts.
Without --quick there are more customers, requests and promotions.
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
from collections.abc import Iterator, Mapping, Sequence
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
BY_ID, ROW, HISTORY, MANY = (
    "score by id",
    "score a row",
    "score a history of 30",
    "score 1,000 rows",
)
ALONE = ", the risk alone"
MLFLOW = "mlflow models serve, a row"
PATIENCE = 120


class Sizes(NamedTuple):
    """How much is measured.

    Attributes:
        every: One customer in so many.
        requests: Of a lone client, at a time.
        seconds: With several connections, at a time.
        times: Rounds, in each of which everybody is asked everything: what comes in between only
            adds, so the best tells.
        promotions: Under load.
    """

    every: int
    requests: int
    seconds: float
    times: int
    promotions: int


FULL, QUICK = Sizes(1, 1_000, 2, 7, 20), Sizes(10, 200, 0.5, 5, 4)


class Question(NamedTuple):
    """A request, and whom it goes to."""

    ask: Asker
    request: bytes

    def count(self, sizes: Sizes) -> int:
        """How many a lone client asks at a time: fewer of large ones."""
        return max(20, sizes.requests // (1 + len(self.request) // 10_000))


class Figures(NamedTuple):
    cpu_us: float
    p50_ms: float
    per_second: float


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
    customer_id = ScoreFile(settings.data).read().rows["customer_id"].iloc[7]
    configured = str(folder / "q.toml")
    with (
        server.running(patience_seconds=PATIENCE, QUERENCIA_CONFIG=configured) as own,
        mlflow_serve(folder, champion.model.risk.trees.booster_) as mlflow,
        bentoml_serve(folder) as documented,
    ):
        score = Asker(own.host, own.port, "/score")
        asked = questions(customer_id, rows(settings, champion, 1000), score, mlflow, documented)
        best = table(asked, sizes)
        failed = promotions(settings, score, {"customer_ids": [customer_id]}, sizes.promotions)
    print(f"\n{sizes.promotions} promotions under load: {failed} requests failed\n")
    per_second = best[MLFLOW].per_second
    return {
        "cpu_us_score_id": round(best[BY_ID].cpu_us, 1),
        "cpu_us_row": round(best[ROW].cpu_us, 1),
        "cpu_us_row_risk": round(best[ROW + ALONE].cpu_us, 1),
        "history_p50_ms": round(best[HISTORY].p50_ms, 3),
        "history_risk_p50_ms": round(best[HISTORY + ALONE].p50_ms, 3),
        "rps_vs_mlflow": round(best[BY_ID].per_second / per_second, 1),
        "rps_row_vs_mlflow": round(best[ROW].per_second / per_second, 1),
        "cpu_ms_1000_rows": round(best[MANY].cpu_us / 1000, 2),
        "cpu_ms_1000_rows_risk": round(best[MANY + ALONE].cpu_us / 1000, 2),
        "failed_during_promotions": failed,
    }


def questions(
    customer_id: str, many: dict[str, Any], score: Asker, mlflow: Asker, documented: Asker
) -> dict[str, Question]:
    """What each server is asked, by the name of the line."""
    full = filled(many)
    one, full_one = (each | {"data": each["data"][:1]} for each in (many, full))
    posted: dict[str, dict[str, Any]] = {
        ROW: {"rows": one},
        HISTORY: {"histories": [history()]},
        MANY: {"rows": many},
    }
    asked: dict[str, tuple[Asker, Any]] = {
        BY_ID: (score, {"customer_ids": [customer_id]}),
        "score 1,000 ids": (score, {"customer_ids": [customer_id] * 1000}),
    }
    for name, body in posted.items():
        asked |= {name: (score, body), name + ALONE: (score, body | {"figures": ["risk"]})}
    asked |= {
        MLFLOW: (mlflow, {"dataframe_split": full_one}),
        "mlflow models serve, 1,000 rows": (mlflow, {"dataframe_split": full}),
        "BentoML as documented, a row": (documented, {"rows": full_one["data"]}),
        "BentoML as documented, 1,000 rows": (documented, {"rows": full["data"]}),
    }
    return {name: Question(ask, ask.request(body)) for name, (ask, body) in asked.items()}


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


def table(asked: Mapping[str, Question], sizes: Sizes) -> dict[str, Figures]:
    """Ask everything in turn, several times over; print and return the best of each."""
    for each in asked.values():
        asyncio.run(client(each.ask, each.request, each.count(sizes) // 2))
    rounds = [
        {name: measured(each, sizes) for name, each in asked.items()} for _ in range(sizes.times)
    ]
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f}; best of {sizes.times} rounds")
    print(f"{'':<40}{'CPU us':>9}{'p50 ms':>9}{'requests/s':>12}")
    return {name: line(name, [found[name] for found in rounds]) for name in asked}


def line(name: str, found: Sequence[Figures]) -> Figures:
    cpu_us, p50_ms, per_second = zip(*found, strict=True)
    best = Figures(min(cpu_us), min(p50_ms), max(per_second))
    print(f"{name:<40}{best.cpu_us:>9.0f}{best.p50_ms:>9.2f}{best.per_second:>12.0f}", flush=True)
    return best


def measured(asked: Question, sizes: Sizes) -> Figures:
    """CPU and requests a second at several connections at once; the median of a lone one."""
    took = asyncio.run(client(asked.ask, asked.request, asked.count(sizes)))
    before = cpu_seconds()
    answered = at_once(asked, sizes.seconds)
    cpu_us = 1e6 * (cpu_seconds() - before) / answered
    return Figures(cpu_us, 1e3 * median(took), answered / sizes.seconds)


def cpu_seconds() -> float:
    """CPU time of all the processes that this one started, so far."""
    times = [process.cpu_times() for process in psutil.Process().children(recursive=True)]
    return float(sum(each.user + each.system for each in times))


def at_once(asked: Question, seconds: float) -> int:
    """How many requests were answered in so long, over several connections at once."""
    host, port = asked.ask.host, asked.ask.port

    async def one(until: float) -> int:
        reader, writer = await asyncio.open_connection(host, port, limit=1 << 24)
        count = 0
        while time.perf_counter() < until:
            writer.write(asked.request)
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
    with (folder / f"{port}.log").open("w") as log:
        environment = os.environ | {"BENTOML_DO_NOT_TRACK": "true", "PATH": path_of_programs()}
        process = subprocess.Popen(  # noqa: S603 - the arguments are ours
            [sys.executable, *command], stdout=log, stderr=log, cwd=folder, env=environment
        )
    children: list[psutil.Process] = []
    try:
        deadline = time.monotonic() + PATIENCE
        while not is_up(port, path):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((folder / f"{port}.log").read_text()[-2000:])
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
