"""What a service does when it is ended, and when a process of it is killed."""

import itertools
import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from features.inbox import Inbox
from querencia import server, shows
from querencia.server import Running
from serving.settings import Settings
from tests.folders import copied

pytestmark = pytest.mark.timeout(600)

MANY = {
    "histories": [
        {
            "customer_id": str(i),
            "transactions": [
                {"occurred_at": f"1997-{month:02}-{1 + i % 28:02}T10:00:00Z", "amount": 20 + i}
                for month in range(1, 10)
            ],
        }
        for i in range(1_000)
    ]
}
"""What takes a while to answer."""


def worker(service: Running) -> psutil.Process:
    """The process that answers."""
    children = psutil.Process(service.process.pid).children()
    (found,) = (each for each in children if "_bentoml_impl.worker.service" in each.cmdline())
    return found


def until_ready(service: Running, *, other_than: int) -> psutil.Process:
    """The worker that is ready after the one that was."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        try:
            now = worker(service)
            if now.pid != other_than and httpx.get(f"{service.url}/readyz").status_code == 200:
                return now
        except (ValueError, httpx.HTTPError, psutil.Error):
            pass
        time.sleep(0.1)
    pytest.fail("no worker took its place")


def until_busy(service: Running) -> None:
    while "querencia_requests_in_progress 1.0" not in httpx.get(f"{service.url}/metrics").text:
        time.sleep(0.005)


def test_a_killed_worker_is_replaced_and_an_ended_one_finishes_what_it_began(
    trained: Settings,
) -> None:
    configured = str(trained.data.parent / "querencia.toml")
    with server.running(patience_seconds=300, QUERENCIA_CONFIG=configured) as service:
        killed = worker(service)
        killed.kill()
        after = until_ready(service, other_than=killed.pid)
        told: list[httpx.Response] = []

        def ask() -> None:
            told.append(httpx.post(f"{service.url}/score", json=MANY, timeout=300))

        asking = threading.Thread(target=ask)
        asking.start()
        until_busy(service)
        service.process.send_signal(signal.SIGTERM)
        asking.join()
        assert service.process.wait(timeout=300) == 0

    (answer,) = told
    assert answer.status_code == 200
    assert len(answer.json()["customers"]) == 1_000
    assert not after.is_running()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{service.url}/livez")


def test_a_worker_goes_on_when_the_process_that_watches_over_it_is_killed(
    trained: Settings,
) -> None:
    """Whoever started it, as systemd or a container's engine does, ends it and starts anew."""
    configured = str(trained.data.parent / "querencia.toml")
    with server.running(patience_seconds=300, QUERENCIA_CONFIG=configured) as service:
        left = worker(service)
        service.process.kill()
        service.process.wait()
        try:
            body: Any = {"customer_ids": ["nobody"]}
            assert httpx.post(f"{service.url}/score", json=body).status_code == 200
        finally:
            os.kill(left.pid, signal.SIGTERM)
            psutil.wait_procs([left], timeout=60)
    assert not left.is_running()


def test_nothing_acknowledged_is_lost_when_watcher_and_worker_are_killed(
    trained: Settings, tmp_path: Path
) -> None:
    """The worker goes on without its watcher, and holds the port until it is ended."""
    own = copied(trained, tmp_path)
    (tmp_path / "q.toml").write_text(shows.configuration(own))
    configured = str(tmp_path / "q.toml")
    with server.running(patience_seconds=300, QUERENCIA_CONFIG=configured) as service:
        posting = Posting(service.url)
        posting.start()
        try:
            posting.until(20)
            left = worker(service)
            service.process.kill()
            service.process.wait()
            posting.until(len(posting.told) + 20)
        finally:
            left.kill()
            posting.join()
        psutil.wait_procs([left], timeout=60)
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{service.url}/livez")
    tables, _ = Inbox(own.data).waiting(0)
    kept = [row["transaction_id"] for row in tables["transactions"]]
    assert len(posting.told) >= 40
    assert set(posting.told) <= set(kept)
    assert len(kept) == len(set(kept)) <= len(posting.told) + 1  # one may be kept and not told of


class Posting(threading.Thread):
    """Posts one record after the other for as long as it is answered; `told` are those it was."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url, self.told = url, list[str]()

    def run(self) -> None:
        with suppress(httpx.HTTPError), httpx.Client(timeout=60) as client:
            for number in itertools.count():
                bought = {"occurred_at": "1998-06-01T10:00:00Z", "amount": 5, "customer_id": "new"}
                row = {"transaction_id": (told := f"posted-{number}"), **bought}
                answer = client.post(f"{self.url}/records", json={"transactions": [row]})
                assert answer.json()["accepted"] == 1, answer.text
                self.told.append(told)

    def until(self, count: int) -> None:
        """Wait for so many answers."""
        while len(self.told) < count:
            assert self.is_alive()
            time.sleep(0.01)
