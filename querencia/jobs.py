"""The jobs behind the verbs: each puts rooms of the house in a row, and says what it does."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from features import cdnow, changes, company, findings, intake, mapping, snapshot, usability
from features.album import Album
from features.cutoffs import Plan
from features.errors import QuerenciaError
from features.feature import Feature
from features.files import aside, clear, renewed
from features.findings import Facts, Finding, tell
from features.forgotten import Forgotten, Proof
from features.inbox import Inbox, Row
from features.indicators.period import looked_at
from features.indicators.reading import Reading, read
from features.intake import Intake
from features.probation import Probation, changing, looking, reading
from features.proposal import Proposal
from features.records import CONTRACTS
from features.settings import TableSettings
from features.sources import Source
from features.store import Store
from features.usability import Report
from querencia import page, trust, watching
from querencia.report import page as report_page
from serving import batch, foreign, forgetting, realised, words
from serving.batch import ScoreFile
from serving.campaigns import Campaigns
from serving.outreach import flag as flag
from serving.outreach import record
from serving.outreach import send as send
from serving.past import Past, look_back
from serving.report import report as reporting
from serving.report import staying
from serving.score_history import ScoreHistory
from serving.settings import Settings
from training import evaluate as backtests
from training import plots, series
from training.champion import CHAMPION, Champion
from training.evaluate import Evaluation
from training.retrain import Say, Training, lay_plan, retrain
from training.scoring import Scores

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
    _settle(settings)
    wanted, now = _wanted(settings, given), datetime.now(UTC)
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
    _settle(settings)
    wanted, now = _wanted(settings, {}), datetime.now(UTC)
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


def _wanted(settings: Settings, given: Mapping[str, Path]) -> dict[str, Source]:
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
    wanted = _wanted(settings, given)
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


def features(settings: Settings, say: Say) -> Path:
    """Bring the snapshots that a training would use up to date, for people to look at."""
    _settle(settings)
    with changing(settings.data):  # a customer who is forgotten meanwhile would come back
        store = Store(settings.data)
        cutoffs = lay_plan(store, settings.features)
        every = (*cutoffs.training, cutoffs.evaluation, cutoffs.scoring)
        say(f"features of every customer at {len(every)} cut-offs")
        album = Album(store, settings.features, cutoffs.scoring)
        album.update(every)
        return album.folder


def train(settings: Settings, say: Say, *, by: str = "train") -> Training:
    """Train, judge, register, and promote if better.

    Args:
        settings: Definitions, and what a model must show.
        say: Told what is being done.
        by: The job that asks for it, for the history.

    Raises:
        QuerenciaError: where the records can't be trained on, or another job is changing them or
            training.
    """
    _settle(settings)
    with looking(settings.data):
        store, registry = settings.records, settings.registry
        _require_usable(store, settings)
        say("opening the MLflow store")
        registry.versions()
        return retrain(
            store,
            registry,
            settings.features,
            settings.training,
            say=say,
            by=by,
            objections=tuple(trust.of_sales(settings)),
        )


def _require_usable(store: Store, settings: Settings) -> None:
    """Refuse records that `check` finds an error in, before anything slow."""
    lay_plan(store, settings.features)
    found = findings.judge(usability.learn(store, settings.features, now=datetime.now(UTC)))
    errors = [
        words.finding(finding, settings.language) for finding in found if finding.level == "error"
    ]
    if errors:
        raise QuerenciaError("\n".join(["These records can't be trained on.", *errors]))


def evaluate(
    settings: Settings, track: Callable[[Sequence[Plan]], Iterable[Plan]], *, most: int
) -> Evaluation:
    """Judge trainings as of the latest closed cut-offs; register nothing.

    What it tells of how models age is kept for the report.

    Args:
        settings: Definitions, and how models are made.
        track: Given the cut-offs, hands them out one by one and shows how far it is.
        most: At most so many cut-offs.
    """
    with looking(settings.data):
        store = settings.records
        _require_usable(store, settings)
        plans = backtests.plans(store, settings.features, most=most)
        found = backtests.evaluate(
            store, settings.registry, settings.features, settings.training, track(plans)
        )
        staying.note(
            settings.data,
            found.staying,
            found.advice,
            settings.features,
            cutoffs=len(found.judged),
            now=datetime.now(UTC),
        )
        return found


def write_evaluation(found: Evaluation, folder: Path) -> tuple[Path, ...]:
    """Write an evaluation as JSON, as CSV with one figure a row, and as a picture."""
    paths = tuple(folder / f"evaluation.{kind}" for kind in ("json", "csv", "png"))
    table = found.table()
    with aside(paths[0]) as new:
        new.write_text(json.dumps(found.to_dict(), indent=2) + "\n", "utf-8")
    with aside(paths[1]) as new:
        table.to_csv(new, index=False)
    with aside(paths[2]) as new:
        plots.over_time(table).savefig(new, format="png")
    return paths


def score(settings: Settings, say: Say) -> tuple[Scores, Path]:
    """Score every customer with the champion and keep the scores."""
    _settle(settings)
    champion = Champion.require(settings.registry)
    say(f"scoring every customer with version {champion.version.number}")
    forgotten = Forgotten(settings.data).digests
    store = settings.records
    present = batch.look(store, champion, settings.features)
    scores = batch.score_known(store, champion, present, settings.features)
    file = ScoreFile(settings.data)
    file.write(scores)
    ScoreHistory(settings.data).keep(scores)
    forgetting.without_forgotten(file, forgotten)
    if settings.score_table:
        say("writing the scores to PostgreSQL")
        settings.score_table.write(file)
    watching.note(settings, champion, present, scores)
    return scores, file.path


def score_files(
    settings: Settings, given: Mapping[str, Path], output: Path, say: Say
) -> tuple[Scores, tuple[Intake, ...]]:
    """Score customers whose histories lie in files into a Parquet file; the records stay."""
    sources = _wanted(settings.model_copy(update={"tables": _columns_of(settings, given)}), given)
    champion = Champion.require(settings.registry)
    say(f"scoring the customers of {', '.join(map(str, sources.values()))}")
    scores, intakes = foreign.score_files(sources, champion, settings.features)
    batch.write(scores, output)
    return scores, intakes


def _columns_of(settings: Settings, given: Collection[str]) -> dict[str, TableSettings]:
    """How the tables that are given are configured: their columns are called the same."""
    return {table: entry for table, entry in settings.tables.items() if table in given}


def forget(settings: Settings, customer_id: str) -> Proof:
    """Forget a customer: nothing is answered from now on, and all that is kept is removed.

    Raises:
        QuerenciaError: where another job is at work; then it is noted, and the next job does it.
    """
    forgotten = Forgotten(settings.data)
    proof = forgotten.ask(customer_id)
    try:
        _settle(settings)
    except QuerenciaError as busy:
        raise QuerenciaError(
            f"It is noted, and nothing is answered for this customer any more. {busy} The next job "
            "removes what is kept."
        ) from None
    return forgotten.find(customer_id) or proof


def _settle(settings: Settings) -> None:
    """Remove what is kept of those who asked to be forgotten, if anybody did."""
    if Forgotten(settings.data).pending():
        with changing(settings.data):
            forgetting.settle(settings)


def campaigns(settings: Settings) -> list[Past]:
    """Every campaign, and what came of those whose horizon has closed."""
    store, every = Store(settings.data), Campaigns(settings.data).all()
    found = [look_back(campaign, store, settings.features) for campaign in every]
    for past in found:
        if past.outcome and past.closes:
            name = f"campaign {past.campaign.id}"
            series.note(settings.registry.store, name, past.figures(), closed=past.closes)
    return found


def judge(settings: Settings, say: Say) -> list[str]:
    """Judge every campaign and every batch of scores whose horizon has closed.

    What came of them is a series in MLflow. A batch is judged once; a campaign again whenever costs
    and late records may tell more.

    Returns:
        The names of the batches judged now.
    """
    campaigns(settings)
    store, tracking = settings.records, settings.registry.store
    judged = []
    for made in realised.closed(ScoreHistory(settings.data), store, settings.features):
        if series.find(tracking, made.name) is None:
            say(f"what came of {made.name}")
            if found := realised.judge(made, store, settings.features):
                series.note(tracking, made.name, found.figures(), closed=made.closes)
                judged.append(made.name)
    return judged


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


def keep_report(settings: Settings, say: Say) -> Path:
    """Write the report into the data folder, without ids: there is nobody in it to be forgotten."""
    page = report(settings, say, is_masked=True)
    path = settings.data / REPORT_PAGE
    with aside(path) as new:
        new.write_text(page, "utf-8")
    return path


def require_service(settings: Settings) -> None:
    """Make sure that the service has what it serves, before a process is started for it.

    Raises:
        QuerenciaError: where there is no champion or no scores of it yet.
    """
    batch.last(settings.data, Champion.require(settings.registry), settings.features)


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
