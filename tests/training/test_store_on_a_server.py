"""The MLflow store's database on a real PostgreSQL server: as the file, and its password unseen."""

import importlib.util
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.errors import QuerenciaError
from querencia import jobs, shows
from serving import settings as configuration
from serving.http import answers
from serving.settings import Settings
from serving.watch import Watch
from tests.postgres import server as postgres_server
from training import tracking
from training.champion import CHAMPION
from training.registry import Registry
from training.tracking import Server

PASSWORD = "quite-secret"  # noqa: S105

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("the extra postgres is not installed")
    with postgres_server(PASSWORD) as address:
        yield address.replace("me@", f"me:{PASSWORD}@")


@pytest.fixture(scope="module")
def served(
    trained: Settings, address: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Two versions in a store whose database is on the server; the first one serves."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copytree(trained.data, folder / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUERENCIA_STORE_DATABASE", address)
        patch.setenv("QUERENCIA_CONFIG", str(folder / "querencia.toml"))
        placed = {"data": folder / "data", "store": folder / "mlruns"}
        written = shows.configuration(trained.model_copy(update=placed))
        (folder / "querencia.toml").write_text(written)
        own = configuration.load()
        for seed in (0, 5):
            training = own.training.model_copy(update={"random_state": seed})
            jobs.train(own.model_copy(update={"training": training}), lambda _: None)
        own.registry.set_alias(CHAMPION, 1)
        yield own


def test_versions_aliases_and_metrics_are_on_the_server(served: Settings) -> None:
    registry = served.registry
    assert [each.number for each in registry.versions()] == [1, 2]
    first = registry.version(CHAMPION)
    assert first is not None
    assert (first.number, first.aliases) == (1, (CHAMPION,))
    assert first.metrics["auc_score"] > 0.5
    assert registry.fetch(first).is_relative_to(served.store.resolve() / "artifacts")
    assert not (served.store / "mlflow.db").exists()


def test_a_new_champion_on_the_server_is_noticed(served: Settings) -> None:
    watch = Watch(served, warm_up=answers.warm_up)
    assert watch.edition.number == 1
    try:
        # Another process, for all the watch can know.
        _another(served).set_alias(CHAMPION, 2)
        watch.look()
        assert watch.edition.number == 2
    finally:
        _another(served).set_alias(CHAMPION, 1)
    watch.look()
    assert watch.edition.number == 1


def test_a_server_that_goes_away_leaves_what_answers(
    served: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    watch = Watch(served, warm_up=answers.warm_up)
    before = watch.edition
    monkeypatch.setattr(watch, "_registry", Registry(served.store, database=_gone(served)))
    watch.look()
    assert watch.edition is before
    assert "the registry cannot be read" in caplog.text
    assert PASSWORD not in caplog.text


def test_a_wrong_password_is_told_and_not_shown(address: str, tmp_path: Path) -> None:
    wrong = address.replace(PASSWORD, "other-word")
    with pytest.raises(QuerenciaError, match="cannot be reached") as refused:
        Registry(tmp_path, database=wrong).versions()
    assert "other-word" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_nothing_that_is_shown_or_logged_holds_the_password(
    served: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        _another(served).versions()
    assert PASSWORD not in caplog.text
    for told in (repr(served), str(served), served.model_dump_json()):
        assert PASSWORD not in told


@pytest.mark.parametrize("other", ["mysql://me@host/x", "sqlite:///x.db", "host/x", ""])
def test_other_databases_are_refused(other: str, tmp_path: Path) -> None:
    with pytest.raises(QuerenciaError, match="must be PostgreSQL"):
        Registry(tmp_path, database=other)


def test_both_ways_to_write_an_address_are_understood() -> None:
    assert Server("postgres://me@host/x").uri == Server("postgresql://me@host/x").uri


def test_without_the_driver_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: str) -> None:
        raise ImportError

    monkeypatch.setattr(tracking, "import_module", missing)
    with pytest.raises(QuerenciaError, match=r"pip install 'querencia\[postgres\]'"):
        Registry(tmp_path, database="postgresql://me@host/x").versions()


def _another(served: Settings) -> Registry:
    return served.model_copy().registry


def _gone(served: Settings) -> str:
    assert served.store_database is not None
    return served.store_database.get_secret_value().replace("host=", "host=/nowhere")
