"""Watching: how far customers are from those of the training, and whether it is time to train."""

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from features.files import aside
from features.findings import Finding
from features.snapshot import Snapshot
from features.store import Store
from serving import realised
from serving.score_history import ScoreHistory
from serving.settings import Settings
from serving.watched import Watched, is_far, path, watched
from serving.watched import drifted as drifted
from training.champion import CHAMPION, Champion, trained_as_of
from training.drift import Population
from training.history import History
from training.retrain import POPULATION
from training.scoring import Scores

Why = Literal["first", "age", "drift", "calibration", ""]
"""Why it is time to train; empty where it is not."""


def note(settings: Settings, champion: Champion, present: Snapshot, scores: Scores) -> None:
    """Write down how far the customers scored are from those that the champion was trained as of.

    Nothing is where its run does not tell whom that was.
    """
    trained = settings.registry.logged(champion.version, POPULATION)
    if not trained.is_file():
        path(settings.data).unlink(missing_ok=True)
        return
    then = Population.model_validate_json(trained.read_bytes())
    drift = then.drift(present.columns, scores.rows["risk"].to_numpy(float))
    with aside(path(settings.data)) as new:
        seen = Watched(version=champion.version.number, drift=drift)
        new.write_text(seen.model_dump_json(indent=1), "utf-8")


def came(settings: Settings) -> Finding | None:
    """Promised against realised, of the last scores whose horizon has closed."""
    history = ScoreHistory(settings.data)
    found = realised.latest(history, settings.records, settings.features)
    return found.finding(settings.training.promotion) if found else None


def why_train(settings: Settings) -> Why:
    """Why it is time to train.

    By age, `schedule.train_every_days`. Customers who drifted, and a risk that was off, call for a
    training as soon as there is a later cut-off to judge it on than the last one had: before, it
    would come to the same.
    """
    decided = [
        entry.at
        for entry in History(settings.registry.folder).entries()
        if entry.what in ("promoted", "refused")
    ]
    if not decided or settings.registry.number(CHAMPION) is None:
        return "first"
    if not 0 <= _days_since(decided[-1], settings) < settings.schedule.train_every_days:
        return "age"  # a clock that was set back puts none off
    return _by_what_was_seen(settings) if _has_later_cutoff(settings) else ""


def _by_what_was_seen(settings: Settings) -> Why:
    seen, told = watched(settings), came(settings)
    if seen is not None and is_far(seen.drift, settings):
        return "drift"
    return "calibration" if told is not None and told.level == "warning" else ""


def _days_since(instant: datetime, settings: Settings) -> int:
    """Calendar days: two runs of one time of day are not always whole days apart."""
    zone = ZoneInfo(settings.features.time_zone)
    return (datetime.now(zone).date() - instant.astimezone(zone).date()).days


def _has_later_cutoff(settings: Settings) -> bool:
    first, end = Store(settings.data).span()
    plan = settings.features.plan(first, end)
    last = settings.registry.versions()[-1]
    return plan is not None and plan.evaluation > trained_as_of(last)
