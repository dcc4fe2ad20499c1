"""Runs: what is logged can be read back with MLflow, and how a run ended is kept."""

import json
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from mlflow.entities import Run as MlflowRun
from mlflow.tracking import MlflowClient

from features.errors import QuerenciaError
from training.runs import Run, open_run
from training.tracking import TrackingStore


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> TrackingStore:
    """A store for runs of every test here."""
    return TrackingStore(tmp_path_factory.mktemp("mlruns"))


def _mlflow_run(store: TrackingStore, run_id: str) -> MlflowRun:
    return MlflowClient(store.uri, store.uri).get_run(run_id)


def test_artifacts_are_listed_by_mlflow_and_readable(store: TrackingStore) -> None:
    figure = Figure()
    figure.subplots().plot([0, 1], [0, 1])
    with open_run(store, "evaluate") as run:
        run.log_figure(figure, "calibration.png")
        run.log_json({"cut_off": "2024-03-01"}, "lineage/provenance.json")
        run.log_text("Wer geht?", "report.md")
        run.set_tags({"grade": "good"})
    client = MlflowClient(store.uri, store.uri)
    listed = {file.path for file in client.list_artifacts(run.id)}
    assert listed == {"calibration.png", "lineage", "report.md"}
    stored = Path(client.download_artifacts(run.id, "."))
    assert json.loads((stored / "lineage/provenance.json").read_text()) == {"cut_off": "2024-03-01"}
    assert (stored / "report.md").read_text(encoding="utf-8") == "Wer geht?"
    assert (stored / "calibration.png").read_bytes().startswith(b"\x89PNG")
    assert client.get_run(run.id).data.tags["grade"] == "good"


def test_an_artifact_cannot_leave_its_run(store: TrackingStore) -> None:
    with open_run(store, "evaluate") as run, pytest.raises(QuerenciaError, match="leads out of"):
        run.log_text("", "../elsewhere.txt")


def test_a_child_is_nested_under_its_parent(store: TrackingStore) -> None:
    with open_run(store, "train") as run, run.child("fold 1") as child:
        child.log_metrics({"auc": 0.75})
    tags = _mlflow_run(store, child.id).data.tags
    assert tags["mlflow.parentRunId"] == run.id
    assert _mlflow_run(store, run.id).data.metrics == {}


def _interrupted(store: TrackingStore, seen: list[Run]) -> None:
    with open_run(store, "train") as run, run.child("fold 1") as child:
        seen += [run, child]
        raise KeyboardInterrupt


def test_a_run_that_raises_is_failed_and_so_is_its_parent(store: TrackingStore) -> None:
    seen: list[Run] = []
    with pytest.raises(KeyboardInterrupt):
        _interrupted(store, seen)
    assert [_mlflow_run(store, run.id).info.status for run in seen] == ["FAILED", "FAILED"]
