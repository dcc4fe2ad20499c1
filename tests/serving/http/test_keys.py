"""Keys: told once, kept as hashes, for what they open."""

import json
from pathlib import Path

import pytest

from features.errors import QuerenciaError
from serving.http.keys import KeyFile, digest


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "data" / "keys.json")


def test_there_are_none_before_the_first(keys: KeyFile) -> None:
    assert keys.read() == {}


def test_a_key_is_kept_as_a_hash_that_only_its_owner_may_read(keys: KeyFile) -> None:
    secret = keys.make("shop", ["score"])
    assert secret not in keys.path.read_text()
    assert keys.path.stat().st_mode & 0o777 == 0o600
    (key,) = keys.read().values()
    assert (key.name, key.sha256) == ("shop", digest(secret))


def test_keys_are_long_and_differ(keys: KeyFile) -> None:
    secrets = {keys.make(str(i), ["score"]) for i in range(20)}
    assert len(secrets) == 20
    assert min(map(len, secrets)) >= 50


def test_scopes_open_what_they_say_and_admin_opens_all(keys: KeyFile) -> None:
    keys.make("a", ["score"])
    keys.make("b", ["admin"])
    opened = {
        key.name: [scope for scope in ("score", "write", "admin") if key.opens(scope)]
        for key in keys.read().values()
    }
    assert opened == {"a": ["score"], "b": ["score", "write", "admin"]}


def test_a_revoked_key_is_gone(keys: KeyFile) -> None:
    keys.make("a", ["score"])
    keys.make("b", ["score"])
    keys.revoke("a")
    assert [key.name for key in keys.read().values()] == ["b"]
    with pytest.raises(QuerenciaError, match=r"no key .a.\. Keys: b"):
        keys.revoke("a")


def test_a_name_is_given_once(keys: KeyFile) -> None:
    keys.make("a", ["score"])
    with pytest.raises(QuerenciaError, match="already"):
        keys.make("a", ["write"])


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', json.dumps({"a": {"scopes": ["x"]}})])
def test_a_damaged_file_is_told_as_such(keys: KeyFile, content: str) -> None:
    keys.path.parent.mkdir()
    keys.path.write_text(content)
    with pytest.raises(QuerenciaError, match=r"keys\.json holds no keys"):
        keys.read()
