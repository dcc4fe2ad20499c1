"""The evidence: all that is known of how the served model does, gathered in one place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.findings import Finding, tell
from features.snapshot import Snapshot
from training import added, backtest, outlook, reached, reasons, traps
from training.amounts import AMOUNTS, SERVED
from training.amounts import NAIVE as NAIVE
from training.backtest import Measures
from training.blending import Choice, Verdict
from training.bootstrap import Bootstrap, Measure, bootstrap
from training.grade import Grade, grade
from training.importance import Importance, importance
from training.importance import told as importance_told
from training.model import Model
from training.ranking import Ranking
from training.rehearsal import Rehearsal
from training.scoring import FAINT
from training.settings import TrainingSettings

Floats = NDArray[np.float64]

FORMULAS = (NAIVE, "baseline_recency", "baseline_rfm")

RISK = "risk"
"""What is judged beside the amounts."""

_AGREED_ON = 1_000
"""Customers on whom fast and exact reasons are compared."""

_NO_ROOM = "pr_auc_score"
"""The measure for which the table on a terminal has no room."""


@dataclass(frozen=True)
class Evidence:
    """How the models did on customers of a later period.

    Attributes:
        clv: Mean value at stake of these customers, in currency.
        risk: One row per model, measures as columns (`backtest.risk_measures`).
        value: One row per model and amount (`backtest.judge_value`).
        value_intervals: Every figure of it with its 95 % interval: `value`, `low` and `high`.
        value_rehearsals: The same figures at earlier cut-offs, by day, no level corrected.
        coverage: Share of the customers whose purchases and spend lay between the ends of their
            80 % and 90 % intervals, of all and of the top tenth.
        intervals: Every measure of risk of every model with its 95 % interval: `value`, `low` and
            `high`.
        reliability: Predicted and observed rate by tenth (`backtest.reliability`).
        by_purchases: The measures of the served model and the naive formula among one-time buyers
            and among repeat buyers.
        rehearsals: The measures of all models at earlier cut-offs, by day.
        families: What each feature family adds (`added.added_value`).
        importance: What customers say matters beside what shows in what they do; None where they
            are not asked.
        grade: Beside the best formula.
        agreement: Of fast reasons with exact ones (`reasons.agreement`).
        findings: All there is to say of it in words.
        outcome: Who churned, and the risk served, of the customers judged on; never logged.
    """

    clv: float
    risk: Measures
    value: Measures
    intervals: Mapping[str, Measures] = field(default_factory=dict)
    value_intervals: Mapping[str, Measures] = field(default_factory=dict)
    value_rehearsals: Mapping[str, Measures] = field(default_factory=dict)
    coverage: Mapping[str, float] = field(default_factory=dict)
    reliability: Measures = field(default_factory=dict)
    by_purchases: Mapping[str, Measures] = field(default_factory=dict)
    rehearsals: Mapping[str, Measures] = field(default_factory=dict)
    families: Measures = field(default_factory=dict)
    importance: Importance | None = None
    grade: Grade | None = None
    agreement: Mapping[str, float] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    outcome: tuple[Floats, Floats] = (np.empty(0), np.empty(0))

    def measured(self) -> dict[str, dict[str, Measures]]:
        """Every figure with its 95 % interval: of risk, purchases and spend, by model, measure."""
        told = {RISK: dict(self.intervals), **{amount: {} for amount in AMOUNTS}}
        for name, measures in self.value_intervals.items():
            model, _, amount = name.rpartition(" ")
            told[amount][model] = dict(measures)
        for amount, shares in reached.reached(self.coverage, self.outcome[0].size).items():
            told[amount][SERVED] = {**told[amount].get(SERVED, {}), **shares}
        return told

    def to_dict(self) -> dict[str, Any]:
        """The tables, for JSON."""
        return {
            "grade": asdict(self.grade) if self.grade else None,
            "risk": self.risk,
            "intervals": self.intervals,
            "reliability": self.reliability,
            "by_purchases": self.by_purchases,
            "rehearsals": self.rehearsals,
            "families": self.families,
            "importance": self.importance.to_dict() if self.importance else None,
            "reasons": self.agreement,
            "value": self.value,
            "value_intervals": self.value_intervals,
            "value_rehearsals": self.value_rehearsals,
            "coverage": self.coverage,
            "findings": [asdict(each) for each in self.findings],
        }


def gather(
    model: Model,
    past: Snapshot,
    later: Snapshot,
    rehearsals: Sequence[Rehearsal],
    verdict: Verdict | None,
    settings: TrainingSettings,
) -> Evidence:
    """Judge the model on a later period.

    Args:
        model: Trained as of the cut-off of `later`.
        past: What it learned from.
        later: Customers whose outcomes it does not know.
        rehearsals: What the models said at earlier cut-offs.
        verdict: What was made of them.
        settings: What money means, and the seed.
    """
    said = backtest.forecasts(backtest.candidates(model, past), later.rows)
    _, at_stake = model.value_at_stake(model.prospects(later), said[SERVED])
    clv = float(at_stake.mean())
    measure = backtest.risk_measures(clv, settings.money)
    outcomes = backtest.outcomes(model, later, said[SERVED])
    risk = backtest.measured(later.churned, said, measure)
    draws = bootstrap(later.churned, said, measure, random_state=settings.random_state)
    gains = backtest.risk_measures(clv, settings.money, only=added.GAINS)
    families = added.added_value(past, later, gains, random_state=settings.random_state)
    formulas = [*FORMULAS, *(model.risk.rhythm.purchases.kind_,)] if model.risk.rhythm else FORMULAS
    stated = importance(past, later, random_state=settings.random_state)
    intervals = backtest.value_intervals(outcomes, random_state=settings.random_state)
    coverage = model.outlook.coverage(outcomes)
    graded = grade(draws, SERVED, NAIVE, formulas)
    return Evidence(
        clv,
        {name: _without_pr_auc(measures) for name, measures in risk.items()},
        backtest.judge_value(outcomes),
        _beside(risk, draws),
        intervals,
        {f"{each.cutoff:%Y-%m-%d}": backtest.judge_value(each.amounts) for each in rehearsals},
        coverage,
        backtest.reliability(later.churned, said[SERVED]),
        _by_purchases(later, said, measure),
        {f"{each.cutoff:%Y-%m-%d}": rehearsed(each, measure) for each in rehearsals},
        families,
        stated,
        graded,
        _agreement(model, later, settings.random_state),
        (
            graded.finding,
            *blended(rehearsals, verdict),
            *traps.found(past, later, model.value.purchases),
            *added.told(families, added.ceilings(later)),
            *importance_told(stated),
            *reached.told(intervals, reached.reached(coverage, len(later))),
            *outlook.found(model.outlook, model.value.spend),
        ),
        (later.churned, said[SERVED]),
    )


def rehearsed(rehearsal: Rehearsal, measure: Measure) -> Measures:
    """The measures of all models at a rehearsal; what is served is then the plain mean."""
    said = {SERVED: rehearsal.blend, **rehearsal.members, **rehearsal.baselines}
    return backtest.measured(rehearsal.churned, said, measure)


def _without_pr_auc(measures: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in measures.items() if name != _NO_ROOM}


def _beside(risk: Measures, draws: Bootstrap) -> dict[str, Measures]:
    """Each figure with the ends of its interval."""
    return {
        model: {
            name: {"value": value, **draws.interval(model, name)._asdict()}
            for name, value in measures.items()
        }
        for model, measures in risk.items()
    }


def _by_purchases(
    later: Snapshot, said: Mapping[str, Floats], measure: Measure
) -> dict[str, Measures]:
    """One-time buyers apart: P(alive) says nothing of them, and there are many."""
    once = later.rows["frequency"].to_numpy() == 0
    parts = {"one-time buyers": once, "repeat buyers": ~once}
    return {
        part: {
            name: {"customers": float(of.sum()), **measure(Ranking.of(later.churned[of], risk[of]))}
            for name, risk in said.items()
            if name in (SERVED, NAIVE)
        }
        for part, of in parts.items()
        if np.unique(later.churned[of]).size == 2
    }


def _agreement(model: Model, later: Snapshot, random_state: int) -> dict[str, float]:
    rows: pd.DataFrame = later.rows.sample(
        min(len(later.rows), _AGREED_ON), random_state=random_state
    )
    exact, fast = (model.risk.reasons(rows, fast=fast) for fast in (False, True))
    found = reasons.agreement(exact, fast, faint=FAINT)
    return {f"fast_reasons_{name}": value for name, value in found.items()}


def blended(rehearsals: Sequence[Rehearsal], verdict: Verdict | None) -> Iterator[Finding]:
    """What was done to the mean of the members, and what was tried and left."""
    if verdict is None:
        yield tell(
            "advice",
            "equal_weights",
            "The members have equal weights and nothing is corrected: {count} of the 2 earlier "
            "cut-offs were there that it takes to choose otherwise. Bring more history.",
            count=len(rehearsals),
        )
        return
    for choice in verdict.choices:
        yield _told(choice, done=choice in verdict.kept)
    last = rehearsals[-1]
    yield tell(
        "advice",
        "last_rehearsal",
        "As of {cutoff} {expected:.1%} were expected to leave, and {left:.1%} did.",
        cutoff=f"{last.cutoff:%Y-%m-%d}",
        expected=float(last.blend.mean()),
        left=float(last.churned.mean()),
    )


def _told(choice: Choice, *, done: bool) -> Finding:
    figures = {"what": choice.what, "gain": abs(choice.gain), **choice.interval._asdict()}
    learned = "{what}: learned at one rehearsal it "
    gain = " {gain:.4f} log loss at the next (gain {low:+.4f} to {high:+.4f}); it is "
    if done:
        return tell("advice", "done", learned + "took off" + gain + "done.", **figures)
    left = gain + "left undone."
    if choice.gain > 0:
        return tell("advice", "left_undone", learned + "took off" + left, **figures)
    return tell("advice", "harmful", learned + "added" + left, **figures)
