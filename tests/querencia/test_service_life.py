"""What a service does when it is ended, and when a process of it is killed."""

import os
import signal
import threading
import time
from typing import Any

import httpx
import psutil
import pytest

from querencia import server
from querencia.server import Running
from serving.settings import Settings

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
