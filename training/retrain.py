"""The training job: past cut-offs, models, evidence on a later period, promotion or not."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pydantic import BaseModel

from features import holdings
from features.cutoffs import Plan
from features.errors import QuerenciaError
from features.files import locked
from features.findings import Finding, tell
from features.provenance import DefinitionError, Provenance
from features.settings import FeatureSettings
from features.snapshot import Snapshot
from features.store import Store
from training import backtest, card, plots, rhythm, runlog, sealed, survival
from training.candidate import Candidate, train, with_effects
from training.candidate import Say as Say
from training.champion import CHALLENGER, CHAMPION, TRAINED, trained_as_of
from training.drift import Population
from training.evidence import Evidence
from training.history import History
from training.model import Model
from training.promotion import (
    CONTESTED,
    Contest,
    Incumbent,
    Promotion,
    decide,
    miscalibrated,
    unless_changed,
)
from training.registry import Registry, Version
from training.runs import Run
from training.scoring import COLUMNS
from training.settings import TrainingSettings

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

ROWS = "rows"
"""Tag of a version: the rows of each table when it was trained."""


POPULATION = "population.json"
"""File of a run that tells whom the model was trained as of (`training.drift.Population`)."""


@dataclass(frozen=True)
class Training:
    """What a training came to.

    Attributes:
        version: The version registered.
        promotion: Whether it is the champion now, and why.
        plan: The cut-offs it used.
        evidence: Its measures beside members and baselines.
    """

    version: Version
    promotion: Promotion
    plan: Plan
    evidence: Evidence

    @property
    def promoted(self) -> bool:
        """Whether it is the champion now."""
        return self.promotion.promoted


def retrain(
    store: Store,
    registry: Registry,
    features: FeatureSettings,
    settings: TrainingSettings,
    *,
    say: Say,
    by: str = "train",
    objections: Sequence[Finding] = (),
) -> Training:
    """Train on closed horizons, judge on the latest one, register, promote if better in money.

    The model is trained as of the evaluation cut-off, so that what is served is what was judged.
    One training at a time, of all processes and machines that share the registry's folder.

    Args:
        store: The records.
        registry: Where the model is registered.
        features: Definitions.
        settings: How models are made, and what one must show.
        say: Told what is being done.
        by: The job that asks for it, for the history.
        objections: What is known to speak against the records: an error stops the promotion.

    Raises:
        QuerenciaError: where the records are too short or too thin to train on, or another training
            is at work.
    """
    with locked(registry.folder, name=".training", doing="training in"):
        return _retrain(store, registry, features, settings, say, by, objections)


def _retrain(
    store: Store,
    registry: Registry,
    features: FeatureSettings,
    settings: TrainingSettings,
    say: Say,
    by: str,
    objections: Sequence[Finding],
) -> Training:
    cutoffs = lay_plan(store, features)
    candidate = train(store, cutoffs, features, settings, say=say)
    candidate = with_effects(candidate, store, cutoffs, features, say=say)
    model = candidate.model
    say(f"evidence on {len(candidate.judged):,} customers after {cutoffs.evaluation:%Y-%m-%d}")
    with registry.run(f"train {cutoffs.evaluation:%Y-%m-%d}") as run:
        evidence = candidate.evidence()
        runlog.log_evidence(run, evidence)
        runlog.log_rehearsals(run, evidence)
        runlog.log_effects(run, model.effects)
        _log(run, candidate, cutoffs, features)
        _log_definition(run, store, candidate.past, cutoffs, features)
        version = _register(registry, run, model, candidate.later, holdings.rows(store))
        history = History(registry.folder)
        history.note("registered", version.number, by=by)
        objections = (*objections, *examined(registry, version, model))
        found = _promotion(registry, store, candidate, evidence, features, objections)
        found = unless_changed(found, registry.number(CHAMPION))
        registry.set_alias(CHAMPION if found.promoted else CHALLENGER, version.number)
        _note(history, version, found, by)
        run.set_tags({"promoted": str(found.promoted), "reason": found.reason})
        run.log_text(card.write(model, evidence, len(candidate.learned)), "model_card.md")
    return Training(version, found, cutoffs, evidence)


def _note(history: History, version: Version, found: Promotion, by: str) -> None:
    history.note(
        "promoted" if found.promoted else "refused",
        version.number,
        by=by,
        champion=found.champion,
        findings=found.findings,
    )


def lay_plan(store: Store, settings: FeatureSettings) -> Plan:
    """The cut-offs that these records allow.

    Raises:
        QuerenciaError: where there are fewer than three horizons of records, or they were read
            under another currency or time zone.
    """
    store.require_same(settings)
    first, end = store.span()
    laid = settings.plan(first, end)
    if laid is None:
        raise QuerenciaError(
            f"The transactions span {(end - first).days} days ({first} to {end}); a horizon of "
            f"{settings.horizon_days} days needs up to {settings.days_needed}. "
            "Bring more history, or choose a shorter horizon (features.horizon_days)."
        )
    return laid


def _log_definition(
    run: Run, store: Store, past: Snapshot, cutoffs: Plan, features: FeatureSettings
) -> None:
    """What belongs to the churn definition alone."""
    if features.churn == "rhythm":
        curve = rhythm.factor_curve(past)
        run.log_metrics({"rhythm_factor_best": curve.best})
        run.log_json(curve.table(), "rhythm_factor.json")
        run.log_figure(plots.factor(curve, features.rhythm_factor), "plots/rhythm_factor.png")
        run.log_text(rhythm.suggestion(curve, features.rhythm_factor) + "\n", "rhythm_factor.txt")
    if features.churn == "contract":
        lasting = survival.survival(*survival.durations(store.records(), cutoffs.scoring))
        run.log_json(lasting.table(), "survival.json")
        run.log_figure(plots.survival(lasting), "plots/survival.png")


def _log(run: Run, candidate: Candidate, cutoffs: Plan, features: FeatureSettings) -> None:
    model = candidate.model
    run.log_params(
        {
            **dict(_flat(features, "features.")),
            **dict(_flat(candidate.settings, "training.")),
            **{f"purchases.{name}": value for name, value in model.value.purchases.params_.items()},
            "training_cutoffs": len(cutoffs.training),
            "training_rows": len(candidate.learned),
            "margin_rate": model.value.margin_rate,
        }
    )
    run.log_metrics(model.outlook.hindsight)
    run.log_json(_population(candidate).model_dump(), POPULATION)
    run.log_json(model.provenance.model_dump(mode="json"), "provenance.json")
    run.log_figure(
        plots.tracking(model.value, candidate.snapshots, cutoffs.evaluation),
        "plots/tracking.png",
    )


def _population(candidate: Candidate) -> Population:
    """The customers as of the instant it was trained."""
    later, risk = candidate.later, candidate.model.risk
    known = {name: later.columns[name] for name in candidate.model.features}
    churned = float(candidate.learned.churned.mean())
    return Population.of(known, risk.predict(later.rows), churned=churned)


def _flat(settings: BaseModel, prefix: str) -> Iterator[tuple[str, object]]:
    for name, value in settings:
        if isinstance(value, BaseModel):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _register(
    registry: Registry, run: Run, model: Model, later: Snapshot, rows: Mapping[str, int]
) -> Version:
    with _written(model) as folder:
        return registry.register(
            run,
            folder,
            signature=_signature(later.names),
            input_example=later.rows[list(later.names)].head(5),
            tags={
                TRAINED: later.provenance.cutoff.isoformat(),
                "churn": model.provenance.churn,
                ROWS: json.dumps(rows),
            },
        )


def _signature(features: Sequence[str]) -> "ModelSignature":
    # Declared: inferred from rows, a column would be required where those happened to be full.
    from mlflow.models import ModelSignature  # slow to import, and only jobs need it
    from mlflow.types import ColSpec, Schema

    kinds = {"instant": "datetime", "text": "string"}
    return ModelSignature(
        inputs=Schema([ColSpec("double", name, required=False) for name in features]),
        outputs=Schema(
            [
                ColSpec(kinds.get(column.unit, "double"), column.name, required=False)
                for column in COLUMNS
                if column.unit != "id"
            ]
        ),
    )


@contextmanager
def _written(model: Model) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        model.save(Path(folder) / "model")
        yield Path(folder) / "model"


def _promotion(
    registry: Registry,
    store: Store,
    candidate: Candidate,
    evidence: Evidence,
    features: FeatureSettings,
    objections: Sequence[Finding],
) -> Promotion:
    """Hold the new model against the champion, and against what is asked of it by itself."""
    asked, outcome = candidate.settings.promotion, evidence.outcome
    against = (
        *objections,
        *miscalibrated(*outcome, asked, random_state=candidate.settings.random_state),
    )
    return decide(
        _incumbent(registry, store, candidate, evidence, features),
        against,
        rows=holdings.rows(store),
        currency=features.currency,
        settings=asked,
    )


def _incumbent(
    registry: Registry,
    store: Store,
    candidate: Candidate,
    evidence: Evidence,
    features: FeatureSettings,
) -> Incumbent | None:
    version, later = registry.version(CHAMPION), candidate.judged
    if version is None:
        return None
    known = Incumbent(
        version.number,
        _horizons(version, later.provenance),
        json.loads(version.tags.get(ROWS, "{}")),
    )
    try:
        champion = Model.load(registry.fetch(version))
        known = replace(known, lacking=sorted({*champion.provenance.records} - store.has))
        few = store.drawn(candidate.settings.most_customers)
        own = as_seen_by(champion, few, later, features)
    except QuerenciaError as mismatch:
        return replace(known, unfit=str(mismatch))
    contest = Contest.of(
        later.churned,
        champion.risk.predict(own.rows),
        evidence.outcome[1],
        backtest.risk_measures(evidence.clv, candidate.settings.money, only=CONTESTED),
        random_state=candidate.settings.random_state,
    )
    return replace(known, contest=contest)


def _horizons(version: Version, present: Provenance) -> float:
    """How many horizons before the present cut-off a version was trained."""
    return (present.cutoff - trained_as_of(version)) / timedelta(days=present.horizon_days)


def examined(registry: Registry, version: Version, model: Model) -> Iterator[Finding]:
    """An error where what was stored does not answer its own example as the model does.

    Args:
        registry: Where it is stored.
        version: As what.
        model: It, before it was stored.
    """
    folder = registry.fetch(version)
    example = pd.read_json(folder / sealed.EXAMPLE, orient="split", dtype=False)
    told, expected = (
        each.risk.predict(example.astype(float)) for each in (Model.load(folder), model)
    )
    if not np.allclose(told, expected, rtol=0, atol=1e-9):
        yield tell(
            "error",
            "example_failed",
            "Version {version} does not answer its stored example as it did before it was stored.",
            version=version.number,
        )


def as_seen_by(
    champion: Model, store: Store, later: Snapshot, features: FeatureSettings
) -> Snapshot:
    """The same customers with the features that a champion knows, and what came of them.

    Raises:
        DefinitionError: where it was made under other definitions, or what it knows customers by
            is gone.
    """
    if champion.provenance.definitions() == later.provenance.definitions():
        return later
    has = frozenset(champion.provenance.records)
    if has - store.has:
        raise DefinitionError(f"the records lack {', '.join(sorted(has - store.has))}")
    taken = store.take(later.provenance.cutoffs, features, has=has, themes=champion.themes)
    champion.provenance.require_same(taken.provenance)
    place = pd.Index(taken.ids[taken.customer]).get_indexer(later.ids[later.customer])
    return taken.select(place).assign(churned=later.churned)
