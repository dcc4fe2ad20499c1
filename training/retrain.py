"""The training job: past cut-offs, models, evidence on a later period, promotion or not."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pandas as pd
from pydantic import BaseModel

from features import snapshot
from features.comments import Themes
from features.cutoffs import Plan
from features.errors import QuerenciaError
from features.provenance import ChurnDefinition, DefinitionError
from features.settings import FeatureSettings
from features.snapshot import Snapshot
from features.store import Store
from training import (
    backtest,
    card,
    experiment,
    leaving,
    plots,
    rhythm,
    survival,
    themes,
    traps,
    trials,
)
from training.backtest import SERVED, Measures
from training.blending import choose
from training.champion import CHALLENGER, CHAMPION
from training.effects import Effects
from training.evidence import Evidence, gather
from training.model import Model
from training.outlook import Outlook
from training.registry import Registry, Run, Version
from training.rehearsal import rehearse, settled
from training.scoring import COLUMNS
from training.settings import MoneySettings, TrainingSettings

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

Say = Callable[[str], None]
"""How a job tells what it is doing, one short line a step."""


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
    say(f"features of every customer at {len(cutoffs.training) + 1} cut-offs")
    found = themes.fit(
        *store.comments(before=cutoffs.evaluation), random_state=settings.random_state
    )
    snapshots = _look(store, cutoffs, features, found)
    past, later = _labelled(snapshots, cutoffs)
    traps.refuse_leaks(past)
    say("rehearsals at earlier cut-offs")
    settings = settled(settings, later)
    rehearsals = rehearse(past, settings)
    verdict = choose(rehearsals, random_state=settings.random_state)
    say(f"churn and value models from {len(past.rows):,} rows")
    model = Model.fit(
        past,
        later,
        settings,
        margin_rate=_margin_rate(store, cutoffs, settings),
        blending=verdict.blending if verdict else None,
        themes=found,
        outlook=Outlook.learn(rehearsals, random_state=settings.random_state),
    )
    model = replace(model, effects=_effects(model, store, past, cutoffs, features, settings, say))
    say(f"evidence on {len(later.rows):,} customers after {cutoffs.evaluation:%Y-%m-%d}")
    with registry.run(f"train {cutoffs.evaluation:%Y-%m-%d}") as run:
        evidence = gather(model, past, later, rehearsals, verdict, settings)
        _log_evidence(run, evidence)
        _log(run, model, snapshots, len(past.rows), cutoffs, features, settings)
        _log_definition(run, store, past, cutoffs, features)
        _log_effects(run, model.effects)
        version = _register(registry, run, model, later)
        promoted, reason = _compare(registry, store, evidence, later, features, settings.money)
        registry.set_alias(CHAMPION if promoted else CHALLENGER, version.number)
        run.set_tags({"promoted": str(promoted), "reason": reason})
        run.log_text(card.write(model, evidence, len(past.rows)), "model_card.md")
    return Training(version, promoted, reason, cutoffs, evidence)


def _look(store: Store, cutoffs: Plan, features: FeatureSettings, found: Themes | None) -> Snapshot:
    """Every customer at every cut-off that has closed."""
    return snapshot.take(
        store.records(themes=found),
        (*cutoffs.training, cutoffs.evaluation),
        features,
        has=store.has,
        themes=found,
        observed_until=cutoffs.scoring,
    )


def _labelled(snapshots: Snapshot, cutoffs: Plan) -> tuple[Snapshot, Snapshot]:
    """Rows to learn from, and rows to judge on."""
    labelled = snapshots.labelled
    past, later = labelled.at(*cutoffs.training), labelled.at(cutoffs.evaluation)
    for rows, purpose in ((past, "training"), (later, "evaluation")):
        _require_labels(rows, purpose)
        _require_both_outcomes(rows, purpose)
    return past, later


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


def _effects(
    model: Model,
    store: Store,
    past: Snapshot,
    cutoffs: Plan,
    features: FeatureSettings,
    settings: TrainingSettings,
    say: Say,
) -> Effects:
    """What offers do, by all that the records know at their end."""
    tried = trials.take(store, features, before=cutoffs.scoring, has=store.has, themes=model.themes)
    if tried is not None:
        say(f"what offers do, from {len(tried):,} contacts drawn at random")
        for reason, contacts in tried.left_out.items():
            say(f"{contacts:,} contacts left out: {reason}")
    known = snapshot.take(
        store.records(), [cutoffs.scoring], features, has=store.has, only=leaving.HISTORY
    )
    return experiment.learn(model, past, known, tried, settings)


def _margin_rate(store: Store, cutoffs: Plan, settings: TrainingSettings) -> float:
    return settings.money.margin_rate or store.margin_rate(before=cutoffs.evaluation) or 1.0


def _require_labels(closed: Snapshot, purpose: str) -> None:
    if closed.rows.empty:
        churn = closed.provenance.churn
        raise QuerenciaError(
            f"No {purpose} row has a label under the churn definition {churn}. {_LABELS_OF[churn]} "
            "Or choose another definition (features.churn)."
        )


_LABELS_OF: Mapping[ChurnDefinition, str] = {
    "inactivity": "Bring more history.",
    "rhythm": "Bring more history.",
    "contract": "It needs contract_ends_at in the table customers.",
    "decline": "It needs customers with positive net spend.",
}


def _require_both_outcomes(closed: Snapshot, purpose: str) -> None:
    churned = closed.rows["churned"]
    if churned.nunique() < 2:
        what = "left" if churned.all() else "stayed"
        raise QuerenciaError(
            f"All {len(churned):,} {purpose} rows {what} within the horizon: there is nothing to "
            "tell apart. Choose another horizon (features.horizon_days) or bring more customers."
        )


def _log_evidence(run: Run, evidence: Evidence) -> None:
    """Metrics, a nested run per candidate, and one more per rehearsal; tables and pictures."""
    _log_candidates(run, evidence.risk)
    for cutoff, measures in evidence.rehearsals.items():
        with run.child(f"as of {cutoff}") as rehearsal:
            _log_candidates(rehearsal, measures)
    for amount in ("purchases", "spend"):
        measured = evidence.value[f"{SERVED} {amount}"]
        run.log_metrics({f"{amount}_{name}": value for name, value in measured.items()})
    run.log_metrics(evidence.agreement)
    run.log_metrics({"pr_auc_score": evidence.intervals[SERVED]["pr_auc_score"]["value"]})
    run.log_metrics(evidence.coverage)
    run.log_json(evidence.to_dict(), "evidence.json")
    if evidence.grade:
        run.set_tags({"grade": evidence.grade.letter})
    churned, risk = evidence.outcome
    run.log_figure(plots.calibration(churned, risk), "plots/calibration.png")
    run.log_figure(plots.lift(churned, risk), "plots/lift.png")


def _log_candidates(run: Run, measures: Measures) -> None:
    for name, of_one in measures.items():
        with run.child(name) as child:
            child.log_metrics(of_one)
    run.log_metrics(measures[SERVED])


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


def _log_effects(run: Run, effects: Effects) -> None:
    """What was learned of each offer: figures, the decision as a tag, and all in words."""
    for offer, lesson in effects.offers.items():
        with run.child(f"offer {offer}") as child:
            child.log_metrics(
                {
                    "contacts": lesson.contacts,
                    "save_rate": lesson.rates.overall.mean,
                    "save_rate_sd": lesson.rates.overall.sd,
                    **lesson.measures,
                }
            )
            child.set_tags({"decision": lesson.stop.decision})
    if effects.findings:
        run.log_text("".join(f"{each.text}\n" for each in effects.findings), "offers.txt")


def _log(
    run: Run,
    model: Model,
    snapshots: Snapshot,
    training_rows: int,
    cutoffs: Plan,
    features: FeatureSettings,
    settings: TrainingSettings,
) -> None:
    run.log_params(
        {
            **dict(_flat(features, "features.")),
            **dict(_flat(settings, "training.")),
            **{f"purchases.{name}": value for name, value in model.value.purchases.params_.items()},
            "training_cutoffs": len(cutoffs.training),
            "training_rows": training_rows,
            "margin_rate": model.value.margin_rate,
        }
    )
    run.log_json(model.provenance.model_dump(mode="json"), "provenance.json")
    run.log_figure(
        plots.tracking(model.value, snapshots, cutoffs.evaluation),
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
