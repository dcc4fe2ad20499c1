"""What a run in MLflow is told of the evidence; never a customer."""

from training import plots
from training.backtest import SERVED, Measures
from training.effects import Effects
from training.evidence import Evidence
from training.runs import Run


def log_evidence(run: Run, evidence: Evidence) -> None:
    """Metrics, a nested run per candidate, the tables and the pictures."""
    _log_candidates(run, evidence.risk)
    for amount in ("purchases", "spend"):
        measured = evidence.value[f"{SERVED} {amount}"]
        run.log_metrics({f"{amount}_{name}": value for name, value in measured.items()})
    run.log_metrics(evidence.agreement)
    run.log_metrics({"pr_auc_score": evidence.intervals[SERVED]["pr_auc_score"]["value"]})
    run.log_metrics(evidence.coverage)
    run.log_json(evidence.to_dict(), "evidence.json")
    if evidence.importance:
        run.log_json(evidence.importance.to_dict(), "importance.json")
    if evidence.grade:
        run.set_tags({"grade": evidence.grade.letter})
    churned, risk = evidence.outcome
    run.log_figure(plots.calibration(churned, risk), "plots/calibration.png")
    run.log_figure(plots.lift(churned, risk), "plots/lift.png")


def log_rehearsals(run: Run, evidence: Evidence) -> None:
    """A nested run per rehearsal, with one per candidate under it."""
    for cutoff, measures in evidence.rehearsals.items():
        with run.child(f"as of {cutoff}") as rehearsal:
            _log_candidates(rehearsal, measures)


def _log_candidates(run: Run, measures: Measures) -> None:
    for name, of_one in measures.items():
        with run.child(name) as child:
            child.log_metrics(of_one)
    run.log_metrics(measures[SERVED])


def log_effects(run: Run, effects: Effects) -> None:
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
