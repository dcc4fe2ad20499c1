"""Runs: what a job writes down in the MLflow store while it is at it."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from training.tracking import TrackingStore, inside

if TYPE_CHECKING:  # slow to import
    from matplotlib.figure import Figure
    from mlflow.entities import Metric


@dataclass(frozen=True)
class Run:
    """An MLflow run in progress; made by `open_run`.

    Attributes:
        id: MLflow's run id.
    """

    id: str
    _store: TrackingStore = field(repr=False)
    _folder: Path = field(repr=False)

    def child(self, name: str) -> AbstractContextManager["Run"]:
        """Open a run nested under this one."""
        return open_run(self._store, name, parent=self)

    def log_params(self, params: Mapping[str, object]) -> None:
        """Log settings; MLflow stores each as text and allows each key once."""
        from mlflow.entities import Param

        entities = [Param(key, str(value)) for key, value in params.items()]
        self._store.client.log_batch(self.id, params=entities)

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """Log measured figures; a key logged again keeps its history and shows the latest."""
        self._store.client.log_batch(self.id, metrics=metric_entities(metrics))

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags, replacing those of the same key."""
        from mlflow.entities import RunTag

        entities = [RunTag(key, value) for key, value in tags.items()]
        self._store.client.log_batch(self.id, tags=entities)

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
        path = inside(self._folder, file)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


@contextmanager
def open_run(store: TrackingStore, name: str, *, parent: Run | None = None) -> Iterator[Run]:
    """Open a run: FINISHED when the block ends, FAILED when it raises.

    Args:
        store: Where.
        name: What the UI shows.
        parent: The run to nest it under.
    """
    from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

    tags = {MLFLOW_PARENT_RUN_ID: parent.id} if parent else {}
    store.relocate()
    info = store.client.create_run(store.experiment.experiment_id, tags=tags, run_name=name).info
    try:
        yield Run(info.run_id, store, store.local(info.artifact_uri))
    except BaseException:
        store.client.set_terminated(info.run_id, "FAILED")
        raise
    store.client.set_terminated(info.run_id, "FINISHED")


def metric_entities(metrics: Mapping[str, float], *, model_id: str | None = None) -> list["Metric"]:
    """Figures as MLflow takes them, of now; those of a model with its id."""
    from mlflow.entities import Metric

    now = time.time_ns() // 1_000_000
    return [Metric(key, value, now, 0, model_id=model_id) for key, value in metrics.items()]
