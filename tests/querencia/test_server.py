"""Starting the service as a process: what is started, and what is told where it fails."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import querencia
from features.errors import QuerenciaError
from querencia import server
from serving.http.keys import KeyFile
from serving.settings import Settings


class ReplacedError(Exception):
    """This process would be the service now."""


@pytest.mark.usefixtures("workplace")
def test_serving_becomes_the_service_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []

    def execute(path: str, arguments: Sequence[str]) -> None:
        started.extend(arguments)
        assert path == arguments[0] == sys.executable
        raise ReplacedError

    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("BENTOML_DO_NOT_TRACK", "")
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    monkeypatch.setattr(os, "execv", execute)
    with pytest.raises(ReplacedError):
        server.replace_this_process("0.0.0.0", 8080)  # noqa: S104 - an address to pass on

    assert started[1:5] == ["-m", "bentoml", "serve", server.SERVICE]
    assert started[5:] == ["--host", "0.0.0.0", "--port", "8080"]  # noqa: S104
    assert os.environ["BENTOML_DO_NOT_TRACK"] == "true"
    assert os.environ["OMP_NUM_THREADS"] == "1"
    ours = str(Path(querencia.__file__).parents[1])
    assert os.environ["PYTHONPATH"].split(os.pathsep) == [ours, "elsewhere"]


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.7", "::", "shop.example"])  # noqa: S104
def test_nobody_else_may_reach_a_service_without_keys(host: str, tmp_path: Path) -> None:
    settings = Settings.model_construct(data=tmp_path)
    with pytest.raises(QuerenciaError, match="no key yet"):
        server.require_keys(host, settings)
    KeyFile(settings.keys).make("shop", ["score"])
    server.require_keys(host, settings)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_on_loopback_no_key_is_needed(host: str, tmp_path: Path) -> None:
    server.require_keys(host, Settings.model_construct(data=tmp_path))


def test_a_service_that_stops_is_told_with_what_it_printed() -> None:
    with (
        pytest.raises(QuerenciaError, match=r"did not start:[\s\S]*nowhere\.yaml"),
        server.running(BENTOML_CONFIG="nowhere.yaml"),
    ):
        pytest.fail("there is no service")


def test_a_service_that_is_late_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def remember(*args: Any, **kwargs: Any) -> "subprocess.Popen[bytes]":
        started.append(start(*args, **kwargs))
        return started[0]

    idle = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(server, "_command", lambda *_: idle)
    monkeypatch.setattr(subprocess, "Popen", remember)
    with (
        pytest.raises(QuerenciaError, match="did not start"),
        server.running(patience_seconds=0.5),
    ):
        pytest.fail("it never answers")
    assert started[0].poll() == -signal.SIGTERM


def test_a_free_port_is_free() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", server._free_port()))
