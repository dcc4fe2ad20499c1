"""The schedule: a run whenever it is time, and one for all that were missed."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from features.errors import QuerenciaError
from querencia import run as runs
from querencia.run import State
from serving.settings import Settings

log = logging.getLogger("querencia.schedule")

LOOK_SECONDS = 60
"""At least so often it is seen whether another process has made the run meanwhile."""


def due_after(settings: Settings, instant: datetime) -> datetime:
    """The next time a run is called for, UTC.

    A time of day that a clock change leaves out comes when the clocks have changed, and one that
    it repeats comes once.

    Raises:
        QuerenciaError: where the cron expression means nothing.
    """
    zone, cron = ZoneInfo(settings.features.time_zone), settings.schedule.cron
    try:
        return next(CronSim(cron, instant.astimezone(zone))).astimezone(UTC)
    except (CronSimError, StopIteration):
        raise QuerenciaError(
            f"schedule.cron = {cron!r} is no time of day. Write minute, hour, day, month, weekday, "
            'such as "0 5 * * MON" for Mondays at five.'
        ) from None


def due(settings: Settings, since: datetime, now: datetime) -> datetime:
    """When the next run is: at once where one was killed, or missed since the last began.

    Args:
        settings: Where the last run is written down, and when there should be one.
        since: From when on runs are called for, where there was none before now.
        now: The present.
    """
    last = runs.read(settings.data)
    if last is not None and last.ended is None:
        return now
    # A run that is yet to begin was made by a clock that was ahead, and counts for nothing.
    began = last.began if last and last.began <= now else since
    return due_after(settings, min(began, now))


def keep(
    settings: Settings,
    run: Callable[[datetime], State | None],
    *,
    rounds: int | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Make every run when it is time, until the process is ended.

    A run that failed is told of, and the next one comes when it is time again.

    Args:
        settings: When.
        run: Makes a run that a time called for.
        rounds: Looks after which to return; left out: never.
        clock: Tells the time.
        wait: Sleeps so many seconds.
    """
    since, looked = clock(), 0
    while rounds is None or looked < rounds:
        looked += 1
        now = clock()
        since = min(since, now)  # a clock that was set back delays nothing
        next_run = due(settings, since, now)
        if next_run > now:
            wait(min((next_run - now) / timedelta(seconds=1), LOOK_SECONDS))
            continue
        try:
            run(next_run)
        except runs.BusyError as busy:
            log.info("%s", busy)
            wait(LOOK_SECONDS)
        except Exception:
            # It is written down and told; the schedule goes on whatever happens.
            log.exception("the run failed")
            wait(LOOK_SECONDS)
