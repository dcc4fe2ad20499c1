"""The secret of an installation: all processes that serve a data folder share it."""

import os
import secrets
from pathlib import Path
from tempfile import NamedTemporaryFile

_BYTES = 32


def of(folder: Path) -> bytes:
    """The secret of a data folder, made when it is first asked for; only its owner may read it."""
    path = folder / "console.secret"
    if not path.is_file():
        _make(path)
    return path.read_bytes()


def _make(path: Path) -> None:
    """Write it aside and link it: of several processes at once the first wins, whole."""
    with NamedTemporaryFile(dir=path.parent, prefix=path.name) as new:  # only its owner may read
        new.write(secrets.token_bytes(_BYTES))
        new.flush()
        try:
            os.link(new.name, path)
        except FileExistsError:
            return
