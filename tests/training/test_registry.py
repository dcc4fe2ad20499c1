"""The MLflow store: what is written can be read back, moved, and trusted."""

import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure
from mlflow.entities import Run as MlflowRun
from mlflow.models import Model, ModelSignature
from mlflow.tracking import MlflowClient
from mlflow.types import ColSpec, Schema

from features.errors import QuerenciaError
from training.registry import EXPERIMENT, Registry, Run, Version

SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec("double", "recency"), ColSpec("string", "channel")]),
    outputs=Schema([ColSpec("double", "risk")]),
)
ROWS = pd.DataFrame({"recency": [12.5, 0.1], "channel": ["web", "shop"]})
FILES = {"value.json": b'{"r": 0.243}', "risk/booster.ubj": bytes(range(256))}

Train = Callable[[Registry], Version]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files as a model writes them."""
    folder = tmp_path_factory.mktemp("model")
    for name, content in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def train(model: Path) -> Train:
    """Stand in for a training job: one run, one version."""

    def train(registry: Registry) -> Version:
        with registry.run("train") as run:
            run.log_params({"horizon": 90, "definition": "inactivity"})
            run.log_metrics({"auc": 0.8125, "brier": 0.125})
            return _register(registry, run, model)

    return train


@pytest.fixture(scope="module")
def champion(tmp_path_factory: pytest.TempPathFactory, train: Train) -> Registry:
    """A store with one version, which is the champion. Not to be written to: it is shared."""
    registry = Registry(tmp_path_factory.mktemp("störe #1"))
    registry.set_alias("champion", train(registry).number)
    return registry


@pytest.fixture
def copied(champion: Registry, tmp_path: Path) -> Registry:
    """The same store in another folder, the test's own."""
    return Registry(shutil.copytree(champion.folder, tmp_path / "moved"))


def _register(registry: Registry, run: Run, folder: Path, *, rows: pd.DataFrame = ROWS) -> Version:
    return registry.register(
        run, folder, signature=SIGNATURE, input_example=rows, tags={"snapshot": "2024-03-01"}
    )


def _champion(registry: Registry) -> Version:
    version = registry.version("champion")
    assert version is not None
    return version


def _mlflow_run(registry: Registry, run_id: str) -> MlflowRun:
    return MlflowClient(registry.uri, registry.uri).get_run(run_id)


def test_a_version_carries_what_its_run_logged(champion: Registry) -> None:
    version = _champion(champion)
    assert (version.name, version.number, version.aliases) == ("querencia", 1, ("champion",))
    assert version.metrics == {"auc": 0.8125, "brier": 0.125}
    assert version.tags["snapshot"] == "2024-03-01"
    assert timedelta(0) <= datetime.now(UTC) - version.created_at < timedelta(minutes=5)


def test_a_version_is_the_same_by_alias_by_number_and_in_the_list(champion: Registry) -> None:
    assert champion.version("champion") == champion.version(1) == champion.versions()[0]


def test_fetched_files_equal_those_registered(champion: Registry) -> None:
    folder = champion.fetch(_champion(champion))
    assert {name: (folder / name).read_bytes() for name in FILES} == FILES


def test_the_model_card_has_signature_example_and_no_code(champion: Registry) -> None:
    folder = champion.fetch(_champion(champion))
    card = Model.load(folder)
    assert list(card.flavors) == ["querencia"]
    assert card.signature == SIGNATURE
    pd.testing.assert_frame_equal(pd.DataFrame(card.load_input_example(str(folder))), ROWS)


def test_a_version_nobody_registered_is_none(champion: Registry, copied: Registry) -> None:
    assert champion.version("challenger") is None
    assert champion.version(2) is None
    other = Registry(copied.folder, model_name="uplift")
    assert (other.version("champion"), other.version(1), other.versions()) == (None, None, ())


def test_the_store_is_made_on_first_use_in_wal_mode(champion: Registry) -> None:
    with closing(sqlite3.connect(champion.folder / "mlflow.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert {path.name for path in champion.folder.iterdir()} <= {
        "mlflow.db",
        "mlflow.db-shm",
        "mlflow.db-wal",
        "artifacts",
    }


def test_a_plain_mlflow_client_finds_run_model_and_version(champion: Registry) -> None:
    client = MlflowClient(champion.uri, champion.uri)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id], "metrics.auc > 0.8")
    assert (run.info.run_name, run.info.status) == ("train", "FINISHED")
    assert run.data.params == {"horizon": "90", "definition": "inactivity"}
    (logged,) = client.search_logged_models([experiment.experiment_id])
    assert (logged.source_run_id, logged.status, logged.params) == (
        run.info.run_id,
        "READY",
        run.data.params,
    )
    assert {metric.key: metric.value for metric in logged.metrics or []} == run.data.metrics
    assert "MLmodel" in {file.path for file in client.list_logged_model_artifacts(logged.model_id)}
    version = client.get_model_version_by_alias("querencia", "champion")
    assert (int(version.version), version.run_id) == (1, run.info.run_id)


def test_artifacts_are_listed_by_mlflow_and_readable(copied: Registry) -> None:
    figure = Figure()
    figure.subplots().plot([0, 1], [0, 1])
    with copied.run("evaluate") as run:
        run.log_figure(figure, "calibration.png")
        run.log_json({"cut_off": "2024-03-01"}, "lineage/provenance.json")
        run.log_text("Wer geht?", "report.md")
        run.set_tags({"grade": "good"})
    client = MlflowClient(copied.uri, copied.uri)
    listed = {file.path for file in client.list_artifacts(run.id)}
    assert listed == {"calibration.png", "lineage", "report.md"}
    stored = Path(client.download_artifacts(run.id, "."))
    assert json.loads((stored / "lineage/provenance.json").read_text()) == {"cut_off": "2024-03-01"}
    assert (stored / "report.md").read_text(encoding="utf-8") == "Wer geht?"
    assert (stored / "calibration.png").read_bytes().startswith(b"\x89PNG")
    assert client.get_run(run.id).data.tags["grade"] == "good"


def test_an_artifact_cannot_leave_its_run(copied: Registry) -> None:
    with copied.run("evaluate") as run, pytest.raises(QuerenciaError, match="leads out of"):
        run.log_text("", "../elsewhere.txt")


def test_a_child_is_nested_under_its_parent(copied: Registry) -> None:
    with copied.run("train") as run, run.child("fold 1") as child:
        child.log_metrics({"auc": 0.75})
    tags = _mlflow_run(copied, child.id).data.tags
    assert tags["mlflow.parentRunId"] == run.id
    assert _mlflow_run(copied, run.id).data.metrics == {}


def _interrupted(registry: Registry, seen: list[Run]) -> None:
    with registry.run("train") as run, run.child("fold 1") as child:
        seen += [run, child]
        raise KeyboardInterrupt


def test_a_run_that_raises_is_failed_and_so_is_its_parent(copied: Registry) -> None:
    seen: list[Run] = []
    with pytest.raises(KeyboardInterrupt):
        _interrupted(copied, seen)
    assert [_mlflow_run(copied, run.id).info.status for run in seen] == ["FAILED", "FAILED"]


def test_an_alias_moves_to_the_version_it_is_set_to(copied: Registry, train: Train) -> None:
    challenger = train(copied)
    assert (challenger.number, challenger.aliases) == (2, ())
    copied.set_alias("challenger", 2)
    copied.set_alias("champion", 2)
    assert [version.aliases for version in copied.versions()] == [(), ("challenger", "champion")]


def test_an_alias_needs_a_version(champion: Registry) -> None:
    with pytest.raises(QuerenciaError, match=r"version 7 .* Choose one of: 1\.$"):
        champion.set_alias("champion", 7)


def test_an_example_with_customer_ids_is_refused(copied: Registry, model: Path) -> None:
    rows = ROWS.assign(customer_id=["4711", "4712"])
    with copied.run("train") as run, pytest.raises(QuerenciaError, match="customer_id"):
        _register(copied, run, model, rows=rows)
    assert len(copied.versions()) == 1


def test_a_pickle_is_not_registered(copied: Registry, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.pkl").write_bytes(b"")
    with copied.run("train") as run, pytest.raises(QuerenciaError, match=r"'model\.pkl'"):
        _register(copied, run, tmp_path / "model")
    assert len(copied.versions()) == 1


def _change(folder: Path) -> None:
    (folder / "risk" / "booster.ubj").write_bytes(bytes(range(255)) + b"\0")


def _remove(folder: Path) -> None:
    (folder / "value.json").unlink()


def _add(folder: Path) -> None:
    (folder / "more.json").write_text("{}")


def _add_pickle(folder: Path) -> None:
    (folder / "more.pkl").write_bytes(b"")


def _link(folder: Path) -> None:
    elsewhere = (folder / "value.json").rename(folder.parent / "value.json")
    (folder / "value.json").symlink_to(elsewhere)


def _forge(folder: Path) -> None:
    card = folder / "MLmodel"
    card.write_text(card.read_text().replace("format_version: 1", "format_version: 0"))


def _escape(folder: Path) -> None:
    outside = (folder / "value.json").rename(folder.parent / "value.json")
    card = folder / "MLmodel"
    card.write_text(card.read_text().replace("value.json", f"../{outside.name}"))


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (_change, "booster.ubj"),
        (_remove, "value.json"),
        (_add, "more.json"),
        (_add_pickle, "more.pkl"),
        (_link, "value.json"),
        (_forge, "MLmodel"),
        (_escape, "MLmodel"),
    ],
)
def test_a_tampered_version_is_refused_by_name(
    copied: Registry, tamper: Callable[[Path], None], named: str
) -> None:
    version = _champion(copied)
    tamper(copied.fetch(version))
    with pytest.raises(QuerenciaError, match=rf"{named}.*(Restore|Remove)"):
        copied.fetch(version)


def test_a_manifest_cannot_name_files_outside_the_version(copied: Registry) -> None:
    version = _champion(copied)
    folder = copied.fetch(version)
    _escape(folder)
    seal = hashlib.sha256((folder / "MLmodel").read_bytes()).hexdigest()
    resealed = replace(version, tags=version.tags | {"querencia.mlmodel_sha256": seal})
    with pytest.raises(QuerenciaError, match=r"\.\./value\.json"):
        copied.fetch(resealed)


def test_a_newer_format_asks_for_an_upgrade(
    copied: Registry, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.registry.FORMAT_VERSION", 2)
    version = train(copied)
    assert copied.fetch(version).is_dir()
    monkeypatch.undo()
    with pytest.raises(QuerenciaError, match=r"has format 2.*Upgrade Querencia"):
        copied.fetch(version)


def test_a_moved_store_is_read_where_it_is(champion: Registry, copied: Registry) -> None:
    folder = copied.fetch(_champion(copied))
    assert folder.is_relative_to(copied.folder)
    assert not folder.is_relative_to(champion.folder)


def test_a_moved_store_is_written_and_shown_where_it_is(copied: Registry, train: Train) -> None:
    before = _champion(copied)
    after = train(copied)
    client = MlflowClient(copied.uri, copied.uri)
    for version in (before, after):
        uri = client.get_model_version_download_uri("querencia", str(version.number))
        assert uri == copied.fetch(version).as_uri()
        assert client.get_run(version.run_id).info.artifact_uri.startswith(copied.folder.as_uri())


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("not a database, and long enough to be taken for one")
    with pytest.raises(QuerenciaError, match=r"mlflow\.db cannot be opened.*backup"):
        Registry(tmp_path).versions()


def test_a_store_of_another_mlflow_is_named_with_its_upgrade(copied: Registry) -> None:
    with closing(sqlite3.connect(copied.folder / "mlflow.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")
    with pytest.raises(QuerenciaError, match="mlflow db upgrade sqlite:///"):
        copied.versions()


def test_a_folder_mlflow_would_misread_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QuerenciaError, match="Choose another folder"):
        Registry(tmp_path / "100%25")


def test_importing_the_registry_does_not_import_mlflow() -> None:
    code = "import sys, training.registry; print('mlflow' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert printed.stdout == "False\n"
