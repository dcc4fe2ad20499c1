"""The registry: what is registered can be read back, moved, and trusted."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from mlflow.models import Model, ModelSignature
from mlflow.tracking import MlflowClient
from mlflow.types import ColSpec, Schema

from features.errors import QuerenciaError
from training.registry import Registry, Version
from training.runs import Run
from training.tracking import EXPERIMENT

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


def test_a_version_carries_what_its_run_logged(champion: Registry) -> None:
    version = _champion(champion)
    assert (version.name, version.number, version.aliases) == ("querencia", 1, ("champion",))
    assert version.metrics == {"auc": 0.8125, "brier": 0.125}
    assert version.tags["snapshot"] == "2024-03-01"
    assert timedelta(0) <= datetime.now(UTC) - version.created_at < timedelta(minutes=5)


def test_a_version_knows_where_its_run_keeps_files(champion: Registry) -> None:
    version = _champion(champion)
    path = champion.logged(version, "told/report.html")
    assert path.parent.parent == champion.logged(version, "card.md").parent
    assert champion.folder in path.parents
    with pytest.raises(QuerenciaError, match="leads out"):
        champion.logged(version, "../../mlflow.db")


def test_a_version_is_the_same_by_alias_by_number_and_in_the_list(champion: Registry) -> None:
    assert champion.version("champion") == champion.version(1) == champion.versions()[0]
    assert champion.number("champion") == 1


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
    assert champion.number("challenger") is None
    other = Registry(copied.folder, model_name="uplift")
    assert (other.version("champion"), other.version(1), other.versions()) == (None, None, ())


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


def test_an_alias_moves_to_the_version_it_is_set_to(copied: Registry, train: Train) -> None:
    challenger = train(copied)
    assert (challenger.number, challenger.aliases) == (2, ())
    copied.set_alias("challenger", 2)
    copied.set_alias("champion", 2)
    assert [version.aliases for version in copied.versions()] == [(), ("challenger", "champion")]


def test_an_alias_needs_a_version(champion: Registry) -> None:
    with pytest.raises(QuerenciaError, match=r"version 7 .* Choose one of: 1\.$"):
        champion.set_alias("champion", 7)


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


def test_what_may_not_be_stored_is_not_registered(
    copied: Registry, model: Path, tmp_path: Path
) -> None:
    rows = ROWS.assign(customer_id=["4711", "4712"])
    with copied.run("train") as run, pytest.raises(QuerenciaError, match="customer_id"):
        _register(copied, run, model, rows=rows)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.pkl").write_bytes(b"")
    with copied.run("train") as run, pytest.raises(QuerenciaError, match=r"'model\.pkl'"):
        _register(copied, run, tmp_path / "model")
    assert len(copied.versions()) == 1


def test_a_tampered_version_is_refused_by_name(copied: Registry) -> None:
    version = _champion(copied)
    (copied.fetch(version) / "value.json").write_text("{}")
    with pytest.raises(QuerenciaError, match=r"Version 1 of 'querencia'.*value\.json"):
        copied.fetch(version)
