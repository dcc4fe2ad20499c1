"""A PostgreSQL server of this machine's programs, for as long as a test needs it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


@contextmanager
def server(password: str) -> Iterator[str]:
    """The address of a server that takes connections by a socket, and passwords only."""
    if not (shutil.which("initdb") and shutil.which("pg_ctl")):
        pytest.skip("there is no PostgreSQL server program (initdb, pg_ctl) on PATH")
    # A socket's path may have 107 letters: pytest's folders are too deep.
    with TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name)
        (folder / "password").write_text(password)
        if os.geteuid() == 0:
            for path in (folder, folder / "password"):
                shutil.chown(path, "nobody")
        access = ["--auth=scram-sha-256", f"--pwfile={folder / 'password'}", "--username=me"]
        _run(folder, "initdb", "--no-sync", f"--pgdata={folder / 'data'}", *access)
        options = f"-c listen_addresses='' -c fsync=off -k {folder}"
        control: list[str | Path] = ["pg_ctl", "-w", "-D", folder / "data", "-l", folder / "log"]
        _run(folder, *control, "-o", options, "start")
        try:
            yield f"postgresql://me@/postgres?host={folder}"
        finally:
            _run(folder, *control, "-m", "immediate", "stop")


def _run(folder: Path, *command: str | Path) -> None:
    """Run a program of the server's, which refuses to be run as root."""
    who = AS_NOBODY if os.geteuid() == 0 else []
    subprocess.run([*who, *command], cwd=folder, check=True, stdout=subprocess.DEVNULL)
