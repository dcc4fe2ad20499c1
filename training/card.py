"""The model card: what the model is, how well it does and where it fails, for people."""

from collections.abc import Iterable, Iterator, Mapping

from training.amounts import AMOUNTS
from training.backtest import SERVED, Measures
from training.evidence import Evidence
from training.importance import Importance
from training.model import Model

_RISK = {
    "auc_score": "AUC",
    "pr_auc_score": "PR-AUC",
    "log_loss": "log loss",
    "calibration_loss": "calibration error",
    "top_decile_lift_score": "lift of top tenth",
    "profit_score": "profit a customer",
}


def write(model: Model, evidence: Evidence, training_rows: int) -> str:
    """The card as Markdown."""
    return "\n".join(_lines(model, evidence, training_rows)) + "\n"


def _lines(model: Model, evidence: Evidence, training_rows: int) -> Iterator[str]:
    origin, churned = model.provenance, evidence.outcome[0]
    yield "# Model card"
    yield ""
    yield from _bullets(
        {
            "Tells": f"the chance of churn ({origin.churn}) within {origin.horizon_days} days, and "
            f"what a customer is worth in {origin.currency}",
            "Learned from": f"{training_rows:,} rows at {len(origin.cutoffs)} cut-offs, "
            f"{min(origin.cutoffs):%Y-%m-%d} to {origin.cutoff:%Y-%m-%d}; feature families "
            + ", ".join(origin.families),
            "Judged on": f"{churned.size:,} customers of a later period, {churned.mean():.1%} of "
            "whom left",
            "Risk": _weights(model),
            "Not for": "one-time buyers' loyalty, causes of leaving, or who can be saved: reasons "
            "say what goes along with the risk",
        }
    )
    yield from ("", "## Risk, with 95 % intervals", "")
    yield from _intervals(evidence)
    yield from ("", "## Purchases and spend, with 95 % intervals", "")
    yield from _amounts(evidence)
    if evidence.importance:
        yield from ("", "## What customers say, and what they do, with 95 % intervals", "")
        yield from _importance(evidence.importance)
    yield from ("", "## Reliability by tenth of the customers", "")
    yield from _reliability(evidence.reliability)
    yield from ("", "## One-time and repeat buyers", "")
    for part, measures in evidence.by_purchases.items():
        served = measures[SERVED]
        yield (
            f"- {part}: {served['customers']:,.0f} customers, AUC {served['auc_score']:.3f}, log "
            f"loss {served['log_loss']:.4f}, calibration error {served['calibration_loss']:.1%}"
        )
    yield from ("", "## Earlier cut-offs", "")
    for cutoff, measures in evidence.rehearsals.items():
        served = measures[SERVED]
        yield f"- {cutoff}: AUC {served['auc_score']:.3f}, log loss {served['log_loss']:.4f}"
    yield from ("", "## To know", "")
    yield from (f"- {finding.level}: {finding.text}" for finding in evidence.findings)


def _bullets(points: Mapping[str, str]) -> Iterator[str]:
    yield from (f"- **{name}**: {text}" for name, text in points.items())


def _weights(model: Model) -> str:
    weights = model.risk.blending.weights.items()
    return "mean of " + ", ".join(f"{name} ({weight:.0%})" for name, weight in weights)


def _intervals(evidence: Evidence) -> Iterator[str]:
    yield from _table(
        ["model", *_RISK.values()],
        (
            [
                model,
                *(f"{m[n]['value']:.4f} ({m[n]['low']:.4f} to {m[n]['high']:.4f})" for n in _RISK),
            ]
            for model, m in evidence.intervals.items()
        ),
    )


def _amounts(evidence: Evidence) -> Iterator[str]:
    """Every figure of an amount, and the coverage of its intervals, by model."""
    measured = evidence.measured()
    yield from _table(
        ["amount", "model", "measure", "value", "95 %"],
        (
            [amount, model, name, f"{m['value']:,.3f}", f"{m['low']:,.3f} to {m['high']:,.3f}"]
            for amount in AMOUNTS
            for model, measures in measured[amount].items()
            for name, m in measures.items()
        ),
    )


def _importance(found: Importance) -> Iterator[str]:
    yield from _table(
        ["measure", f"goes with {found.said}", "goes with staying, purchases alike", "best answer"],
        (
            [
                measure,
                *(_association(row, name) for name in ("stated", "revealed")),
                f"{row['at_top']:.0%}",
            ]
            for measure, row in found.measures.items()
        ),
    )


def _association(row: Mapping[str, float], name: str) -> str:
    customers = f"{row[f'{name}_customers']:,.0f} customers"
    if name not in row:
        return f"too few: {customers}"
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return f"{row[name]:+.2f} ({low:+.2f} to {high:+.2f}; {customers})"


def _reliability(table: Measures) -> Iterator[str]:
    yield from _table(
        ["tenth", "customers", "predicted", "observed", "95 %"],
        (
            [
                tenth,
                f"{row['size']:,.0f}",
                f"{row['predicted']:.1%}",
                f"{row['observed']:.1%}",
                f"{row['low']:.1%} to {row['high']:.1%}",
            ]
            for tenth, row in table.items()
        ),
    )


def _table(heading: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heading)} |"
    yield f"|{'---|' * len(heading)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
