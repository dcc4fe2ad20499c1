"""The MLflow store: runs, registered versions, their aliases, and a loader that trusts nothing.

The store is a folder that can be moved: ``mlflow.db`` (SQLite) and ``artifacts/`` beside it. No
server is needed; ``mlflow ui --backend-store-uri sqlite:///mlruns/mlflow.db`` shows it.

A registered model is plain data (JSON, xgboost UBJ, ONNX, skops) under an MLflow flavour of our
own. There is no ``python_function`` flavour: MLflow would pickle, or run code from the model's
folder, and would return labels where this product needs probabilities.
"""

import hashlib
import json
import logging
import os
import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

from features.errors import QuerenciaError

# MLflow takes three seconds to import, too long for `querencia --help`: import it where it is used.
if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from mlflow.entities import Experiment, LoggedModel, Metric
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.models import ModelSignature
    from mlflow.tracking import MlflowClient

# MLflow reports usage to its makers unless told not to before it is imported.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

EXPERIMENT = "querencia"
FLAVOR = "querencia"
FORMAT_VERSION = 1
SUFFIXES = frozenset({".json", ".ubj", ".onnx", ".skops"})
CARD = "MLmodel"
EXAMPLE = "input_example.json"
SEAL = "querencia.mlmodel_sha256"

_RELOCATE = (
    "UPDATE experiments SET artifact_location = replace(artifact_location, :old, :new)",
    "UPDATE runs SET artifact_uri = replace(artifact_uri, :old, :new)",
    "UPDATE logged_models SET artifact_location = replace(artifact_location, :old, :new)",
    "UPDATE model_versions SET source = replace(source, :old, :new),"
    " storage_location = replace(storage_location, :old, :new)",
)


@dataclass(frozen=True)
class Version:
    """A registered model version.

    Attributes:
        name: The registered model's name.
        number: 1 for the first version registered under the name, and so on.
        run_id: The MLflow run that trained it.
        aliases: Names that point at it now, such as ``champion``.
        created_at: The instant it was registered, UTC.
        tags: What the job that registered it wrote down.
        metrics: The run's latest metrics.
    """

    name: str
    number: int
    run_id: str
    aliases: tuple[str, ...]
    created_at: datetime
    tags: dict[str, str]
    metrics: dict[str, float]


@dataclass(frozen=True)
class Run:
    """An MLflow run in progress; made by `Registry.run`.

    Attributes:
        id: MLflow's run id.
    """

    id: str
    _registry: "Registry" = field(repr=False)
    _folder: Path = field(repr=False)

    def child(self, name: str) -> AbstractContextManager["Run"]:
        """Open a run nested under this one."""
        return self._registry.run(name, parent=self)

    def log_params(self, params: Mapping[str, object]) -> None:
        """Log settings; MLflow stores each as text and allows each key once."""
        from mlflow.entities import Param

        entities = [Param(key, str(value)) for key, value in params.items()]
        self._registry.client.log_batch(self.id, params=entities)

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """Log measured figures; a key logged again keeps its history and shows the latest."""
        self._registry.client.log_batch(self.id, metrics=_metrics(metrics))

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags, replacing those of the same key."""
        from mlflow.entities import RunTag

        entities = [RunTag(key, value) for key, value in tags.items()]
        self._registry.client.log_batch(self.id, tags=entities)

    def log_text(self, text: str, file: str) -> None:
        """Write a text artifact; `file` is its path inside the run, such as ``report.md``."""
        self._path(file).write_text(text, encoding="utf-8")

    def log_json(self, value: object, file: str) -> None:
        """Write anything `json` can, indented for people."""
        self.log_text(json.dumps(value, indent=2) + "\n", file)

    def log_figure(self, figure: "Figure", file: str) -> None:
        """Write a matplotlib figure in the format `file`'s suffix names."""
        figure.savefig(self._path(file))

    def _path(self, file: str) -> Path:
        path = _inside(self._folder, file)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


class Registry:
    """The store in one folder, and the versions of one registered model in it.

    Nothing is read or written before the first use, which makes the store when there is none.
    Processes may share a store; each makes a `Registry` of its own.

    Args:
        folder: Where ``mlflow.db`` and ``artifacts/`` are, or shall be.
        model_name: The registered model's name.

    Raises:
        QuerenciaError: If the folder's path has a character MLflow cannot take.
    """

    def __init__(self, folder: Path, *, model_name: str = "querencia") -> None:
        self.folder = folder.resolve()
        self.model_name = model_name
        if {"%", "?"} & set(str(self.folder)):
            raise QuerenciaError(
                f"The store cannot be in {self.folder}: MLflow misreads % and ? in a path."
                " Choose another folder."
            )

    @property
    def uri(self) -> str:
        """The tracking and registry URI, as ``mlflow ui --backend-store-uri`` takes it."""
        return _uri(self._database)

    @cached_property
    def client(self) -> "MlflowClient":
        """MLflow's client, bound to this store whatever MLflow's environment says.

        Raises:
            QuerenciaError: If the store cannot be opened, or another version of MLflow wrote it.
        """
        if not self._database.exists():
            _create(self._database)
        _enable_wal(self._database)
        client = _connect(self._database)
        if client.get_experiment_by_name(EXPERIMENT) is None:
            with _unless("RESOURCE_ALREADY_EXISTS"):
                client.create_experiment(EXPERIMENT, artifact_location=self._artifacts.as_uri())
        return client

    @contextmanager
    def run(self, name: str, *, parent: Run | None = None) -> Iterator[Run]:
        """Open a run: FINISHED when the block ends, FAILED when it raises.

        Args:
            name: What the UI shows.
            parent: The run to nest it under.
        """
        from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

        tags = {MLFLOW_PARENT_RUN_ID: parent.id} if parent else {}
        self._relocate()
        info = self.client.create_run(self._experiment.experiment_id, tags=tags, run_name=name).info
        try:
            yield Run(info.run_id, self, self._local(info.artifact_uri))
        except BaseException:
            self.client.set_terminated(info.run_id, "FAILED")
            raise
        self.client.set_terminated(info.run_id, "FINISHED")

    def register(
        self,
        run: Run,
        folder: Path,
        *,
        signature: "ModelSignature",
        input_example: "pd.DataFrame",
        tags: Mapping[str, str],
    ) -> Version:
        """Copy a model's files into the store and register them as the next version.

        The copy is an MLflow logged model: the UI shows its signature, its example and the run's
        parameters and metrics so far. Its ``MLmodel`` file lists the SHA-256 of every file, and
        the version's tag holds the SHA-256 of ``MLmodel``.

        Args:
            run: The open run that trained the model.
            folder: Files the model wrote itself, of the `SUFFIXES` allowed.
            signature: The columns the model reads and returns.
            input_example: A few rows it can score, without customer ids.
            tags: Written on the logged model and on the version.

        Raises:
            QuerenciaError: If a file is of another kind, or the example holds customer ids.
        """
        _refuse_ids(input_example)
        _digests(folder)
        client, data = self.client, self.client.get_run(run.id).data
        model = client.create_logged_model(
            self._experiment.experiment_id,
            name=self.model_name,
            source_run_id=run.id,
            tags=dict(tags),
            params=data.params,
            model_type=FLAVOR,
        )
        copy = self._local(model.artifact_location)
        shutil.copytree(folder, copy)
        input_example.to_json(copy / EXAMPLE, orient="split", index=False, date_format="iso")
        seal = _write_card(copy, signature=signature, run_id=run.id, model_id=model.model_id)
        self._publish(run.id, model.model_id, data.metrics)
        created = self._create_version(run.id, model, {**tags, SEAL: seal})
        return self._version(created, (), {run.id: data.metrics})

    def set_alias(self, alias: str, number: int) -> None:
        """Point an alias at a version, away from the one it pointed at.

        Raises:
            QuerenciaError: If there is no such version.
        """
        if self.version(number) is None:
            known = ", ".join(str(version.number) for version in self.versions()) or "none"
            raise QuerenciaError(
                f"Cannot point {alias!r} at version {number} of {self.model_name!r}:"
                f" {self.folder} has no such version. Choose one of: {known}."
            )
        self.client.set_registered_model_alias(self.model_name, alias, str(number))

    def version(self, which: str | int) -> Version | None:
        """Look up a version by alias or number; None when there is none."""
        found: ModelVersion | None = None
        # MLflow calls an alias nobody set an invalid parameter.
        with _unless("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            found = self._find(which)
        return (
            None if found is None else self._version(found, found.aliases, self._metrics([found]))
        )

    def versions(self) -> tuple[Version, ...]:
        """All versions, the oldest first."""
        found = self.client.search_model_versions(
            f"name = '{self.model_name}'", order_by=["version_number ASC"]
        )
        if not found:
            return ()
        aliases, metrics = self._aliases(), self._metrics(found)
        return tuple(
            self._version(each, aliases.get(int(each.version), ()), metrics) for each in found
        )

    def fetch(self, version: Version) -> Path:
        """Return the version's folder, every file of it checked.

        ``MLmodel`` must have the SHA-256 in the version's tag, and every other file the one in
        ``MLmodel``. The folder is part of the store: read it, don't write to it.

        Raises:
            QuerenciaError: If a file is missing, unknown, changed or not plain data, if the folder
                lies outside the store, or if a newer Querencia wrote it.
        """
        uri = self.client.get_model_version_download_uri(self.model_name, str(version.number))
        folder = self._local(uri)
        _verify(folder, version)
        return folder

    @property
    def _database(self) -> Path:
        return self.folder / "mlflow.db"

    @property
    def _artifacts(self) -> Path:
        return self.folder / "artifacts"

    @property
    def _experiment(self) -> "Experiment":
        # Made with the client, so never None.
        return cast("Experiment", self.client.get_experiment_by_name(EXPERIMENT))

    def _local(self, uri: str) -> Path:
        # MLflow stores absolute URIs; a store that was moved has the same files further along.
        return _inside(self._artifacts, uri.removeprefix(self._experiment.artifact_location))

    def _relocate(self) -> None:
        # Without this, `mlflow ui` would look for a moved store's artifacts in the old place.
        # MLflow has no call for it (mlflow/mlflow#3144).
        moved = {"old": self._experiment.artifact_location, "new": self._artifacts.as_uri()}
        if moved["old"] == moved["new"]:
            return
        with closing(sqlite3.connect(self._database)) as connection, connection:
            for statement in _RELOCATE:
                connection.execute(statement, moved)

    def _publish(self, run_id: str, model_id: str, metrics: Mapping[str, float]) -> None:
        from mlflow.entities import LoggedModelOutput

        self.client.log_outputs(run_id, [LoggedModelOutput(model_id, step=0)])
        self.client.log_batch(run_id, metrics=_metrics(metrics, model_id=model_id))
        self.client.finalize_logged_model(model_id, "READY")

    def _create_version(
        self, run_id: str, model: "LoggedModel", tags: dict[str, str]
    ) -> "ModelVersion":
        from mlflow.utils.mlflow_tags import MLFLOW_MODEL_VERSIONS

        with _unless("RESOURCE_ALREADY_EXISTS"):
            self.client.create_registered_model(self.model_name)
        # The URI, not `models:/<id>`, which MLflow looks up in the process's global store.
        created = self.client.create_model_version(
            self.model_name, model.artifact_location, run_id, tags, model_id=model.model_id
        )
        link = [{"name": self.model_name, "version": created.version}]
        self.client.set_logged_model_tags(model.model_id, {MLFLOW_MODEL_VERSIONS: json.dumps(link)})
        return created

    def _find(self, which: str | int) -> "ModelVersion":
        if isinstance(which, int):
            return self.client.get_model_version(self.model_name, str(which))
        return self.client.get_model_version_by_alias(self.model_name, which)

    def _aliases(self) -> dict[int, list[str]]:
        aliases: dict[int, list[str]] = {}
        for alias, number in self.client.get_registered_model(self.model_name).aliases.items():
            aliases.setdefault(int(number), []).append(alias)
        return aliases

    def _metrics(self, versions: Sequence["ModelVersion"]) -> dict[str, dict[str, float]]:
        # One query: at 361 versions, asking run by run takes 1.9 s, and this .12 s.
        ids = ", ".join(f"'{version.run_id}'" for version in versions)
        runs = self.client.search_runs(
            [self._experiment.experiment_id], f"run_id IN ({ids})", max_results=len(versions)
        )
        return {run.info.run_id: run.data.metrics for run in runs}

    def _version(
        self,
        version: "ModelVersion",
        aliases: Iterable[str],
        metrics: Mapping[str, dict[str, float]],
    ) -> Version:
        run_id = version.run_id or ""
        return Version(
            name=self.model_name,
            number=int(version.version),
            run_id=run_id,
            aliases=tuple(sorted(aliases)),
            created_at=datetime.fromtimestamp(version.creation_timestamp / 1000, UTC),
            tags=version.tags,
            metrics=metrics.get(run_id, {}),
        )


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


@contextmanager
def _unless(*codes: str) -> Iterator[None]:
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.error_code not in codes:
            raise


def _inside(folder: Path, part: str) -> Path:
    if ".." in Path(part).parts:
        raise QuerenciaError(f"{part!r} leads out of {folder}. Name a path inside it.")
    return folder / part.lstrip("/")


def _metrics(metrics: Mapping[str, float], *, model_id: str | None = None) -> list["Metric"]:
    from mlflow.entities import Metric

    now = time.time_ns() // 1_000_000
    return [Metric(key, value, now, 0, model_id=model_id) for key, value in metrics.items()]


def _refuse_ids(input_example: "pd.DataFrame") -> None:
    if "customer_id" in input_example.columns:
        raise QuerenciaError(
            f"The input example has {len(input_example)} rows with customer_id, which MLflow must"
            " not store. Drop the column."
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digests(folder: Path) -> dict[str, str]:
    files = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }
    files.pop(CARD, None)
    foreign = [n for n, p in files.items() if p.is_symlink() or p.suffix not in SUFFIXES]
    if foreign:
        raise QuerenciaError(
            f"{folder} holds {len(foreign)} file(s) no model may have, such as {foreign[0]!r}: a"
            f" model is plain {', '.join(sorted(SUFFIXES))} files. Remove them, or train again."
        )
    return {name: _sha256(path) for name, path in files.items()}


def _write_card(folder: Path, *, signature: "ModelSignature", run_id: str, model_id: str) -> str:
    from mlflow.models import Model

    example = {"artifact_path": EXAMPLE, "type": "dataframe", "pandas_orient": "split"}
    card = Model(
        run_id=run_id,
        model_id=model_id,
        model_uuid=model_id,
        signature=signature,
        saved_input_example_info=example,
    )
    card.add_flavor(FLAVOR, format_version=FORMAT_VERSION, files=_digests(folder))
    card.save(folder / CARD)
    return _sha256(folder / CARD)


def _verify(folder: Path, version: Version) -> None:
    card = folder / CARD
    if not card.is_file() or _sha256(card) != version.tags.get(SEAL):
        raise _damaged(version, card, "is missing or not the one registered")
    entry = _flavor(card)
    if entry["format_version"] > FORMAT_VERSION:
        raise QuerenciaError(
            f"Version {version.number} of {version.name!r} has format {entry['format_version']};"
            f" this Querencia reads up to {FORMAT_VERSION}. Upgrade Querencia."
        )
    listed, found = set(entry["files"].items()), set(_digests(folder).items())
    if listed != found:
        name = min(listed ^ found)[0]
        raise _damaged(version, folder / name, "is missing, unknown or changed")


def _flavor(card: Path) -> dict[str, Any]:
    from mlflow.models import Model

    flavor: dict[str, Any] = Model.load(str(card)).flavors[FLAVOR]
    return flavor


def _damaged(version: Version, path: Path, what: str) -> QuerenciaError:
    return QuerenciaError(
        f"Version {version.number} of {version.name!r} cannot be trusted: {path} {what}."
        " Restore the store from a backup, or train and register a new version."
    )
