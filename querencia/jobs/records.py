"""Jobs that read records: all anew, what was added, and what an unknown file may be."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from features import cdnow, changes, company, intake, mapping, snapshot, usability
from features.errors import QuerenciaError
from features.feature import Feature
from features.files import aside, clear, renewed
from features.findings import Facts, Finding, tell
from features.forgotten import Forgotten
from features.inbox import Inbox, Row
from features.intake import Intake
from features.probation import Probation, reading
from features.proposal import Proposal
from features.records import CONTRACTS
from features.sources import Source
from features.store import Store
from features.usability import Report
from querencia import page, trust
from querencia.jobs.people import settle
from serving.campaigns import Campaigns
from serving.outreach import record
from serving.settings import Settings
from training.retrain import Say

REPORT = "usability"
"""Name of the usability report in the data folder: as JSON for programs, as HTML for people."""


def check(
    settings: Settings, given: Mapping[str, Path], say: Say, *, append: bool = False
) -> Report:
    """Read and check tables into the data folder, and report on what they are good for.

    The records are then what was read, all of it, and nothing else: a table that was read before
    and is not given now is removed. Where a table can't be read, all stays as it was.

    Args:
        settings: Where tables come from, unless
        given: names a file for them.
        say: Told what is being done.
        append: Add to the records instead: only what is given, if anything is, else all tables.

    Raises:
        QuerenciaError: where no table is named or one can't be read, where transactions would be
            removed, or where customers who were erased would come back.
    """
    settle(settings)
    wanted, now = wanted_tables(settings, given), datetime.now(UTC)
    with reading(settings.data):
        came = (
            _append(wanted, given, settings, say) if append else _read_anew(wanted, settings, say)
        )
    facts = _learn(settings, came, now)
    report = usability.report(facts, now=now)
    write(report, settings)
    return report


def update(settings: Settings, say: Say, *, append: bool) -> tuple[Facts, tuple[Finding, ...]]:
    """Read all tables while nobody watches: what is itself at fault is not taken in.

    Args:
        settings: Where tables come from, and what is let pass.
        say: Told what is being done.
        append: Add to the records, in place of reading them anew.

    Returns:
        What there was with the rows that were read, and all there is to say of it.

    Raises:
        QuerenciaError: as `check`; then the records are as they were.
    """
    settle(settings)
    wanted, now = wanted_tables(settings, {}), datetime.now(UTC)
    with reading(settings.data) as before:
        came = _append(wanted, (), settings, say) if append else _read_anew(wanted, settings, say)
        facts = _learn(settings, came, now)
        found = trust.judged(settings, facts)
        if trust.is_at_fault(found) and _was_sound(settings, before, now):
            before.refuse()
            return facts, (*found, _TAKEN_BACK)
    write(usability.report(facts, now=now), settings)
    return facts, found


_TAKEN_BACK = tell(
    "error",
    "taken_back",
    "Nothing that was read this time was added to the records. Correct it and have it read again; "
    "rows that were refused are in the folder refused.",
)


def _was_sound(settings: Settings, before: Probation, now: datetime) -> bool:
    """Whether there were records to go back to, which were not at fault themselves."""
    was = settings.model_copy(update={"data": before.before})
    if "transactions" not in Store(was.data).has:
        return False
    return not trust.is_at_fault(trust.judged(was, _learn(was, ((), ()), now)))


def _learn(settings: Settings, came: "Read", now: datetime) -> Facts:
    intakes, left_out = came
    store = Store(settings.data)
    return usability.learn(store, settings.features, now=now, intakes=intakes, left_out=left_out)


def wanted_tables(settings: Settings, given: Mapping[str, Path]) -> dict[str, Source]:
    """The tables to read, in the order they need one another."""
    wanted = {table: entry.source() for table, entry in settings.tables.items()}
    wanted |= {
        table: replace(wanted.get(table, Source()), path=path) for table, path in given.items()
    }
    unknown = sorted(set(wanted) - set(CONTRACTS))
    tables = f"Tables: {', '.join(CONTRACTS)}."
    if unknown:
        raise QuerenciaError(f"There is no input table called {unknown[0]}. {tables}")
    if not (wanted or Inbox(settings.data).path.is_file()):
        raise QuerenciaError(f"No table given. Name a file: querencia check FILE. {tables}")
    return {table: wanted[table] for table in CONTRACTS if table in wanted}


def _left_out(store: Store, wanted: Collection[str]) -> tuple[str, ...]:
    """The tables that are among the records and will not be any more."""
    left_out = [table for table in CONTRACTS if store.path(table).is_file() and table not in wanted]
    if "transactions" in left_out:
        raise QuerenciaError(
            f"The records in {store.folder} hold transactions, which are not given now and would "
            "be removed. Name every table in querencia.toml to have all of them read together, or "
            "choose another data folder (QUERENCIA_DATA)."
        )
    if "customers" in left_out and (erased := _erased(store)):
        raise QuerenciaError(
            f"The records know of {erased:,} customers who were erased, and without the table "
            "customers they would come back. Give it too ([tables.customers] in querencia.toml), "
            f"or, if their records are gone from your files, remove {store.path('customers')}."
        )
    return tuple(left_out)


def _erased(store: Store) -> int:
    """How many customers the records say are erased."""
    customers = ds.dataset(store.path("customers"))
    if "erased_at" not in customers.schema.names:
        return 0
    return int(customers.count_rows(filter=ds.field("erased_at").is_valid()))


Read: TypeAlias = tuple[tuple[Intake, ...], tuple[str, ...]]
"""What came of the tables read, and which tables are among the records no more."""


def _append(
    wanted: Mapping[str, Source], given: Collection[str], settings: Settings, say: Say
) -> Read:
    clear(settings.data)
    inbox = Inbox(settings.data)
    sent = inbox.waiting(inbox.taken(settings.data))
    sources = {table: wanted[table] for table in wanted if table in (given or wanted)}
    return _read(sources, sent, settings.data, settings, say), ()


def _read_anew(wanted: Mapping[str, Source], settings: Settings, say: Say) -> Read:
    sent = Inbox(settings.data).waiting(0)
    left_out = _left_out(Store(settings.data), {*wanted, *sent[0]})
    with renewed(settings.data, "records", "quarantine") as new:
        Forgotten(settings.data).copy(new)
        intakes = _read(wanted, sent, new, settings, say)
        # What we decided ourselves is known whatever files are given.
        record(Campaigns(settings.data).sent(), new, settings)
        if _are_told_again(Store(settings.data).path("offers"), Store(new).path("offers")):
            left_out = tuple(table for table in left_out if table != "offers")
        changes.note_everyone(settings.data)  # before the records take their place
    return intakes, left_out


def _are_told_again(before: Path, now: Path) -> bool:
    """Whether all offers that were on record are so again, with every column."""
    if not (before.is_file() and now.is_file()):
        return False
    old, new = (pq.read_table(path, columns=["offer_id"])["offer_id"] for path in (before, now))
    columns = set(pq.read_schema(before).names) <= set(pq.read_schema(now).names)
    return columns and set(old.to_pylist()) <= set(new.to_pylist())


def _read(
    sources: Mapping[str, Source],
    sent: tuple[Mapping[str, Sequence[Row]], int],
    folder: Path,
    settings: Settings,
    say: Say,
) -> tuple[Intake, ...]:
    """Add tables to the records of a folder, after what was sent: its senders were told so."""
    posted, parcels = sent
    intakes = []
    for table, contract in CONTRACTS.items():
        if table in posted:
            say(f"taking in {len(posted[table]):,} rows of {table} that were sent")
            _take_in(table, posted[table], folder, settings)
        if table in sources:
            say(f"reading {table} from {sources[table]}")
            intakes.append(intake.append(sources[table], contract, folder, settings.features))
    intake.refer(folder)
    if parcels:
        Inbox(settings.data).note(folder, parcels)
    return tuple(intakes)


def _take_in(table: str, rows: Sequence[Row], folder: Path, settings: Settings) -> None:
    file = Inbox(settings.data).file(table, rows)
    intake.append(Source(file), CONTRACTS[table], folder, settings.features)
    file.unlink()


def write(report: Report, settings: Settings) -> None:
    """Write the usability report into the data folder, as JSON and as a page."""
    for kind, content in (
        ("json", TypeAdapter(Report).dump_json(report, indent=2)),
        ("html", page.usability(report, settings).encode()),
    ):
        with aside(settings.data / f"{REPORT}.{kind}") as new:
            new.write_bytes(content)


def propose(settings: Settings, given: Mapping[str, Path], table: str) -> Proposal:
    """A mapping of the file of a table, as if nobody knew what its columns are.

    Raises:
        QuerenciaError: where there is no such table or file, or it can't be read.
    """
    wanted = wanted_tables(settings, given)
    if table not in wanted:
        raise QuerenciaError(f"No {table} given. Name a file: querencia check FILE")
    return mapping.suggest(wanted[table], CONTRACTS[table])


def has_records(settings: Settings) -> bool:
    """Whether anything has been read yet."""
    return bool(Store(settings.data).has)


def carried(settings: Settings) -> dict[str, tuple[Feature[Any], ...]]:
    """The features by family that the records carry; all there are where there are no records."""
    has = Store(settings.data).has or snapshot.NEEDED
    families = (*snapshot.FAMILIES, snapshot.CONTEXT)
    return {family.name: there for family in families if (there := family.present(has))}


def built_in(source: str, folder: Path, *, customers: int) -> dict[str, Path]:
    """Write the tables of a built-in source; say where each lies."""
    tables = (
        {"transactions": cdnow.transactions()}
        if source == "cdnow"
        else company.simulate(customers).tables
    )
    paths = {name: folder / "sources" / f"{name}.parquet" for name in tables}
    for name, table in tables.items():
        with aside(paths[name]) as new:
            table.to_parquet(new, index=False)
    return paths
