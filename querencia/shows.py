"""How results are shown on a terminal."""

from collections.abc import Iterator

import pandas as pd
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from features.provenance import Provenance
from querencia.jobs import Check
from serving import words
from serving.settings import Settings
from training.backtest import Measures
from training.retrain import Training

_LEVELS = {
    "error": "[bold red]error[/]",
    "warning": "[yellow]warning[/]",
    "advice": "[cyan]advice[/]",
}


def check(console: Console, found: Check, settings: Settings) -> None:
    """What was read, what was refused and why, and whether it will do."""
    for intake in found.intakes:
        console.print(
            f"[bold]{intake.table}[/]: {intake.kept:,} of {intake.rows:,} rows kept",
            highlight=False,
        )
        for fault in intake.faults:
            console.print(f"  {fault}", highlight=False)
        if intake.faults:
            console.print(f"  all of them: {settings.data}/quarantine/{intake.table}.csv")
    held = found.summary
    console.print(
        f"{held.transactions:,} transactions of {held.customers:,} customers from "
        f"{held.first} to {held.last}; {held.repeat_buyers:,} bought more than once",
        highlight=False,
    )
    for finding in found.findings:
        console.print(f"{_LEVELS[finding.level]}: {finding.text}", highlight=False)


def training(console: Console, result: Training, settings: Settings) -> None:
    """The evidence, and what became of the model."""
    since = f"{result.plan.evaluation:%Y-%m-%d}"
    evidence, currency = result.evidence, settings.features.currency
    risk = f"Who left in the {settings.features.horizon_days} days after {since}"
    console.print(_measures(f"{risk}: no model knew anything later", evidence.risk, currency))
    console.print(_measures("What they bought in the same days", evidence.value, currency))
    verb = "serves now" if result.promoted else "does not serve"
    console.print(f"Version {result.version.number} {verb}: {result.reason}\n", highlight=False)


_MEASURES = {
    "auc_score": "AUC",
    "log_loss": "log loss",
    "brier_loss": "Brier",
    "calibration_loss": "calibration error",
    "top_decile_lift_score": "lift, top tenth",
    "profit_score": "campaign profit, {currency} a customer",
    "mae_loss": "mean error",
    "rmse_loss": "RMSE",
    "gini_score": "Gini",
    "top_decile_capture_score": "captured by top tenth",
    "total_bias": "bias of total",
}


def _measures(title: str, measures: Measures, currency: str) -> Table:
    names = list(next(iter(measures.values())))
    headings = (_MEASURES[name].format(currency=currency) for name in names)
    table = Table("model", *headings, title=title, title_justify="left")
    for model, figures in measures.items():
        table.add_row(model, *(f"{figures[name]:.4f}" for name in names))
    return table


def at_risk(
    console: Console, chosen: pd.DataFrame, provenance: Provenance, settings: Settings
) -> None:
    """The list of customers to act on."""
    headings, currency = words.HEADINGS[settings.language], provenance.currency
    money = ("value", "value_at_stake", "expected_loss", "expected_spend")
    table = Table(
        headings["customer_id"],
        headings["risk"],
        *(f"{headings[name]} {currency}" for name in money),
        headings["next_purchase_at"],
        headings["reason"],
        title=f"{headings['title']} ({provenance.cutoff:%Y-%m-%d}, {provenance.churn} "
        f"{provenance.horizon_days} d)",
        title_justify="left",
    )
    for row, reason in zip(
        chosen.to_dict("records"), words.reasons(chosen, settings.language), strict=True
    ):
        due = row["next_purchase_at"]
        table.add_row(
            str(row["customer_id"]),
            f"{row['risk']:.0%}",
            *(f"{row[name]:,.2f}" for name in money),
            headings["never"] if pd.isna(due) else f"{due:%Y-%m-%d}",
            reason,
        )
    console.print(table)


def configuration(settings: Settings) -> str:
    """The settings as a TOML file, each with its meaning."""
    return "\n".join(_toml(settings, ""))


def _toml(settings: BaseModel, path: str) -> Iterator[str]:
    sections = []
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            sections.append((f"{path}{name}", value))
        elif not isinstance(value, dict):
            yield f"# {field.description}"
            yield f"{name} = {_literal(value)}"
    for section, value in sections:
        yield f"\n[{section}]"
        yield from _toml(value, f"{section}.")


def _literal(value: object) -> str:
    return str(value) if isinstance(value, int | float) else f'"{value}"'
