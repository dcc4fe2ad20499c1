"""The training job: past cut-offs, models, evidence on a later period, promotion or not."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pandas as pd
from pydantic import BaseModel

from features import snapshot
from features.cutoffs import Plan
from features.errors import QuerenciaError
from features.provenance import DefinitionError
from features.settings import FeatureSettings
from features.snapshot import Snapshot
from features.store import Store
from training import backtest, card, plots, rhythm, runlog, survival
from training.backtest import SERVED
from training.champion import CHALLENGER, CHAMPION
from training.evidence import Evidence
from training.model import Model
from training.registry import Registry, Version
from training.runs import Run
from training.scoring import COLUMNS
from training.settings import MoneySettings, TrainingSettings
from training.trial import Say as Say
from training.trial import Trial, attempt, with_effects

if TYPE_CHECKING:
    from mlflow.models import ModelSignature


@dataclass(frozen=True)
class Training:
    """What a training came to.

    Attributes:
        version: The version registered.
        promoted: Whether it is the champion now; and
        reason: why, in words.
        plan: The cut-offs it used.
        evidence: Its measures beside members and baselines.
    """

    version: Version
    promoted: bool
    reason: str
    plan: Plan
    evidence: Evidence


def retrain(
    store: Store,
    registry: Registry,
    features: FeatureSettings,
    settings: TrainingSettings,
    *,
    say: Say,
) -> Training:
    """Train on closed horizons, judge on the latest one, register, promote if better in money.

    The model is trained as of the evaluation cut-off, so that what is served is what was judged.

    Raises:
        QuerenciaError: where the records are too short or too thin to train on.
    """
    cutoffs = lay_plan(store, features)
    trial = attempt(store, cutoffs, features, settings, say=say)
    trial = with_effects(trial, store, cutoffs, features, say=say)
    model, judged = trial.model, trial.judged
    say(f"evidence on {len(judged):,} customers after {cutoffs.evaluation:%Y-%m-%d}")
    with registry.run(f"train {cutoffs.evaluation:%Y-%m-%d}") as run:
        evidence = trial.evidence()
        runlog.log_evidence(run, evidence)
        runlog.log_rehearsals(run, evidence)
        runlog.log_effects(run, model.effects)
        _log(run, trial, cutoffs, features)
        _log_definition(run, store, trial.past, cutoffs, features)
        version = _register(registry, run, model, trial.later)
        promoted, reason = _compare(registry, store, evidence, judged, features, settings.money)
        registry.set_alias(CHAMPION if promoted else CHALLENGER, version.number)
        run.set_tags({"promoted": str(promoted), "reason": reason})
        run.log_text(card.write(model, evidence, len(trial.learned)), "model_card.md")
    return Training(version, promoted, reason, cutoffs, evidence)


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


def _log(run: Run, trial: Trial, cutoffs: Plan, features: FeatureSettings) -> None:
    model = trial.model
    run.log_params(
        {
            **dict(_flat(features, "features.")),
            **dict(_flat(trial.settings, "training.")),
            **{f"purchases.{name}": value for name, value in model.value.purchases.params_.items()},
            "training_cutoffs": len(cutoffs.training),
            "training_rows": len(trial.learned),
            "margin_rate": model.value.margin_rate,
        }
    )
    run.log_metrics(model.outlook.hindsight)
    run.log_json(model.provenance.model_dump(mode="json"), "provenance.json")
    run.log_figure(
        plots.tracking(model.value, trial.snapshots, cutoffs.evaluation),
        "plots/tracking.png",
    )


def _flat(settings: BaseModel, prefix: str) -> Iterator[tuple[str, object]]:
    for name, value in settings:
        if isinstance(value, BaseModel):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _register(registry: Registry, run: Run, model: Model, later: Snapshot) -> Version:
    with _written(model) as folder:
        return registry.register(
            run,
            folder,
            signature=_signature(later.names),
            input_example=later.rows[list(later.names)].head(5),
            tags={
                "trained_as_of": later.provenance.cutoff.isoformat(),
                "churn": model.provenance.churn,
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


def _compare(
    registry: Registry,
    store: Store,
    evidence: Evidence,
    later: Snapshot,
    features: FeatureSettings,
    money: MoneySettings,
) -> tuple[bool, str]:
    """Whether the new model's campaigns would earn more on the same customers, and why."""
    version = registry.version(CHAMPION)
    if version is None:
        return True, "the first model"
    try:
        champion = Model.load(registry.fetch(version))
        own = _as_seen_by(champion, store, later, features)
    except DefinitionError as mismatch:
        return True, f"the champion, version {version.number}, does not fit: {mismatch}"
    theirs = backtest.judge_risk({CHAMPION: champion.risk}, own, clv=evidence.clv, money=money)
    gain = evidence.risk[SERVED]["profit_score"] - theirs[CHAMPION]["profit_score"]
    compared = (
        f"{gain:+.4f} {later.provenance.currency} of campaign profit per customer against version "
        f"{version.number} on {len(later.rows):,} later customers"
    )
    return gain > 0, compared


def _as_seen_by(
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
    taken = snapshot.take(
        store.records(themes=champion.themes),
        later.provenance.cutoffs,
        features,
        has=has,
        themes=champion.themes,
    )
    champion.provenance.require_same(taken.provenance)
    place = pd.Index(taken.ids[taken.customer]).get_indexer(later.ids[later.customer])
    return taken.select(place).assign(churned=later.churned)
