"""Sessions: who signed in with a key need not send it again for a while.

A session is a signed note of whose key it is and until when; nothing is kept on the server, every
process that serves the data folder accepts it, and it ends with its key.
"""

import hmac
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request

from serving.http.guard import Guard
from serving.http.keys import Key, Scope, digest
from serving.http.problem import Problem

COOKIE = "querencia_session"
SECONDS = 12 * 60 * 60
"""How long a session lasts."""

NO_SCOPE = "This key does not open what you asked for: it needs the scope {scope}."


@dataclass(frozen=True)
class Sessions:
    """Opens sessions and knows them again.

    Attributes:
        secret: Of this installation.
        guard: Knows the keys.
    """

    secret: bytes
    guard: Guard

    def open(self, sent: str) -> str | None:
        """The session of a key; None where there is no such key."""
        key = self.guard.keys.get(digest(sent.strip()))
        return self._note(key, int(time.time()) + SECONDS) if key else None

    def key(self, session: str | None) -> Key | None:
        """The key of a session; None where it is none of ours, over, or its key is revoked."""
        name, until = _read(session or "")
        key = _named(self.guard.keys, name)
        if key is None or until < time.time():
            return None
        return key if hmac.compare_digest(self._note(key, until), session or "") else None

    def admit(self, request: Request, needed: Scope) -> str:
        """The name of who asks; no key is needed where the API needs none.

        Raises:
            Problem: 401 where a key is needed, 403 where it opens something else, or where
                somebody else's page asks.
        """
        if request.method == "POST":
            require_own_page(request)
        key = self.key(request.cookies.get(COOKIE))
        if key is None:
            return self.guard.admit(request.scope, dict(request.scope["headers"]), needed)
        if not key.opens(needed):
            raise Problem(403, NO_SCOPE.format(scope=needed))
        return key.name

    def _note(self, key: Key, until: int) -> str:
        signed = f"{key.name}\n{until}\n{key.sha256}".encode()
        name = urlsafe_b64encode(key.name.encode()).decode()
        return f"{name}.{until}.{hmac.digest(self.secret, b'session' + signed, 'sha256').hex()}"


def _named(keys: Mapping[str, Key], name: str) -> Key | None:
    return next((key for key in keys.values() if key.name == name), None)


def _read(session: str) -> tuple[str, int]:
    """Whose a session says it is, and until when."""
    try:
        name, until, _ = session.split(".")
        return urlsafe_b64decode(name).decode(), int(until)
    except ValueError:
        return "", 0


def require_own_page(request: Request) -> None:
    """Refuse what a page from elsewhere sends through a visitor's browser."""
    site, origin = (request.headers.get(name) for name in ("sec-fetch-site", "origin"))
    own = site == "same-origin" if site else _host(origin) == request.headers.get("host")
    if not own:
        raise Problem(403, "Only pages of this service may ask for that.")


def _host(origin: str | None) -> str | None:
    return urlsplit(origin).netloc if origin else None


def is_secure(request: Request) -> bool:
    """Whether the browser speaks HTTPS, to us or to a proxy before us."""
    return "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))
