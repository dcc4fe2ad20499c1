"""The MLflow store in one folder, which can be moved: its database, and artifacts beside it.

No server is needed; ``mlflow ui --backend-store-uri sqlite:///mlruns/mlflow.db`` shows it. Machines
that share it may keep the database on a server (PostgreSQL); artifacts stay in the folder.
"""

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cached_property
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

from features.errors import QuerenciaError

# MLflow takes three seconds to import, too long for `querencia --help`: import it where it is used.
if TYPE_CHECKING:
    from mlflow.entities import Experiment
    from mlflow.tracking import MlflowClient

# MLflow reports usage to its makers unless told not to before it is imported.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

EXPERIMENT = "querencia"

_PATIENCE_SECONDS = 10

_RELOCATE = (
    "UPDATE experiments SET artifact_location = replace(artifact_location, :old, :new)",
    "UPDATE runs SET artifact_uri = replace(artifact_uri, :old, :new)",
    "UPDATE logged_models SET artifact_location = replace(artifact_location, :old, :new)",
    "UPDATE model_versions SET source = replace(source, :old, :new),"
    " storage_location = replace(storage_location, :old, :new)",
)


class TrackingStore:
    """``mlflow.db`` (SQLite) and ``artifacts/`` in one folder.

    Nothing is read or written before the first use, which makes the store when there is none.
    Processes may share a store; each makes a `TrackingStore` of its own.

    Args:
        folder: Where they are, or shall be.
        database: Address of a database on a server, in place of ``mlflow.db``.

    Raises:
        QuerenciaError: If the folder's path has a character MLflow cannot take.
    """

    def __init__(self, folder: Path, *, database: str | None = None) -> None:
        self.folder = folder.resolve()
        self._server = None if database is None else Server(database)
        if {"%", "?"} & set(str(self.folder)):
            raise QuerenciaError(
                f"The store cannot be in {self.folder}: MLflow misreads % and ? in a path."
                " Choose another folder."
            )

    @property
    def uri(self) -> str:
        """The tracking and registry URI, as ``mlflow ui --backend-store-uri`` takes it.

        That of a server may hold a password.
        """
        return self._server.uri if self._server else _uri(self._database)

    @property
    def changed_at(self) -> int | None:
        """When a file of the database was last written, in nanoseconds; None for a server's."""
        if self._server:
            return None
        files = (self._database, self._database.with_name(f"{self._database.name}-wal"))
        return max((each.stat().st_mtime_ns for each in files if each.exists()), default=0)

    @cached_property
    def client(self) -> "MlflowClient":
        """MLflow's client, bound to this store whatever MLflow's environment says.

        Raises:
            QuerenciaError: If the store cannot be opened, or another version of MLflow wrote it.
        """
        client = self._server.client() if self._server else self._of_file()
        if client.get_experiment_by_name(EXPERIMENT) is None:
            with unless("RESOURCE_ALREADY_EXISTS"):
                client.create_experiment(EXPERIMENT, artifact_location=self._artifacts.as_uri())
        return client

    @property
    def experiment(self) -> "Experiment":
        """The experiment that all runs are of; it is made with the client, so there is one."""
        return cast("Experiment", self.client.get_experiment_by_name(EXPERIMENT))

    def local(self, uri: str) -> Path:
        """Where an artifact is.

        MLflow stores absolute URIs; a store that was moved has the same files further along.

        Raises:
            QuerenciaError: If it is outside the store.
        """
        return inside(self._artifacts, uri.removeprefix(self.experiment.artifact_location))

    def relocate(self) -> None:
        """Tell MLflow where the store is, if it was moved.

        Without this, `mlflow ui` would look for a moved store's artifacts in the old place. Of a
        server's nothing is changed: another machine may have the folder elsewhere.
        """
        if self._server:
            return
        # MLflow has no call for it (mlflow/mlflow#3144).
        moved = {"old": self.experiment.artifact_location, "new": self._artifacts.as_uri()}
        if moved["old"] == moved["new"]:
            return
        with closing(sqlite3.connect(self._database)) as connection, connection:
            for statement in _RELOCATE:
                connection.execute(statement, moved)

    def _of_file(self) -> "MlflowClient":
        if not self._database.exists():
            _create(self._database)
        _enable_wal(self._database)
        return _connect(self._database)

    @property
    def _database(self) -> Path:
        return self.folder / "mlflow.db"

    @property
    def _artifacts(self) -> Path:
        return self.folder / "artifacts"


class Server:
    """A database on a PostgreSQL server, by the driver of the extra `postgres`.

    Args:
        address: ``postgresql://user:password@host/name``; what it leaves out is taken from PGHOST,
            PGUSER, PGPASSWORD and so on.

    Raises:
        QuerenciaError: If it is the address of something else.
    """

    def __init__(self, address: str) -> None:
        kind, _, rest = address.partition("://")
        if kind not in ("postgres", "postgresql"):
            raise QuerenciaError(
                "The MLflow store's database must be PostgreSQL: postgresql://user@host/name."
            )
        self._address = f"postgresql://{rest}"
        self.uri = f"postgresql+psycopg://{rest}"

    def client(self) -> "MlflowClient":
        """MLflow's client of it, which makes its tables when there are none.

        Raises:
            QuerenciaError: If it cannot be reached, or another version of MLflow wrote it; the
                password is never told.
        """
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient

        self._reach()
        try:
            return MlflowClient(self.uri, self.uri)
        except MlflowException as error:
            raise QuerenciaError(
                "MLflow cannot open the store's database: "
                f"{str(error.message).replace(self.uri, 'it')} If another version of MLflow wrote "
                "it, back it up and run `mlflow db upgrade`."
            ) from None

    def _reach(self) -> None:
        """Connect once, for MLflow would try for minutes."""
        try:
            psycopg = import_module("psycopg")
        except ImportError:
            raise QuerenciaError(
                "PostgreSQL takes a driver: pip install 'querencia[postgres]'"
            ) from None
        try:
            psycopg.connect(self._address, connect_timeout=_PATIENCE_SECONDS).close()
        except psycopg.Error as error:
            raise QuerenciaError(
                f"The MLflow store's database cannot be reached ({type(error).__name__}). Check "
                "the address, its password, and that the server runs."
            ) from None


def inside(folder: Path, part: str) -> Path:
    """The path of a part of a folder.

    Raises:
        QuerenciaError: If it leads out of the folder.
    """
    if ".." in Path(part).parts:
        raise QuerenciaError(f"{part!r} leads out of {folder}. Name a path inside it.")
    return folder / part.lstrip("/")


@contextmanager
def unless(*codes: str) -> Iterator[None]:
    """Let MLflow's errors with these codes pass in silence."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.error_code not in codes:
            raise


def _uri(database: Path) -> str:
    return f"sqlite:///{database}"


def _connect(database: Path) -> "MlflowClient":
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    try:
        return MlflowClient(_uri(database), _uri(database))
    except MlflowException as error:
        raise QuerenciaError(
            f"MLflow cannot open {database}: {error.message} If another version of MLflow wrote it,"
            f" back it up and run `mlflow db upgrade {_uri(database)}`."
        ) from error


def _create(database: Path) -> None:
    # Aside, then linked: a process that dies leaves no half-migrated store, and of two that
    # create it at once the first to finish wins.
    database.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".new-", dir=database.parent) as aside:
        fresh = Path(aside) / database.name
        _connect(fresh)
        with suppress(FileExistsError):
            database.hardlink_to(fresh)


def _enable_wal(database: Path) -> None:
    # Kept in the file. Without it four writers slow an alias look-up from 3 to 103 ms.
    try:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.Error as error:
        raise QuerenciaError(
            f"{database} cannot be opened: {error}. Check its permissions, or restore the store"
            " from a backup."
        ) from error
