"""What came of promises, as a series in MLflow."""

from datetime import UTC, datetime
from math import nan
from pathlib import Path

from training import series
from training.tracking import TrackingStore

CLOSED = datetime(2026, 3, 1, tzinfo=UTC)
FIGURES = {"realised": 12.5, "control": 7, "covered": nan, "verdict": "paid", "sent_at": CLOSED}


def test_what_was_judged_is_a_run_of_an_experiment_of_its_own(tmp_path: Path) -> None:
    store = TrackingStore(tmp_path)
    assert series.find(store, "campaign a") is None
    series.note(store, "campaign a", FIGURES, closed=CLOSED)
    run = series.find(store, "campaign a")
    assert run is not None
    assert (run.info.run_name, run.info.status) == ("campaign a", "FINISHED")
    assert run.info.start_time == CLOSED.timestamp() * 1000
    assert run.data.metrics == {"realised": 12.5, "control": 7}
    assert run.data.tags["verdict"] == "paid"
    assert store.client.get_experiment(run.info.experiment_id).name == series.EXPERIMENT
    assert not store.client.search_runs([store.experiment.experiment_id])


def test_what_is_judged_again_is_the_same_run_with_the_new_figures(tmp_path: Path) -> None:
    store = TrackingStore(tmp_path)
    for realised in (1.0, 1.0, 2.0):
        series.note(store, "campaign a", FIGURES | {"realised": realised}, closed=CLOSED)
    series.note(store, "campaign b", FIGURES, closed=CLOSED)
    run, other = (series.find(store, f"campaign {name}") for name in "ab")
    assert run is not None
    assert other is not None
    assert run.data.metrics["realised"] == 2
    history = store.client.get_metric_history(run.info.run_id, "realised")
    assert [each.value for each in history] == [1, 2]
    assert len(store.client.search_runs([run.info.experiment_id])) == 2
