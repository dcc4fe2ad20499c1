"""Jobs that tell people: indicators and the report."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from features.files import aside
from features.indicators.period import looked_at
from features.indicators.reading import Reading, read
from features.store import Store
from querencia.report import page as report_page
from serving.report import report as reporting
from serving.settings import Settings
from training.champion import CHAMPION
from training.retrain import Say


def indicators(
    settings: Settings,
    *,
    by: str | None = None,
    customer: str | None = None,
    first: date | None = None,
    last: date | None = None,
) -> tuple[Reading, ...]:
    """Read every indicator the records carry, over the days from `first` to `last`.

    By default these are as many days as the horizon, up to the last one there are records of.
    """
    store, features = Store(settings.data), settings.features
    if "transactions" in store.has:
        store.require_same(features)
    return read(
        store,
        features,
        looked_at(store, features, first=first, last=last),
        by=by,
        customer=customer,
        targets={name: entry.target for name, entry in settings.indicators.items()},
    )


REPORT_PAGE = "report.html"
"""Name of the report in the data folder, as runs write it."""


def report(
    settings: Settings,
    say: Say,
    *,
    first: date | None = None,
    last: date | None = None,
    is_masked: bool = False,
) -> str:
    """The report as a page; a copy without ids is kept with the run of the model that serves.

    Args:
        settings: Its language among them.
        say: Told what is being done.
        first: The first day of the period that it is of, and
        last: its last; left out: the last horizon of the records.
        is_masked: Keep out customers' ids, and their words.
    """
    say("reading records, scores and campaigns")
    found = reporting.gather(settings, now=datetime.now(UTC), first=first, last=last)
    say("writing the report")
    version = settings.registry.version(CHAMPION) if found.trust else None
    if version:
        with aside(settings.registry.logged(version, f"reports/{_called(found)}")) as new:
            new.write_text(report_page.render(found, is_masked=True), "utf-8")
    return report_page.render(found, is_masked=is_masked)


def _called(found: reporting.Report) -> str:
    """A report by its period and language: one made again takes the place of the one before."""
    zone, period = ZoneInfo(found.settings.features.time_zone), found.indicators.period
    last = period.end.astimezone(zone) - timedelta(microseconds=1)
    days = f"{period.start.astimezone(zone):%Y-%m-%d}_{last:%Y-%m-%d}"
    return f"{days}_{found.settings.language}.html"


def keep_report(settings: Settings, say: Say) -> None:
    """Write the report into the data folder, without ids: there is nobody in it to be forgotten."""
    page = report(settings, say, is_masked=True)
    with aside(settings.data / REPORT_PAGE) as new:
        new.write_text(page, "utf-8")
