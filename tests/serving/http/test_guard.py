"""The guard: keys everywhere but on loopback, and there only if told to."""

from datetime import UTC, datetime
from typing import Any

import pytest

from serving.http.guard import Guard
from serving.http.keys import Key, digest
from serving.http.problem import Problem

SHOP = Key("shop", frozenset({"score"}), digest("secret"), datetime(2025, 1, 1, tzinfo=UTC))
KEYS = {SHOP.sha256: SHOP}


def asked(
    client: str, server: str, *, always: bool = False, needed: Any = "score", **headers: str
) -> str:
    scope = {"client": (client, 40_000), "server": (server, 3000)}
    sent = {name.encode(): value.encode() for name, value in headers.items()}
    return Guard(KEYS, always=always).admit(scope, sent, needed)


@pytest.mark.parametrize("host", ["localhost:3000", "127.0.0.1", "[::1]:3000", "127.0.0.5:80"])
def test_nobody_needs_a_key_on_loopback(host: str) -> None:
    assert asked("127.0.0.1", "127.0.0.1", host=host) == "-"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:3000", "10.0.0.7", "localhost.x"])
def test_a_page_from_elsewhere_cannot_ask_through_a_visitor(host: str) -> None:
    with pytest.raises(Problem) as refused:
        asked("127.0.0.1", "127.0.0.1", host=host)
    assert refused.value.status == 403


@pytest.mark.parametrize(
    ("client", "server", "always"),
    [("10.0.0.7", "10.0.0.1", False), ("127.0.0.1", "10.0.0.1", False), ("::1", "::1", True)],
)
@pytest.mark.parametrize("sent", [{}, {"authorization": "Bearer no"}, {"authorization": "secret"}])
def test_all_others_need_a_good_key(
    client: str, server: str, always: bool, sent: dict[str, str]
) -> None:
    with pytest.raises(Problem) as refused:
        asked(client, server, always=always, **sent)
    assert refused.value.status == 401
    assert refused.value.headers["www-authenticate"].startswith("Bearer")
    assert asked(client, server, always=always, authorization="Bearer secret") == "shop"


def test_a_bad_key_is_refused_on_loopback_too() -> None:
    with pytest.raises(Problem):
        asked("127.0.0.1", "127.0.0.1", authorization="Bearer no")


def test_a_key_opens_its_scopes_alone() -> None:
    with pytest.raises(Problem) as refused:
        asked("10.0.0.7", "10.0.0.1", needed="write", authorization="Bearer secret")
    assert refused.value.status == 403


def test_one_without_an_address_needs_a_key() -> None:
    with pytest.raises(Problem):
        Guard(KEYS, always=False).admit({"client": None, "server": None}, {}, "score")
