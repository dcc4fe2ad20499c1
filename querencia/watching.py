"""Watching: how far customers are from those of the training, and whether it is time to train."""

from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.files import aside
from features.findings import Finding, tell
from features.snapshot import Snapshot
from features.store import Store
from serving import realised
from serving.score_history import ScoreHistory
from serving.settings import Settings
from training.champion import CHAMPION, Champion, trained_as_of
from training.drift import Drift, Population
from training.history import History
from training.retrain import POPULATION
from training.scoring import Scores

Why = Literal["first", "age", "drift", "calibration", ""]
"""Why it is time to train; empty where it is not."""


class Watched(BaseModel):
    """What was seen as customers were scored last: `watched.json` beside the scores."""

    model_config = ConfigDict(frozen=True)

    version: int = Field(description="the version that scored them")
    drift: Drift = Field(description="how far they are from those it was trained as of")


def _path(data: Path) -> Path:
    return data / "scores" / "watched.json"


def note(settings: Settings, champion: Champion, present: Snapshot, scores: Scores) -> None:
    """Write down how far the customers scored are from those that the champion was trained as of.

    Nothing is where its run does not tell whom that was.
    """
    path = settings.registry.logged(champion.version, POPULATION)
    if not path.is_file():
        _path(settings.data).unlink(missing_ok=True)
        return
    then = Population.model_validate_json(path.read_bytes())
    drift = then.drift(present.columns, scores.rows["risk"].to_numpy(float))
    with aside(_path(settings.data)) as new:
        seen = Watched(version=champion.version.number, drift=drift)
        new.write_text(seen.model_dump_json(indent=1), "utf-8")


def watched(settings: Settings) -> Watched | None:
    """What was seen as customers were scored last, if the champion did."""
    try:
        seen = Watched.model_validate_json(_path(settings.data).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    return seen if seen.version == settings.registry.number(CHAMPION) else None


def drifted(settings: Settings) -> Finding | None:
    """What to know of the drift; None where nothing was seen."""
    seen = watched(settings)
    if seen is None:
        return None
    feature, index = seen.drift.furthest
    return tell(
        "warning" if _is_far(seen.drift, settings) else "advice",
        "drifted",
        "Against the customers that version {version} was trained as of, the risk has a population "
        "stability index of {risk:.3f} and the features of {mean:.3f} in the mean, {feature} the "
        "most ({index:.2f}); {most:.2f} is let pass (watch.most_drift).",
        version=seen.version,
        risk=seen.drift.risk_psi,
        mean=seen.drift.overall,
        feature=feature,
        index=index,
        most=settings.watch.most_drift,
    )


def _is_far(drift: Drift, settings: Settings) -> bool:
    return max(drift.overall, drift.risk_psi) > settings.watch.most_drift


def came(settings: Settings) -> Finding | None:
    """Promised against realised, of the last scores whose horizon has closed."""
    history = ScoreHistory(settings.data)
    found = realised.latest(history, Store(settings.data), settings.features)
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
    if seen is not None and _is_far(seen.drift, settings):
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
