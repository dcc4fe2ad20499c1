"""Watching: drift against the training, and whether it is time to train."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from querencia import jobs, watching
from serving.settings import Settings
from serving.upkeep import ScheduleSettings, WatchSettings
from serving.watched import Watched, watched
from tests.folders import copied
from training.champion import TRAINED
from training.drift import Drift
from training.registry import Registry


@pytest.fixture(scope="module")
def mine(trained: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A copy of the trained folder whose customers were scored."""
    own = {"schedule": ScheduleSettings(), "watch": WatchSettings()}
    asked = copied(trained, tmp_path_factory.mktemp("mine"), **own)
    jobs.score(asked, lambda _: None)
    return asked


def saw(asked: Settings, psi: float, *, version: int = 1) -> None:
    drift = Drift(psi={"frequency": psi}, ks={"frequency": 0.0}, risk_psi=0.0)
    seen = Watched(version=version, drift=drift)
    (asked.data / "scores" / "watched.json").write_text(seen.model_dump_json())


@pytest.fixture
def later_cutoff(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """As if the last training had been judged on an earlier cut-off."""
    versions = Registry.versions

    def earlier(registry: Registry) -> Any:
        last = versions(registry)[-1]
        last.tags[TRAINED] = "1998-01-01T00:00:00+00:00"
        return (last,)

    return lambda: monkeypatch.setattr(Registry, "versions", earlier)


def test_customers_scored_are_held_against_those_of_the_training(mine: Settings) -> None:
    jobs.score(mine, lambda _: None)
    seen = watched(mine)
    assert seen is not None
    assert (seen.version, "frequency" in seen.drift.psi) == (1, True)
    assert seen.drift.psi["T"] > seen.drift.psi["frequency"] >= 0  # three months older
    finding = watching.drifted(mine)
    assert finding is not None
    assert finding.figures["feature"] == seen.drift.furthest[0]


def test_nobody_trains_before_it_is_time(mine: Settings, later_cutoff: Callable[[], None]) -> None:
    saw(mine, 0.0)
    assert watching.why_train(mine) == ""
    saw(mine, 9.0)
    assert watching.why_train(mine) == ""  # it would come to the same
    later_cutoff()
    assert watching.why_train(mine) == "drift"
    saw(mine, 9.0, version=2)
    assert watching.why_train(mine) == ""  # another model scored them


@pytest.mark.parametrize(("days", "why"), [(6, ""), (7, "age"), (-1, "age")])
def test_age_is_counted_in_calendar_days(
    mine: Settings, monkeypatch: pytest.MonkeyPatch, days: int, why: str
) -> None:
    now = datetime.now(UTC)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return (now + timedelta(days=days)).astimezone(tz)

    saw(mine, 0.0)
    monkeypatch.setattr(watching, "datetime", Clock)
    assert watching.why_train(mine) == why


def test_the_first_training_is_always_due(tmp_path: Path) -> None:
    asked = Settings.model_construct(data=tmp_path / "data", store=tmp_path / "mlruns")
    assert watching.why_train(asked) == "first"
