"""The guard: whether whoever asks may."""

import ipaddress
from collections.abc import Mapping
from functools import lru_cache

from serving.http.body import Headers, Message
from serving.http.keys import Key, Scope, digest
from serving.http.problem import Problem

NOBODY = "-"
"""Name of one who needs no key."""

_CHALLENGE = {"www-authenticate": 'Bearer realm="querencia"'}


class Guard:
    """Asks for keys; on loopback only if told to.

    Args:
        keys: By their hashes.
        always: Ask on loopback too, as behind a proxy on the same machine.
    """

    def __init__(self, keys: Mapping[str, Key], *, always: bool) -> None:
        self.keys = keys
        self.always = always

    def admit(self, scope: Message, headers: Headers, needed: Scope) -> str:
        """The name of who asks.

        Raises:
            Problem: 401 without a good key, 403 where it opens something else.
        """
        sent = headers.get(b"authorization")
        if sent is None and not self.always and _is_local(scope):
            return _require_own_host(headers)
        kind, _, secret = (sent or b"").decode("latin-1").partition(" ")
        key = self.keys.get(digest(secret.strip())) if kind.lower() == "bearer" else None
        if key is None:
            raise Problem(
                401,
                "Send a key: Authorization: Bearer querencia_... (querencia key NAME makes one).",
                headers=_CHALLENGE,
            )
        if not key.opens(needed):
            raise Problem(403, f"This key does not open what needs the scope {needed!r}.")
        return key.name


def _require_own_host(headers: Headers) -> str:
    """Refuse what a page from elsewhere sends through a visitor's browser (DNS rebinding)."""
    host = headers.get(b"host", b"localhost").decode("latin-1")
    if not _is_own(host):
        raise Problem(403, "Without a key, this service is only asked as localhost.")
    return NOBODY


@lru_cache(maxsize=64)
def _is_own(host: str) -> bool:
    name = host.rsplit(":", 1)[0] if host.count(":") == 1 or "]" in host else host
    return is_loopback(name.strip("[]"))


def _is_local(scope: Message) -> bool:
    client, server = scope.get("client"), scope.get("server")
    return bool(client and server and is_loopback(client[0]) and is_loopback(server[0]))


@lru_cache(maxsize=1024)
def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own, which nobody else can reach."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
