"""The jobs behind the verbs: each puts rooms of the house in a row, and says what it does."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from features import cdnow, company, intake, snapshot, usability
from features.errors import QuerenciaError
from features.files import aside, write_tables
from features.intake import Intake
from features.records import CONTRACTS
from features.sources import Source
from features.store import Store
from features.usability import Finding, Summary
from serving import batch
from serving.batch import ScoreFile
from serving.decisions import at_risk
from serving.settings import Settings
from training.champion import Champion
from training.retrain import Say, Training, lay_plan, retrain
from training.scoring import Scores


@dataclass(frozen=True)
class Check:
    """What reading the input tables came to."""

    intakes: tuple[Intake, ...]
    summary: Summary
    findings: list[Finding]

    @property
    def usable(self) -> bool:
        """Whether models can be trained on the records."""
        return not any(finding.level == "error" for finding in self.findings)


def check(settings: Settings, given: Mapping[str, Path], say: Say) -> Check:
    """Read and check every table into the data folder.

    Args:
        settings: Where tables come from, unless
        given: names a file for them.
        say: Told what is being done.
    """
    wanted = {table: entry.source() for table, entry in settings.tables.items()}
    wanted |= {
        table: replace(wanted.get(table, Source()), path=path) for table, path in given.items()
    }
    _require_known(wanted)
    intakes = {}
    for table in (table for table in CONTRACTS if table in wanted):
        say(f"reading {table} from {wanted[table]}")
        intakes[table] = intake.take_in(
            wanted[table], CONTRACTS[table], settings.data, settings.features
        )
    intake.refer(settings.data)
    summary = usability.summarise(Store(settings.data), settings.features.time_zone)
    findings = usability.judge(
        summary,
        intakes["transactions"],
        settings.features,
        today=datetime.now(UTC).date(),
    )
    return Check(tuple(intakes.values()), summary, findings)


def _require_known(wanted: Mapping[str, Source]) -> None:
    unknown = sorted(set(wanted) - set(CONTRACTS))
    tables = f"Tables: {', '.join(CONTRACTS)}."
    if unknown:
        raise QuerenciaError(f"There is no input table called {unknown[0]}. {tables}")
    if "transactions" not in wanted:
        raise QuerenciaError(f"No transactions given. Name a file: querencia check FILE. {tables}")


def features(settings: Settings, say: Say) -> Path:
    """Write the snapshots that a training would use, for people who want to look at them."""
    store = Store(settings.data)
    cutoffs = lay_plan(store, settings.features)
    every = (*cutoffs.training, cutoffs.evaluation, cutoffs.scoring)
    say(f"features of every customer at {len(every)} cut-offs")
    taken = snapshot.groups(
        store.records(),
        every,
        settings.features,
        has=store.has,
        observed_until=cutoffs.scoring,
    )
    path = settings.data / "snapshots" / "snapshots.parquet"
    write_tables(path, (group.table for group in taken))
    return path


def train(settings: Settings, say: Say) -> Training:
    """Train, judge, register, and promote if better."""
    store, registry = Store(settings.data), settings.registry
    _require_usable(store, settings)
    say("opening the MLflow store")
    registry.versions()
    return retrain(store, registry, settings.features, settings.training, say=say)


def _require_usable(store: Store, settings: Settings) -> None:
    """Refuse records that `check` finds an error in, before anything slow."""
    lay_plan(store, settings.features)
    held = usability.summarise(store, settings.features.time_zone)
    whole = Intake("transactions", (), held.transactions, held.transactions, ())
    findings = usability.judge(held, whole, settings.features, today=held.last)
    errors = [finding.text for finding in findings if finding.level == "error"]
    if errors:
        raise QuerenciaError("\n".join(["These records can't be trained on.", *errors]))


def score(settings: Settings, say: Say) -> tuple[Scores, Path]:
    """Score every customer with the champion and keep the scores."""
    champion = Champion.require(settings.registry)
    say(f"scoring every customer with version {champion.version.number}")
    scores = batch.score_all(Store(settings.data), champion, settings.features)
    file = ScoreFile(settings.data)
    file.write(scores)
    return scores, file.path


def flag(settings: Settings) -> tuple[Scores, Path]:
    """Write the list of top customers at risk from the last scores."""
    scores = ScoreFile(settings.data).read()
    chosen = Scores(at_risk(scores.rows, **settings.list.model_dump()), scores.provenance)
    path = settings.data / "lists" / "at_risk.csv"
    batch.write_list(chosen, path, settings.language)
    return chosen, path


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
