"""The evaluation job: what training would have come to at many past cut-offs, each judged later.

At every cut-off everything is learned anew from what was known then: themes, models, weights,
corrections, levels and intervals. Nothing is registered.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd

from features.cutoffs import Plan
from features.errors import QuerenciaError
from features.findings import Finding
from features.settings import FeatureSettings
from features.store import Store
from training import backtest, plots, runlog, staying
from training._likelihood import ModelWarning
from training.backtest import SERVED
from training.candidate import Candidate, train
from training.evidence import RISK, Evidence
from training.model import Model
from training.ranking import Ranking
from training.registry import Registry
from training.retrain import as_seen_by, lay_plan
from training.runs import Run
from training.settings import TrainingSettings
from training.staying import Aged, AtAge

_KEY = ("of", "model", "measure")


@dataclass(frozen=True)
class Judged:
    """What a training as of one cut-off came to.

    Attributes:
        cutoff: The instant; it was judged on the horizon after it.
        training_rows: How many rows it learned from.
        evidence: Its measures beside members and baselines.
    """

    cutoff: datetime
    training_rows: int
    evidence: Evidence

    @property
    def day(self) -> str:
        """The cut-off as people write it."""
        return f"{self.cutoff:%Y-%m-%d}"

    @property
    def customers(self) -> int:
        """How many customers it was judged on."""
        return self.evidence.outcome[0].size

    @property
    def churned(self) -> float:
        """The share of them who left."""
        return float(self.evidence.outcome[0].mean())

    def to_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        told = {"customers": self.customers, "churned": self.churned}
        return {**told, "training_rows": self.training_rows, **self.evidence.to_dict()}

    def rows(self) -> Iterator[dict[str, object]]:
        """Every figure with its 95 % interval, one a row."""
        told = {"cutoff": self.day, "customers": self.customers, "churned": self.churned}
        for of, models in self.evidence.measured().items():
            for model, measures in models.items():
                for measure, ends in measures.items():
                    yield {**told, "of": of, "model": model, "measure": measure, **ends}


@dataclass(frozen=True)
class Evaluation:
    """What trainings at past cut-offs came to.

    Attributes:
        judged: One a cut-off, ascending.
        left_out: Why nothing was trained or judged at others, by day.
        staying: What models of each age came to, ascending; and
        advice: how often to train. None where one cut-off alone was judged.
    """

    judged: tuple[Judged, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    staying: tuple[AtAge, ...] = ()
    advice: Finding | None = None

    def table(self) -> pd.DataFrame:
        """One row a figure: `cutoff`, `of` (risk, purchases, spend), `model`, `measure`, ends."""
        return pd.DataFrame([row for each in self.judged for row in each.rows()])

    def over_cutoffs(self) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
        """The `mean` of each figure over the cut-offs, its `least` and `most`.

        By what it is of (risk, purchases, spend), then by model and measure.
        """
        told: dict[str, dict[str, dict[str, dict[str, float]]]] = {}
        for key, values in self.table().groupby(list(_KEY), sort=False)["value"]:
            of, model, measure = map(str, key)
            ends = {"mean": values.mean(), "least": values.min(), "most": values.max()}
            told.setdefault(of, {}).setdefault(model, {})[measure] = ends
        return told

    def to_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "cutoffs": {each.day: each.to_dict() for each in self.judged},
            "left_out": dict(self.left_out),
            "staying": staying.to_dict(self.staying, self.advice),
        }


def plans(store: Store, features: FeatureSettings, *, most: int) -> tuple[Plan, ...]:
    """What a training as of each closed cut-off would have used, ascending.

    Args:
        store: The records.
        features: Horizon, distance of cut-offs, and how many a training uses.
        most: At most so many; the latest are taken.

    Raises:
        QuerenciaError: where the records are too short to train on even now.
    """
    first, _ = store.span()
    laid = [lay_plan(store, features)]
    while len(laid) < most and (plan := _before(laid[-1], first, features)):
        laid.append(plan)
    return tuple(reversed(laid))


def _before(plan: Plan, first_day: date, features: FeatureSettings) -> Plan | None:
    """What would have been laid when the horizon of the cut-off before had closed."""
    horizon = timedelta(days=features.horizon_days)
    return features.plan(first_day, plan.evaluation.date() - timedelta(days=1) + horizon)


def evaluate(
    store: Store,
    registry: Registry,
    features: FeatureSettings,
    settings: TrainingSettings,
    plans: Iterable[Plan],
) -> Evaluation:
    """Train as of each cut-off, judge on the horizon after it, log a nested run for each.

    A cut-off that cannot be trained on is left out with the reason.

    Args:
        store: The records.
        registry: Where the runs go.
        features: Definitions.
        settings: How models are made.
        plans: As `plans` lays them; taken one by one, so that progress can be shown.

    Raises:
        QuerenciaError: where nothing could be trained at any of them.
    """
    found = Evaluation()
    trials = Trials(store, features, settings)
    with registry.run(f"evaluate, {features.churn}, {features.horizon_days} days") as run:
        for plan in plans:
            found = _with(found, run, plan, trials)
        if not found.judged:
            raise QuerenciaError("\n".join(["No cut-off can be judged.", *found.left_out.values()]))
        ages = trials.ages()
        advice = staying.recommended(ages, currency=features.currency)
        found = replace(found, staying=ages, advice=advice)
        _log(run, found)
    return found


@dataclass
class Trials:
    """The models trained so far, each asked about the customers of all later cut-offs."""

    store: Store
    features: FeatureSettings
    settings: TrainingSettings
    models: list[tuple[datetime, Model]] = field(default_factory=list)
    aged: list[Aged] = field(default_factory=list)

    def judge(self, plan: Plan) -> Judged:
        """Train as of one cut-off more."""
        with warnings.catch_warnings():
            # What there is to warn of is said of the model that serves.
            warnings.simplefilter("ignore", ModelWarning)
            candidate = train(self.store, plan, self.features, self.settings, say=lambda _: None)
        evidence = candidate.evidence()
        self.aged += self._older(candidate, evidence)
        self.models.append((plan.evaluation, candidate.model))
        # The records of customers are let go: what is kept of a cut-off is its figures.
        return Judged(plan.evaluation, len(candidate.learned), evidence)

    def _older(self, candidate: Candidate, evidence: Evidence) -> Iterator[Aged]:
        """What the models of before tell of the customers that the candidate is judged on."""
        later, (churned, risk) = candidate.judged, evidence.outcome
        money = self.settings.money
        measure = backtest.risk_measures(evidence.clv, money, only=["profit_score"])
        profit = measure(Ranking.of(churned, risk))["profit_score"]
        for trained_as_of, model in self.models:
            try:
                own = as_seen_by(model, self.store, later, self.features)
            except QuerenciaError:  # it was made when the records told other things
                continue
            told = model.risk.predict(own.rows)
            yield Aged.of(
                (later.provenance.cutoff - trained_as_of).days,
                churned,
                told,
                risk,
                profit=measure(Ranking.of(churned, told))["profit_score"] - profit,
            )

    def ages(self) -> tuple[AtAge, ...]:
        """What models of each age came to."""
        return staying.by_age(self.aged, step_days=7 if self.features.every == "week" else 30)


def _with(found: Evaluation, run: Run, plan: Plan, trials: Trials) -> Evaluation:
    """One cut-off more."""
    try:
        judged = trials.judge(plan)
    except QuerenciaError as error:
        left_out = {**found.left_out, f"{plan.evaluation:%Y-%m-%d}": str(error)}
        return replace(found, left_out=left_out)
    with run.child(f"as of {judged.day}") as child:
        runlog.log_evidence(child, judged.evidence)
    return replace(found, judged=(*found.judged, judged))


def _log(run: Run, found: Evaluation) -> None:
    """The means over the cut-offs as metrics, the whole table, and the picture."""
    table = found.table()
    run.log_metrics(_means(found))
    run.log_params({"cutoffs": len(found.judged), "left_out": len(found.left_out)})
    run.log_text(table.to_csv(index=False), "evaluation.csv")
    run.log_json(found.to_dict(), "evaluation.json")
    run.log_figure(plots.over_time(table), "plots/over_time.png")


def _means(found: Evaluation) -> dict[str, float]:
    """The mean of each figure of the served model over the cut-offs, under MLflow's names."""
    return {
        measure if of == RISK else f"{of}_{measure}": ends["mean"]
        for of, models in found.over_cutoffs().items()
        for measure, ends in models.get(SERVED, {}).items()
    }
