"""Whether the records a run has read are to be trusted."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pyarrow.parquet as pq

from features import findings, usability
from features import gates as gate
from features.errors import QuerenciaError
from features.findings import Facts, Finding
from features.intake import Intake
from features.store import Store
from serving.settings import Settings


def facts(settings: Settings, intakes: tuple[Intake, ...]) -> Facts:
    """What there is now, and what reading it came to."""
    now = datetime.now(UTC)
    return usability.learn(Store(settings.data), settings.features, now=now, intakes=intakes)


def judged(settings: Settings, facts: Facts) -> tuple[Finding, ...]:
    """All there is to say of them, and of what reading them came to."""
    return (*findings.judge(facts), *gates(settings, facts))


def is_at_fault(found: Sequence[Finding]) -> bool:
    """Whether an error is of a kind that the rows read last can be at fault for."""
    return any(each.level == "error" and each.name in gate.OF_WHAT_CAME for each in found)


def gates(settings: Settings, facts: Facts) -> Iterator[Finding]:
    """What speaks against trusting them: an error stops a run."""
    watch = settings.watch
    yield from gate.refused(facts, most=watch.most_refused)
    yield from gate.lost_columns(facts)
    yield from gate.repeated(facts)
    yield from gate.too_old(facts, watch.most_days_old)
    if facts.summary.purchases:
        yield from of_sales(settings)


def of_sales(settings: Settings) -> Iterator[Finding]:
    """What speaks against the transactions themselves, however they were read."""
    pace = gate.Pace.of(Store(settings.data), settings.features.time_zone)
    yield from gate.jumps(pace, most=settings.watch.most_jump)
    yield from gate.missing_days(pace)


def require_keys(settings: Settings) -> None:
    """Rows without an id can't be told from their duplicates, so that they can't be added twice.

    Raises:
        QuerenciaError: where a table that is to be added to has no ids.
    """
    if settings.schedule.read != "append":
        return
    store = Store(settings.data)
    there = [table for table in settings.tables if store.path(table).is_file()]
    numbered = [t for t in there if b"numbered" in (pq.read_metadata(store.path(t)).metadata or {})]
    if numbered:
        raise QuerenciaError(
            f"The rows of {', '.join(numbered)} have no ids, so that a row that is read again "
            'would count twice. Give every row an id, or set schedule.read = "anew" and have each '
            "file tell the whole history."
        )
