"""A series in MLflow: what came of each promise once its horizon had closed, apart from trainings.

One run each, in an experiment of their own. It began when the promise fell due, so that a list or
a chart of the runs is in the order of time.
"""

from collections.abc import Mapping
from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING

from training.runs import metric_entities
from training.tracking import TrackingStore, unless

if TYPE_CHECKING:  # slow to import
    from mlflow.entities import Run

EXPERIMENT = "querencia outcomes"
JUDGED = "querencia.judged"
"""Tag of a run: the name of what it judges."""


def note(
    store: TrackingStore, name: str, figures: Mapping[str, object], *, closed: datetime
) -> None:
    """Write down what came of a promise; judged again, it is the same run with the new figures.

    Args:
        store: Where.
        name: What was judged, as in "campaign 2026-03-01-1"; no customer.
        figures: Numbers become metrics, unless they are not known; texts become tags.
        closed: When its horizon closed.
    """
    from mlflow.entities import RunTag

    metrics = {
        key: float(each)
        for key, each in figures.items()
        if isinstance(each, int | float) and isfinite(each)
    }
    tags = [RunTag(key, each) for key, each in figures.items() if isinstance(each, str)]
    run = find(store, name)
    if run is not None and run.data.metrics == metrics:
        return
    at = round(closed.timestamp() * 1000)
    run = run or store.client.create_run(
        _experiment(store), start_time=at, tags={JUDGED: name}, run_name=name
    )
    store.client.log_batch(run.info.run_id, metrics=metric_entities(metrics), tags=tags)
    store.client.set_terminated(run.info.run_id, "FINISHED", end_time=at)


def find(store: TrackingStore, name: str) -> "Run | None":
    """The run that judges something; None where it has not been judged."""
    found = store.client.search_runs([_experiment(store)], f"tags.`{JUDGED}` = '{name}'")
    return found[0] if found else None


def _experiment(store: TrackingStore) -> str:
    """Its id; it is made with the first that is judged."""
    place = store.experiment.artifact_location
    if found := store.client.get_experiment_by_name(EXPERIMENT):
        return str(found.experiment_id)
    with unless("RESOURCE_ALREADY_EXISTS"):
        store.client.create_experiment(EXPERIMENT, artifact_location=place)
    return _experiment(store)
