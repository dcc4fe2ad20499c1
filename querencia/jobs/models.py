"""Jobs that make features, models and scores."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from features import findings, usability
from features.album import Album
from features.cutoffs import Plan
from features.errors import QuerenciaError
from features.files import aside
from features.forgotten import Forgotten
from features.intake import Intake
from features.probation import changing, looking
from features.settings import TableSettings
from features.store import Store
from querencia import trust, watching
from querencia.jobs.people import settle
from querencia.jobs.records import wanted_tables
from serving import batch, foreign, forgetting, words
from serving.batch import ScoreFile
from serving.report import staying
from serving.score_history import ScoreHistory
from serving.settings import Settings
from training import evaluate as backtests
from training import plots
from training.champion import Champion
from training.evaluate import Evaluation
from training.retrain import Say, Training, lay_plan, retrain
from training.scoring import Scores


def features(settings: Settings, say: Say) -> Path:
    """Bring the snapshots that a training would use up to date, for people to look at."""
    settle(settings)
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
    settle(settings)
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
    settle(settings)
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
    sources = wanted_tables(
        settings.model_copy(update={"tables": _columns_of(settings, given)}), given
    )
    champion = Champion.require(settings.registry)
    say(f"scoring the customers of {', '.join(map(str, sources.values()))}")
    scores, intakes = foreign.score_files(sources, champion, settings.features)
    batch.write(scores, output)
    return scores, intakes


def _columns_of(settings: Settings, given: Collection[str]) -> dict[str, TableSettings]:
    """How the tables that are given are configured: their columns are called the same."""
    return {table: entry for table, entry in settings.tables.items() if table in given}


def require_service(settings: Settings) -> None:
    """Make sure that the service has what it serves, before a process is started for it.

    Raises:
        QuerenciaError: where there is no champion or no scores of it yet.
    """
    batch.last(settings.data, Champion.require(settings.registry), settings.features)
