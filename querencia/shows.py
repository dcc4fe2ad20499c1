"""How results are shown on a terminal."""

import json
import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from features import adapters
from features.findings import Level
from features.proposal import Proposal
from serving import words
from serving.settings import Settings
from training.backtest import Measures
from training.evidence import Evidence
from training.retrain import Training
from training.scoring import Scores

LEVELS: Mapping[Level, str] = {"error": "bold red", "warning": "yellow", "advice": "cyan"}
"""Colours of findings."""


def line(console: Console, text: str, *, label: str = "", style: str = "") -> None:
    """One line as it is, whole: brackets in people's data are not taken for colours."""
    console.print(Text.assemble((label, style), text), soft_wrap=True)


def proposed_configuration(proposed: Proposal, settings: Settings) -> str:
    """The settings as they are, with the table as proposed, as a TOML file."""
    table = proposed.contract.table
    others = {name: entry for name, entry in settings.tables.items() if name != table}
    kept = settings.model_copy(update={"tables": others})
    return "\n".join([*_toml(kept, "", changed=True), "", proposed.toml, ""])


def training(console: Console, result: Training, settings: Settings) -> None:
    """The evidence, and what became of the model."""
    since = f"{result.plan.evaluation:%Y-%m-%d}"
    days, currency = settings.features.horizon_days, settings.features.currency
    risk, value = result.evidence.risk, result.evidence.value
    for title, measures, caption in (
        (f"Who left in the {days} days after {since}, unknown to every model", risk, _RISK),
        (f"Purchase days of each customer in those {days} days", _part(value, "purchases"), None),
        (f"Spend of each customer in those {days} days, {currency}", _part(value, "spend"), _PACE),
    ):
        console.print(_measures(title, measures, currency, caption), "")
    _judged(console, result.evidence)
    verb = "serves now" if result.promoted else "does not serve"
    line(console, f"Version {result.version.number} {verb}: {result.reason}")


def _judged(console: Console, evidence: Evidence) -> None:
    """The grade, and what to beware of; advice is in the model card."""
    if evidence.grade:
        line(console, evidence.grade.text)
    for finding in evidence.findings:
        if finding.level != "advice":
            line(console, f": {finding.text}", label=finding.level, style=LEVELS[finding.level])
    line(console, "More of this run in MLflow: intervals, rehearsals, what each measure adds.")


_RISK = (
    "Querencia: the mean of the models marked -. AUC, lift, profit: higher is better; log loss, "
    "Brier, calibration error: lower is. Profit: of the campaign that pays best."
)
_PACE = "Baseline pace: as much as before. Gini, top tenth: higher is better; errors: lower is."

_MODELS = {
    "served": "Querencia",
    "pareto_nbd": "- Pareto/NBD",
    "bg_nbd": "- BG/NBD",
    "mbg_nbd": "- MBG/NBD",
    "mbg_cnbd_k": "- MBG/CNBD-k",
    "logistic": "- logistic",
    "trees": "- trees",
    "baseline_rfm": "baseline RFM",
    "baseline_recency": "baseline recency",
    "naive_rate": "baseline pace",
}

_MEASURES: Mapping[str, tuple[str, Callable[[float], str]]] = {
    "auc_score": ("AUC", "{:.3f}".format),
    "log_loss": ("log\nloss", "{:.4f}".format),
    "brier_loss": ("Brier", "{:.4f}".format),
    "calibration_loss": ("calibration\nerror", "{:.1%}".format),
    "top_decile_lift_score": ("lift of\ntop tenth", "{:.2f}".format),
    "profit_score": ("profit,\n{currency} a\ncustomer", "{:,.2f}".format),
    "mae_loss": ("mean\nerror", "{:,.2f}".format),
    "rmse_loss": ("RMSE", "{:,.2f}".format),
    "gini_score": ("Gini", "{:.3f}".format),
    "top_decile_capture_score": ("caught by\ntop tenth", "{:.0%}".format),
    "total_bias": ("total against\ntruth", "{:+.0%}".format),
}


def _part(measures: Measures, amount: str) -> Measures:
    """The models that predict this amount, each under its own name."""
    return {
        name.removesuffix(f" {amount}"): figures
        for name, figures in measures.items()
        if name.endswith(f" {amount}")
    }


def _measures(title: str, measures: Measures, currency: str, caption: str | None) -> Table:
    names = [name for name in next(iter(measures.values())) if name in _MEASURES]
    table = grid("model", title=title, caption=caption)
    for name in names:
        heading, _ = _MEASURES[name]
        table.add_column(heading.format(currency=currency), justify="right", no_wrap=True)
    for model, figures in measures.items():
        shown = (_MEASURES[name][1](figures[name]) for name in names)
        table.add_row(_MODELS[model], *shown)
    return table


def at_risk(
    console: Console, chosen: Scores, path: Path, settings: Settings, *, most: int = 10
) -> None:
    """The list of customers to act on: the first of them, and where all of them are."""
    if chosen.rows.empty:
        nobody = words.HEADINGS[settings.language]["nobody"]
        line(console, nobody.format(**settings.list.model_dump()))
        return
    shown = Scores(chosen.rows.head(most), chosen.provenance)
    console.print(_listed(shown, settings.language, wide=console.width >= WIDE))
    line(console, f"{len(shown.rows):,} of {len(chosen.rows):,} customers; the list: {path}")


WIDE = 130
"""Columns of a terminal from which there is room for every figure."""

_MONEY = ("expected_loss", "value", "value_at_stake", "expected_spend")


def _listed(chosen: Scores, language: words.Language, *, wide: bool) -> Table:
    headings = words.HEADINGS[language]
    more = ("value_at_stake", "expected_spend", "next_purchase_at") if wide else ()
    table = grid(
        headings["customer_id"],
        title=words.title(chosen.provenance, language),
        caption=headings["caption"],
    )
    names = ("risk", "expected_loss", "value", *more)
    for name in names:
        table.add_column(headings[name], justify="right", no_wrap=True)
    table.add_column(headings["reason"], ratio=1)
    reasons = words.reasons(chosen.rows, language)
    for row, reason in zip(chosen.rows.to_dict("records"), reasons, strict=True):
        cells = _cells(row, language)
        table.add_row(escape(str(row["customer_id"])), *(cells[name] for name in names), reason)
    return table


def _cells(row: Mapping[Hashable, Any], language: words.Language) -> dict[str, str]:
    due = row["next_purchase_at"]
    never = words.HEADINGS[language]["never"]
    return {
        "risk": f"{row['risk']:.0%}",
        "next_purchase_at": never if pd.isna(due) else f"{due:%Y-%m-%d}",
        **{name: words.amount(row[name], language) for name in _MONEY},
    }


def grid(first: str, *, title: str, caption: str | None = None) -> Table:
    """A table with its first column."""
    table = Table(
        title=title,
        caption=caption,
        title_justify="left",
        caption_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
    )
    table.add_column(first, overflow="fold")
    return table


def configuration(settings: Settings) -> str:
    """The settings as a TOML file, each with its meaning."""
    return "\n".join([_DEFINITIONS, *_toml(settings, "")])


_DEFINITIONS = (
    "# Well-known exports have definitions to copy: querencia config --source NAME\n"
    f"# ({', '.join(adapters.FILES)})"
)


def _toml(settings: BaseModel, path: str, *, changed: bool = False) -> Iterator[str]:
    """Lines of TOML: of every setting, or of those `changed` from the defaults."""
    sections: list[tuple[str, BaseModel]] = []
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            sections.append((f"{path}{name}", value))
        elif name in ("tables", "indicators"):
            sections += [(f"{path}{name}.{_key(each)}", entry) for each, entry in value.items()]
        elif not changed or value != field.default:
            yield f"# {field.description}"
            yield from _entry(name, value)
    for section, entry in sections:
        lines = list(_toml(entry, f"{section}.", changed=changed))
        if lines:
            yield f"\n# {(type(entry).__doc__ or '').splitlines()[0]}"
            yield f"[{section}]"
            yield from lines


def _entry(name: str, value: object) -> Iterator[str]:
    if isinstance(value, dict) and value:
        yield from (f"{name}.{_key(key)} = {_literal(each)}" for key, each in value.items())
    else:
        yield f"# {name} =" if value is None else f"{name} = {_literal(value)}"


def _literal(value: object) -> str:
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, int | float):
        return str(value).lower()
    return json.dumps(str(value), ensure_ascii=False)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)
