"""The schedule: when runs come, across clock changes, restarts and faults."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from features.errors import QuerenciaError
from features.settings import FeatureSettings
from querencia import run as runs
from querencia import schedule
from querencia.run import State
from serving.settings import Settings
from serving.upkeep import ScheduleSettings

MONDAY = datetime(2026, 3, 2, 4, tzinfo=UTC)  # at five in Madrid


def settings(data: Path, cron: str = "0 5 * * MON", zone: str = "Europe/Madrid") -> Settings:
    return Settings.model_construct(
        data=data,
        store=data / "mlruns",
        features=FeatureSettings(time_zone=zone),
        schedule=ScheduleSettings(cron=cron),
    )


def times(asked: Settings, after: datetime, count: int) -> list[str]:
    found = []
    for _ in range(count):
        after = schedule.due_after(asked, after)
        found.append(f"{after:%m-%d %H:%M}")
    return found


@pytest.mark.parametrize("weekday", ["MON", "1"])
def test_weekdays_are_those_of_crontab(tmp_path: Path, weekday: str) -> None:
    asked = settings(tmp_path, f"0 5 * * {weekday}")
    assert times(asked, MONDAY - timedelta(hours=1), 2) == ["03-02 04:00", "03-09 04:00"]


def test_the_local_hour_stays_where_clocks_change(tmp_path: Path) -> None:
    around = datetime(2026, 3, 23, 4, tzinfo=UTC)
    assert times(settings(tmp_path), around, 1) == ["03-30 03:00"]


def test_an_hour_that_is_left_out_or_repeated_has_one_run(tmp_path: Path) -> None:
    asked = settings(tmp_path, "30 2 * * *")
    spring, autumn = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert times(asked, spring, 2) == ["03-29 01:00", "03-30 00:30"]
    assert times(asked, autumn, 2) == ["10-25 00:30", "10-26 01:30"]


def test_nonsense_is_refused_with_an_example(tmp_path: Path) -> None:
    for cron in ("whenever", "0 5 31 2 *"):
        with pytest.raises(QuerenciaError, match=r"schedule\.cron = .* no time of day"):
            schedule.due_after(settings(tmp_path, cron), MONDAY)


def began(data: Path, at: datetime, *, ended: bool = True) -> None:
    state = State(began=at)
    runs._write(data, state.end("done") if ended else state)


def test_a_run_is_due_after_the_last_and_at_once_where_it_was_missed_or_killed(
    tmp_path: Path,
) -> None:
    asked, week = settings(tmp_path), timedelta(days=7)
    now = MONDAY + timedelta(minutes=1)
    assert schedule.due(asked, now, now) == MONDAY + week
    began(tmp_path, MONDAY)
    assert schedule.due(asked, now, now) == MONDAY + week
    began(tmp_path, MONDAY - 4 * week)
    assert schedule.due(asked, now, now) == MONDAY - 3 * week  # past, so at once
    began(tmp_path, MONDAY, ended=False)
    assert schedule.due(asked, now, now) == now


def test_a_clock_that_was_set_back_does_not_put_off_a_run(tmp_path: Path) -> None:
    began(tmp_path, MONDAY + timedelta(days=400))
    assert schedule.due(settings(tmp_path), MONDAY, MONDAY) == MONDAY + timedelta(days=7)


class Clock:
    """Time that passes only by waiting."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def test_runs_come_when_it_is_time_and_all_that_were_missed_are_one(tmp_path: Path) -> None:
    asked, clock = settings(tmp_path, "0 * * * *", "UTC"), Clock(MONDAY + timedelta(minutes=30))
    made: list[datetime] = []

    def run(_: datetime) -> State:
        made.append(clock.now)
        began(tmp_path, clock.now)
        if len(made) == 2:
            clock.now += timedelta(hours=5)  # the machine slept
        return State(began=clock.now)

    schedule.keep(asked, run, rounds=200, clock=clock, wait=clock.wait)
    assert [f"{at:%H:%M}" for at in made] == ["05:00", "06:00", "11:00", "12:00"]


def test_a_run_made_while_the_clock_was_ahead_puts_off_none(tmp_path: Path) -> None:
    asked, clock = settings(tmp_path, "0 * * * *", "UTC"), Clock(MONDAY + timedelta(minutes=30))
    began(tmp_path, MONDAY + timedelta(days=60))
    made: list[datetime] = []

    def run(_: datetime) -> State:
        made.append(clock.now)
        began(tmp_path, clock.now)
        return State(began=clock.now)

    schedule.keep(asked, run, rounds=100, clock=clock, wait=clock.wait)
    assert [f"{at:%H:%M}" for at in made] == ["05:00", "06:00"]


def test_the_schedule_outlives_a_run_that_fails_and_one_that_is_at_work(tmp_path: Path) -> None:
    asked, clock = settings(tmp_path, "0 * * * *", "UTC"), Clock(MONDAY)
    faults: list[Exception] = [OSError("No space left"), runs.BusyError("busy"), ValueError("bug")]

    def run(_: datetime) -> State:
        if faults:
            raise faults.pop()
        began(tmp_path, clock.now)
        return State(began=clock.now)

    schedule.keep(asked, run, rounds=70, clock=clock, wait=clock.wait)
    last = runs.read(tmp_path)
    assert last is not None
    assert last.began > MONDAY
