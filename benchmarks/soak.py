"""The service under mixed load for a while, with promotions: does memory grow, does anything fail?

    python benchmarks/soak.py [--minutes 30] [--rate 100] [--quick]

Scores by id, posted histories, rows of features, explanations, lists and malformed bodies, from
four clients on loopback; every half a minute another version becomes champion. The slope is that of
the worker's memory over the second half, when nothing is being made for the first time.
"""

import os
import sys

os.environ |= {"OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
sys.path[0] += "/asking"  # not this folder, whose features.py is not the package

import argparse
import asyncio
import json
import tempfile
import threading
import time
import warnings
from collections import Counter
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psutil
from asker import Asker, history, trained

from querencia import server
from serving import rescore
from serving.batch import ScoreFile
from serving.settings import Settings
from training.champion import CHAMPION

CLIENTS = 4
PROMOTE_SECONDS = 30
LOOK_SECONDS = 15


class Asked(NamedTuple):
    """One kind of request, and the status it should have."""

    path: str
    body: bytes
    status: int = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=100, help="requests a second")
    parser.add_argument("--quick", action="store_true", help="for half a minute")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="querencia-soak-") as name:
        settings = trained(Path(name), every=10)
        configured = str(Path(name) / "q.toml")
        with server.running(patience_seconds=300, QUERENCIA_CONFIG=configured) as service:
            seconds = 30 if given.quick else 60 * given.minutes
            print(json.dumps(soak(settings, service, seconds=seconds, rate=given.rate)))


def soak(
    settings: Settings, service: server.Running, *, seconds: float, rate: float
) -> dict[str, Any]:
    """Ask for so long; returns what came of it."""
    done, told = threading.Event(), Counter[str]()
    threads = [
        threading.Thread(target=promote, args=[settings, done, told]),
        threading.Thread(target=lambda: asyncio.run(load(settings, service, rate, done, told))),
    ]
    for each in threads:
        each.start()
    memory = watch(service, seconds, told)
    done.set()
    for each in threads:
        each.join()
    half = memory[len(memory) // 2 :]
    slope = np.polyfit([at / 3600 for at, _ in half], [mb for _, mb in half], 1)[0]
    return {
        "minutes": round(seconds / 60, 1),
        "requests": told.total() - told["promoted"],
        "failed": told["failed"],
        "promotions": told["promoted"],
        "memory_mb_first": round(memory[0][1], 1),
        "memory_mb_last": round(memory[-1][1], 1),
        "memory_mb_an_hour": round(float(slope), 2),
    }


def watch(service: server.Running, seconds: float, told: Counter[str]) -> list[tuple[float, float]]:
    """The worker's memory over time: seconds since the beginning, and MB."""
    began, memory = time.monotonic(), []
    print(f"{'minutes':>8}{'memory MB':>11}{'requests':>10}{'failed':>8}{'promoted':>10}")
    while (at := time.monotonic() - began) < seconds:
        time.sleep(min(LOOK_SECONDS, seconds / 10))
        memory.append((at, megabytes(service)))
        asked = told.total() - told["promoted"]
        counts = f"{asked:>10}{told['failed']:>8}{told['promoted']:>10}"
        print(f"{at / 60:>8.1f}{memory[-1][1]:>11.1f}{counts}", flush=True)
    return memory


def megabytes(service: server.Running) -> float:
    """Of the worker that answers, but not of what it starts to score beside."""
    children = psutil.Process(service.process.pid).children()
    return float(sum(each.memory_info().rss for each in children) / 1e6)


def promote(settings: Settings, done: threading.Event, told: Counter[str]) -> None:
    """Let one version and the other serve in turn."""
    for number in cycle((2, 1)):
        if done.wait(PROMOTE_SECONDS):
            return
        settings.registry.set_alias(CHAMPION, number)
        told["promoted"] += 1


async def load(
    settings: Settings,
    service: server.Running,
    rate: float,
    done: threading.Event,
    told: Counter[str],
) -> None:
    """Ask at this rate until it is done."""
    kinds = mixed(settings)
    ask = [one(service, kinds[i:] + kinds[:i], rate / CLIENTS, done, told) for i in range(CLIENTS)]
    await asyncio.gather(*ask)


async def one(
    service: server.Running,
    kinds: list[Asked],
    rate: float,
    done: threading.Event,
    told: Counter[str],
) -> None:
    """One client, which connects anew after a failure."""
    due = time.monotonic()
    connected = None
    for kind in cycle(kinds):
        if done.is_set():
            return
        due = max(due + 1 / rate, time.monotonic() - 1)  # late by a second at most, then fewer
        await asyncio.sleep(max(0, due - time.monotonic()))
        try:
            connected = connected or await asyncio.open_connection(service.host, service.port)
            status = await asked(service, kind, *connected)
        except (OSError, asyncio.IncompleteReadError):
            connected, status = None, 0
        told["answered" if status == kind.status else "failed"] += 1


async def asked(
    service: server.Running,
    kind: Asked,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> int:
    """The status of the answer, once all of it has come."""
    writer.write(Asker(service.host, service.port, kind.path).content(kind.body))
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
    return int(head.split(b" ", 2)[1])


def mixed(settings: Settings) -> list[Asked]:
    """What is asked in turn."""
    ids = ScoreFile(settings.data).read().rows["customer_id"].tolist()
    folder = settings.registry.fetch(rescore.load(settings, 1).version)
    rows = json.loads((folder / "input_example.json").read_text())
    table = {"columns": rows["columns"], "data": rows["data"]}
    often = [Asked("/score", encoded({"customer_ids": ids[i : i + 10]})) for i in range(12)]
    return [
        *often,
        *[Asked("/score", encoded({"rows": table}))] * 3,
        *[Asked("/score", encoded({"histories": [history()]}))] * 3,
        Asked("/score", encoded({"customer_ids": (ids * 10)[:1000]})),
        Asked("/score", encoded({"histories": [history()] * 30})),
        Asked("/explain", encoded({"customer_ids": ids[:3]})),
        Asked("/at_risk", encoded({"most": 20})),
        Asked("/customer", encoded({"customer_id": ids[5]})),
        Asked("/score", b'{"customer_ids": [', 400),
        Asked("/score", encoded({"customer_ids": [7]}), 422),
        Asked("/nothing/here", b"{}", 404),
    ]


def encoded(body: Any) -> bytes:
    return json.dumps(body).encode()


if __name__ == "__main__":
    main()
