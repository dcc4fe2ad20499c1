"""The MLflow store: made on first use, and told by name where it cannot be opened."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from features.errors import QuerenciaError
from training.tracking import TrackingStore


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> TrackingStore:
    """A store that was used. Not to be written to: it is shared."""
    store = TrackingStore(tmp_path_factory.mktemp("mlruns"))
    assert store.experiment.name == "querencia"
    return store


@pytest.fixture
def copied(store: TrackingStore, tmp_path: Path) -> TrackingStore:
    """The same store in another folder, the test's own."""
    return TrackingStore(shutil.copytree(store.folder, tmp_path / "moved"))


def test_the_store_is_made_on_first_use_in_wal_mode(store: TrackingStore) -> None:
    with closing(sqlite3.connect(store.folder / "mlflow.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert {path.name for path in store.folder.iterdir()} <= {
        "mlflow.db",
        "mlflow.db-shm",
        "mlflow.db-wal",
        "artifacts",
    }


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("not a database, and long enough to be taken for one")
    with pytest.raises(QuerenciaError, match=r"mlflow\.db cannot be opened.*backup"):
        TrackingStore(tmp_path).client  # noqa: B018 - it connects


def test_a_store_of_another_mlflow_is_named_with_its_upgrade(copied: TrackingStore) -> None:
    with closing(sqlite3.connect(copied.folder / "mlflow.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")
    with pytest.raises(QuerenciaError, match="mlflow db upgrade sqlite:///"):
        copied.client  # noqa: B018 - it connects


def test_a_folder_mlflow_would_misread_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QuerenciaError, match="Choose another folder"):
        TrackingStore(tmp_path / "100%25")


def test_importing_the_registry_does_not_import_mlflow() -> None:
    code = "import sys, training.registry; print('mlflow' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert printed.stdout == "False\n"


def test_an_artifact_is_found_where_a_moved_store_is_now(
    store: TrackingStore, copied: TrackingStore
) -> None:
    uri = (store.folder / "artifacts" / "report.md").as_uri()
    assert copied.local(uri) == copied.folder / "artifacts" / "report.md"
    copied.relocate()
    assert copied.experiment.artifact_location == (copied.folder / "artifacts").as_uri()


def test_an_artifact_outside_the_store_is_refused(store: TrackingStore) -> None:
    with pytest.raises(QuerenciaError, match="leads out of"):
        store.local((store.folder / "artifacts").as_uri() + "/../mlflow.db")
