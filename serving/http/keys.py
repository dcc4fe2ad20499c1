"""Keys: who may ask for what. Clients send them as bearer tokens; at rest there are only hashes."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from features.errors import QuerenciaError
from features.files import aside

Scope = Literal["score", "write", "admin"]
"""What a key opens: asking, telling what happened, and everything."""

SCOPES: tuple[Scope, ...] = get_args(Scope)

_PREFIX = "querencia_"
_BYTES = 32
_PRIVATE = 0o600


@dataclass(frozen=True)
class Key:
    """A key as it is kept: what it opens, and its hash.

    Attributes:
        name: Whose it is, for people; the log tells it.
        scopes: What it opens.
        sha256: Of the key itself, which has 256 random bits: nothing slower is needed.
        made_at: UTC.
    """

    name: str
    scopes: frozenset[Scope]
    sha256: str
    made_at: datetime

    def opens(self, scope: Scope) -> bool:
        """Whether it may do what asks for this scope."""
        return scope in self.scopes or "admin" in self.scopes


@dataclass(frozen=True)
class KeyFile:
    """The keys of a data folder: one JSON file that only its owner may read.

    Attributes:
        path: It.
    """

    path: Path

    def read(self) -> dict[str, Key]:
        """The keys by their hashes; none where there is no file.

        Raises:
            QuerenciaError: where the file cannot be understood.
        """
        if not self.path.is_file():
            return {}
        try:
            entries = json.loads(self.path.read_text("utf-8"))
            keys = [_key(name, entry) for name, entry in entries.items()]
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise QuerenciaError(
                f"{self.path} holds no keys as `querencia key` writes them. Remove it, and make "
                "the keys again."
            ) from error
        return {key.sha256: key for key in keys}

    def make(self, name: str, scopes: Iterable[Scope]) -> str:
        """A new key; it is told here and never again.

        Raises:
            QuerenciaError: where the name is taken.
        """
        keys = self._by_name()
        if name in keys:
            raise QuerenciaError(f"There is a key {name!r} already. Name another, or revoke it.")
        secret = _PREFIX + secrets.token_urlsafe(_BYTES)
        keys[name] = Key(name, frozenset(scopes), digest(secret), datetime.now(UTC))
        self._write(keys)
        return secret

    def revoke(self, name: str) -> None:
        """Take a key back; services notice within seconds.

        Raises:
            QuerenciaError: where there is no such key.
        """
        keys = self._by_name()
        if name not in keys:
            known = ", ".join(sorted(keys)) or "none"
            raise QuerenciaError(f"There is no key {name!r}. Keys: {known}.")
        del keys[name]
        self._write(keys)

    def _by_name(self) -> dict[str, Key]:
        return {key.name: key for key in self.read().values()}

    def _write(self, keys: Mapping[str, Key]) -> None:
        entries = {
            key.name: {
                "scopes": sorted(key.scopes),
                "sha256": key.sha256,
                "made_at": key.made_at.isoformat(),
            }
            for key in keys.values()
        }
        with aside(self.path) as new:
            new.touch(mode=_PRIVATE)
            new.write_text(json.dumps(entries, indent=1) + "\n", "utf-8")


def digest(secret: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(name: str, entry: Mapping[str, object]) -> Key:
    scopes = frozenset(scope for scope in SCOPES if scope in entry["scopes"])  # type: ignore[operator]
    return Key(name, scopes, str(entry["sha256"]), datetime.fromisoformat(str(entry["made_at"])))
