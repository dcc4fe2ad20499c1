"""A candidate: a model trained as of one instant, beside the later period it can be judged on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from features.comments import Themes
from features.cutoffs import Plan
from features.errors import QuerenciaError
from features.provenance import ChurnDefinition
from features.settings import FeatureSettings
from features.snapshot import Snapshot
from features.spark import Cluster
from features.store import Store
from training import experiment, leaving, spark, themes, traps, trials
from training.blending import Verdict, choose
from training.evidence import Evidence, gather
from training.hindsight import look_back
from training.model import Model
from training.outlook import Outlook
from training.rehearsal import Rehearsal, rehearse, settled
from training.settings import TrainingSettings
from training.tuning import tuned

Say = Callable[[str], None]
"""How a job tells what it is doing, one short line a step."""


@dataclass(frozen=True)
class Candidate:
    """What a training came to, before anybody judged it.

    Attributes:
        snapshots: Every customer at every cut-off of the plan.
        past: Rows whose horizons had closed, those who were made an offer in it included.
        later: Customers as of the instant it was trained, whose outcomes it does not know.
        model: It.
        rehearsals: The models as of earlier cut-offs; and
        verdict: what was made of them.
        settings: How it was made.
    """

    snapshots: Snapshot
    past: Snapshot
    later: Snapshot
    model: Model
    rehearsals: tuple[Rehearsal, ...]
    verdict: Verdict | None
    settings: TrainingSettings

    @property
    def learned(self) -> Snapshot:
        """What the model learned from: customers left alone."""
        return self.past.untreated

    @property
    def judged(self) -> Snapshot:
        """What it is judged on: customers left alone."""
        return self.later.untreated

    def evidence(self) -> Evidence:
        """The model judged on the later period, and what it knows of offers."""
        gathered = gather(
            self.model, self.learned, self.judged, self.rehearsals, self.verdict, self.settings
        )
        learned = self.model.effects.findings
        return replace(gathered, findings=(*gathered.findings, *learned))


def train(
    store: Store,
    cutoffs: Plan,
    features: FeatureSettings,
    settings: TrainingSettings,
    *,
    say: Say,
) -> Candidate:
    """Train as of the evaluation cut-off on horizons that had closed by it.

    Raises:
        QuerenciaError: where a feature gives the label away, or the records are too thin.
    """
    say(f"features of every customer at {len(cutoffs.training) + 1} cut-offs")
    found = themes.fit(
        *store.comments(before=cutoffs.evaluation), random_state=settings.random_state
    )
    few = store.drawn(settings.most_customers)
    snapshots = _look(few, cutoffs, features, found)
    past, later = _labelled(snapshots, cutoffs)
    traps.refuse_leaks(past.untreated)
    say("rehearsals at earlier cut-offs")
    settings = settled(settings, later)
    if settings.tune:
        say(f"tuning at earlier cut-offs, {settings.tune} trials")
        settings = tuned(past, settings)
    rehearsals = rehearse(past, settings)
    verdict = choose(rehearsals, random_state=settings.random_state)
    hindsight = look_back(rehearsals, past, later, settings)
    everybody = None
    if isinstance(few, Cluster) and few.share < 1:
        say("trees and purchase process from every customer, on the cluster")
        everybody = spark.learn(
            few, cutoffs, features, settings, names=snapshots.names, themes=found
        )
    say(f"churn and value models from {len(past.untreated):,} rows")
    model = Model.fit(
        past,
        later,
        settings,
        margin_rate=_margin_rate(store, cutoffs, settings),
        blending=verdict.blending if verdict else None,
        themes=found,
        outlook=Outlook.learn(rehearsals, hindsight=hindsight, random_state=settings.random_state),
        everybody=everybody,
    )
    return Candidate(snapshots, past, later, model, rehearsals, verdict, settings)


def with_effects(
    candidate: Candidate, store: Store, cutoffs: Plan, features: FeatureSettings, *, say: Say
) -> Candidate:
    """The candidate, whose model also knows what offers do, by the end of the records."""
    tried = trials.take(
        store, features, before=cutoffs.scoring, has=store.has, themes=candidate.model.themes
    )
    if tried is not None:
        say(f"what offers do, from {len(tried):,} contacts drawn at random")
        for reason, contacts in tried.left_out.items():
            say(f"{contacts:,} contacts left out: {reason}")
    # Whoever was contacted must be among them, and contacts come from all records, not from a draw.
    known = Store(store.folder).take(
        [cutoffs.scoring], features, has=store.has, only=leaving.HISTORY
    )
    effects = experiment.learn(candidate.model, candidate.learned, known, tried, candidate.settings)
    return replace(candidate, model=replace(candidate.model, effects=effects))


def _look(store: Store, cutoffs: Plan, features: FeatureSettings, found: Themes | None) -> Snapshot:
    """The customers at every cut-off that has closed."""
    return store.take(
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
        _require_untreated(rows, purpose)
        _require_both_outcomes(rows.untreated, purpose)
    return past, later


def _margin_rate(store: Store, cutoffs: Plan, settings: TrainingSettings) -> float:
    return settings.money.margin_rate or store.margin_rate(before=cutoffs.evaluation) or 1.0


def _require_labels(closed: Snapshot, purpose: str) -> None:
    if len(closed) == 0:
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


def _require_untreated(closed: Snapshot, purpose: str) -> None:
    if len(closed.untreated) == 0:
        raise QuerenciaError(
            f"All {len(closed):,} {purpose} rows were made an offer within the horizon: nothing "
            "tells what comes of those left alone. Hold some customers out as control."
        )


def _require_both_outcomes(closed: Snapshot, purpose: str) -> None:
    churned = closed.churned
    if len(np.unique(churned)) < 2:
        what = "left" if churned.all() else "stayed"
        raise QuerenciaError(
            f"All {len(churned):,} {purpose} rows {what} within the horizon: there is nothing to "
            "tell apart. Choose another horizon (features.horizon_days) or bring more customers."
        )
