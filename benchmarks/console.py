"""The console's pages: server time and size of each, at 100,000 customers.

    python benchmarks/console.py [--quick] [--config querencia.toml]

Each page is asked for in this process, without a network: once when nothing has been read yet, then
again and again. Time of the CPU and on the clock, and bytes as they are sent, compressed. With
--config it is the console of a company of your own. With --quick there are fewer customers.
"""

import os
import sys

os.environ |= {"OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
sys.path.pop(0)  # this folder, whose features.py is not the package

import argparse
import asyncio
import json
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from querencia import jobs
from serving.batch import ScoreFile
from serving.console import secret
from serving.console.masks import Masks
from serving.http.application import Application
from serving.http.meters import Meters
from serving.settings import ServiceSettings, Settings, load
from serving.watch import Watch
from training.settings import TrainingSettings, TreeSettings

CUSTOMERS, QUICK = 100_000, 3_000
TIMES = 7
PATIENCE = 600


class Asked(NamedTuple):
    """What a page took: seconds of CPU and on the clock, and bytes sent."""

    cpu: float
    wall: float
    size: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer customers")
    parser.add_argument("--config", type=Path, help="of a company that has scores already")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="querencia-bench-") as folder:
        settings = (
            configured(given.config)
            if given.config
            else simulated(Path(folder), QUICK if given.quick else CUSTOMERS)
        )
        print(json.dumps(report(settings)))


def configured(path: Path) -> Settings:
    os.environ["QUERENCIA_CONFIG"] = str(path.absolute())
    os.chdir(path.absolute().parent)
    return load(service=ServiceSettings(log_requests=False))


def simulated(folder: Path, customers: int) -> Settings:
    """A company with all tables, scored by a model that was made quickly, and its first list."""
    settings = Settings.model_construct(
        data=folder / "data",
        store=folder / "mlruns",
        training=TrainingSettings(trees=TreeSettings(rounds=20)),
        service=ServiceSettings(log_requests=False),
    )
    settings = settings.model_copy(
        update={"features": settings.features.model_copy(update={"cutoffs": 3})}
    )

    def say(what: str) -> None:
        print(f"  {what}", file=sys.stderr)

    jobs.check(settings, jobs.built_in("company", folder, customers=customers), say)
    jobs.train(settings, say)
    jobs.score(settings, say)
    jobs.flag(settings)
    return settings


def report(settings: Settings) -> dict[str, float]:
    """Print the table; returns the figures."""
    edition = Watch(settings).edition
    app = Application(settings, lambda: edition, Meters())
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"{len(edition.places):,} customers, {machine}")
    print(f"{'':<28}{'first s':>9}{'CPU ms':>9}{'p50 ms':>9}{'most ms':>9}{'kB sent':>9}")
    lines = {name: line(app, name, path) for name, path in pages(settings)}
    made = {name: each for name, each in lines.items() if name != "list as CSV"}
    return {
        "customers": len(edition.places),
        "slowest_cpu_ms": round(1e3 * max(each.cpu for each in lines.values()), 1),
        "slowest_p50_ms": round(1e3 * max(each.wall for each in lines.values()), 1),
        "largest_page_kb": round(max(each.size for each in made.values()) / 1000, 1),
    }


def pages(settings: Settings) -> Iterator[tuple[str, Callable[[], str]]]:
    """Each page with what tells its address; budgets and customers are other ones every time."""
    fresh, rows = count(1), ScoreFile(settings.data).read().rows
    masks, driver = Masks(secret.of(settings.data)), rows["driver"].mode()[0]
    customers = iter(rows["customer_id"].sample(10 * TIMES, random_state=0))
    yield "list", lambda: ""
    yield "list, page 2, sorted", lambda: "?page=2&sort=risk"
    yield "list, another budget", lambda: f"?budget={100 + 17 * next(fresh)}"
    yield "list, budget and driver", lambda: f"?budget={100 + 17 * next(fresh)}&driver={driver}"
    yield "who is about to leave", lambda: "?view=leaving"
    yield "list as CSV", lambda: "/list.csv"
    yield "make it a campaign", lambda: "/campaigns/new"
    yield "customer", lambda: f"/customer/{masks.token(next(customers))}"
    for name in ("campaigns", "indicators", "journey", "voice", "model", "data"):
        yield name, partial(str, f"/{name}")


def line(app: Application, name: str, path: Callable[[], str]) -> Asked:
    began = time.perf_counter()
    asyncio.run(until_there(app, path()))
    first = time.perf_counter() - began
    took = [asyncio.run(page(app, path()))[1] for _ in range(TIMES)]
    cpu, wall, size = (median(each) for each in zip(*took, strict=True))
    most = max(each.wall for each in took)
    print(
        f"{name:<28}{first:>9.2f}{1e3 * cpu:>9.1f}{1e3 * wall:>9.1f}{1e3 * most:>9.1f}"
        f"{size / 1000:>9.1f}",
        flush=True,
    )
    return Asked(cpu, wall, size)


async def until_there(app: Application, path: str) -> None:
    """Ask as a browser does, until what the page tells has been gathered."""
    deadline = time.monotonic() + PATIENCE
    while (await page(app, path))[0] == 202:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{path} is not there within {PATIENCE} s")
        await asyncio.sleep(0.05)


async def page(app: Application, path: str) -> tuple[int, Asked]:
    """The status of a page, and what it took."""
    sent: list[Any] = []
    way, _, query = f"/console{path}".partition("?")
    scope = {
        "type": "http",
        "method": "GET",
        "path": way,
        "raw_path": way.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": query.encode(),
        "headers": [(b"host", b"localhost"), (b"accept-encoding", b"gzip")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    cpu, wall = time.process_time(), time.perf_counter()
    await app(scope, receive, send)
    took = time.process_time() - cpu, time.perf_counter() - wall
    status = sent[0]["status"]
    if status not in (200, 202):
        raise RuntimeError(f"{path} is answered with {status}")
    return status, Asked(*took, sum(len(each.get("body", b"")) for each in sent))


if __name__ == "__main__":
    main()
