"""Starting the HTTP service as a process, and waiting until it answers."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory

from features.errors import QuerenciaError
from serving.http import guard
from serving.http.keys import KeyFile
from serving.settings import Settings

SERVICE = "serving.service:QuerenciaService"


def require_keys(host: str, settings: Settings) -> None:
    """Refuse to listen where others can ask, while there is no key that anybody could have.

    Raises:
        QuerenciaError: where there is none.
    """
    if not guard.is_loopback(host) and not KeyFile(settings.keys).read():
        raise QuerenciaError(
            f"Others can reach {host}, and there is no key yet. Make one: querencia key NAME"
        )


def replace_this_process(host: str, port: int) -> None:
    """Become the service: signals reach it, and its exit code is ours."""
    os.environ.update(_environment())
    command = _command(host, port)
    os.execv(command[0], command)  # noqa: S606 - no shell, and the arguments are ours


@dataclass(frozen=True)
class Running:
    """A service that answers.

    Attributes:
        host: The address, and
        port: the port it listens on.
        log: The file it writes its log to.
        process: BentoML's, which watches over the worker.
    """

    host: str
    port: int
    log: Path
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"http://{self.host}:{self.port}"


@contextmanager
def running(*, patience_seconds: float = 90, **environment: str) -> Iterator[Running]:
    """The service on a free loopback port, for as long as the block lasts.

    Args:
        patience_seconds: How long it may take until it is ready.
        environment: Further variables, such as QUERENCIA_CONFIG.

    Raises:
        QuerenciaError: where it stops, or does not get ready in time; with what it printed.
    """
    with TemporaryDirectory(prefix="querencia-") as folder:
        host, port, path = "127.0.0.1", _free_port(), Path(folder) / "service.log"
        with path.open("w") as log:
            process = subprocess.Popen(  # noqa: S603 - the arguments are ours
                _command(host, port),
                stdout=log,
                stderr=log,
                env=os.environ | _environment() | environment,
            )
        service = Running(host, port, path, process)
        try:
            if not _ready(service, patience_seconds):
                told = service.log.read_text()[-3000:]
                raise QuerenciaError(f"The service did not start:\n{told}")
            yield service
        finally:
            process.terminate()
            process.wait(timeout=30)


def _command(host: str, port: int) -> list[str]:
    return [sys.executable, "-m", "bentoml", "serve", SERVICE, "--host", host, "--port", str(port)]


def _environment() -> dict[str, str]:
    # The modules are found wherever the user stands, and nobody is told that the service runs.
    return {
        "PYTHONPATH": os.pathsep.join(
            [str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
        ),
        "BENTOML_DO_NOT_TRACK": "true",
        # A worker answers one request at a time: more threads would only wait for one another.
        "OMP_NUM_THREADS": "1",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ready(service: Running, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while service.process.poll() is None and time.monotonic() < deadline:
        connection = HTTPConnection(service.host, service.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return True
        except (OSError, HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.2)
    return False
