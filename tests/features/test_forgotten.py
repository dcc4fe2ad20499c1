"""Of the forgotten nothing is kept but a salted hash."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from features.errors import QuerenciaError
from features.forgotten import Forgotten


@pytest.fixture
def forgotten(tmp_path: Path) -> Forgotten:
    return Forgotten(tmp_path)


def done(forgotten: Forgotten, customer_id: str) -> None:
    proof = forgotten.ask(customer_id)
    told = {"customer_id": None, "done_at": datetime.now(UTC)}
    forgotten.write(proof.model_copy(update=told))


def test_nobody_is_forgotten_at_first(forgotten: Forgotten) -> None:
    assert (forgotten.digests, forgotten.pending(), forgotten.stamp) == (frozenset(), [], 0)
    assert forgotten.among(frozenset({"ana"})) == frozenset()


def test_whoever_asked_is_known_and_waits_until_all_is_removed(forgotten: Forgotten) -> None:
    for customer_id in ("ana", "bea"):
        forgotten.ask(customer_id)
    assert forgotten.among(frozenset({"ana", "eva"})) == {"ana"}
    assert [proof.customer_id for proof in forgotten.pending()] == ["ana", "bea"]
    before = forgotten.stamp
    done(forgotten, "ana")
    assert forgotten.stamp != before
    assert [proof.customer_id for proof in forgotten.pending()] == ["bea"]
    assert forgotten.among(frozenset({"ana"})) == {"ana"}


def test_asking_again_changes_nothing(forgotten: Forgotten) -> None:
    first = forgotten.ask("ana")
    assert forgotten.ask("ana") == first
    done(forgotten, "ana")
    assert forgotten.ask("ana").customer_id is None


def test_the_id_is_nowhere_once_all_is_removed(forgotten: Forgotten) -> None:
    done(forgotten, "a-customer")
    files = [path for path in forgotten.folder.rglob("*") if path.is_file()]
    assert len(files) == 2
    assert not any("a-customer" in path.read_text() + path.name for path in files)
    assert not any(path.stat().st_mode & 0o077 for path in files)


def test_the_salt_is_of_the_folder(forgotten: Forgotten, tmp_path: Path) -> None:
    assert forgotten.digest("ana") == Forgotten(tmp_path).digest("ana")
    assert forgotten.digest("ana") != Forgotten(tmp_path / "other").digest("ana")


def test_sql_hashes_the_same(forgotten: Forgotten) -> None:
    for customer_id in ("ana", "ñandú 'x'", ""):
        sql = duckdb.execute("SELECT sha256($1 || $2)", [forgotten.salt, customer_id])
        assert sql.fetchall() == [(forgotten.digest(customer_id),)]


def test_only_who_is_wholly_forgotten_is_admitted_again(forgotten: Forgotten) -> None:
    forgotten.ask("ana")
    with pytest.raises(QuerenciaError, match="still being"):
        forgotten.admit("ana")
    done(forgotten, "ana")
    forgotten.admit("ana")
    assert not forgotten.digests
    assert len([*(forgotten.folder / "admitted").iterdir()]) == 1
    with pytest.raises(QuerenciaError, match="is not forgotten"):
        forgotten.admit("ana")
