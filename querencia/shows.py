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
from features.feature import Feature
from features.intake import Intake
from features.mapping import UnknownColumnsError
from features.proposal import Proposal
from features.usability import Report
from querencia.phrases import say
from serving import words
from serving.settings import Settings
from training.backtest import Measures
from training.retrain import Training
from training.scoring import Scores

_LEVELS = {"error": "bold red", "warning": "yellow", "advice": "cyan"}


def line(console: Console, text: str, *, label: str = "", style: str = "") -> None:
    """One line as it is, whole: brackets in people's data are not taken for colours."""
    console.print(Text.assemble((label, style), text), soft_wrap=True)


def check(console: Console, report: Report, settings: Settings) -> None:
    """What was read, what was refused and why, and whether it will do."""
    language = settings.language
    for intake in report.intakes:
        refused = settings.data / "quarantine" / f"{intake.table}.csv"
        _intake(console, intake, refused, language)
    if held := report.summary.purchases:
        share = held.repeat_buyers / held.customers
        line(console, say("held", language, share=share, **vars(held)))
    _families(console, report, language)
    for finding in report.findings:
        label, style = words.told(finding.level, language), _LEVELS[finding.level]
        line(console, f": {words.finding(finding, language)}", label=label, style=style)
    line(console, say("report", language, path=settings.data / "usability.html"))
    line(console, say("usable" if report.usable else "mend", language))


def _intake(console: Console, intake: Intake, refused: Path, language: words.Language) -> None:
    kept = say("kept", language, kept=intake.kept, rows=intake.rows)
    line(console, kept, label=intake.table, style="bold")
    for fault in intake.faults:
        example = ", ".join(f"{name}={value}" for name, value in fault.example.items())
        reason, remedy = (words.told(text, language) for text in (fault.reason, fault.remedy))
        told = {"rows": fault.rows, "reason": reason, "example": example, "remedy": remedy}
        line(console, say("fault", language, **told))
    if intake.faults:
        line(console, say("quarantine", language, path=refused))


def _families(console: Console, report: Report, language: words.Language) -> None:
    table = _table(say("family", language), title=say("families", language))
    table.add_column(say("features", language), justify="right", no_wrap=True)
    table.add_column(say("lacking", language), ratio=1)
    for carried in report.families:
        count = say("of", language, count=len(carried.features), of=carried.of)
        table.add_row(
            words.told(carried.family, language),
            count if carried.features else say("aside", language),
            ", ".join(carried.lacking),
        )
    console.print(table)


def unknown(error: UnknownColumnsError, language: words.Language) -> str:
    """Which columns a source lacks, and which it has."""
    return say(
        "unknown",
        language,
        source=error.proposal.source,
        missing=", ".join(error.missing),
        found=", ".join(error.found),
    )


def proposal(console: Console, proposed: Proposal, settings: Settings) -> None:
    """Which of a file's columns become which of ours, and why."""
    language = settings.language
    title = say("proposal", language, source=proposed.source)
    table = _table(say("theirs", language), title=escape(title))
    table.add_column(say("example", language), overflow="fold")
    for name in ("ours", "meaning", "why"):
        table.add_column(say(name, language))
    meanings = {column.name: column.meaning for column in proposed.contract.columns}
    for guess in proposed.guesses:
        meaning = words.told(meanings[guess.column], language)
        cells = (escape(guess.theirs), escape(guess.example))
        table.add_row(*cells, guess.column, meaning, say(guess.why, language))
    for column in proposed.missing:
        meaning = words.told(column.meaning, language)
        table.add_row(say("missing_value", language), "", column.name, meaning, "")
    console.print(table)
    if proposed.where:
        line(console, say("only", language, where=proposed.where))


def proposed_configuration(proposed: Proposal, settings: Settings) -> str:
    """The settings as they are, with the table as proposed, as a TOML file."""
    table = proposed.contract.table
    others = {name: entry for name, entry in settings.tables.items() if name != table}
    kept = settings.model_copy(update={"tables": others})
    return "\n".join([*_toml(kept, "", changed=True), "", proposed.toml, ""])


def features(
    console: Console, families: Mapping[str, tuple[Feature[Any], ...]], language: words.Language
) -> None:
    """Every feature of these families: unit, meaning, window, and what to do about it."""
    for family, columns in families.items():
        table = _table(say("feature", language), title=words.told(family, language))
        for name in ("unit", "meaning", "window", "driver"):
            table.add_column(say(name, language), no_wrap=name == "window")
        for feature in columns:
            table.add_row(feature.name, *_described(feature, language))
        console.print(table, "")


def _described(feature: Feature[Any], language: words.Language) -> Iterator[str]:
    days = feature.window_days
    yield words.told(feature.unit, language)
    yield words.told(feature.meaning, language)
    yield say("ever", language) if days is None else say("days", language, days=days)
    yield f"{words.told(feature.driver, language)}: {words.told(feature.action, language)}"


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
    verb = "serves now" if result.promoted else "does not serve"
    line(console, f"Version {result.version.number} {verb}: {result.reason}")


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
    names = list(next(iter(measures.values())))
    table = _table("model", title=title, caption=caption)
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
    table = _table(
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


def _table(first: str, *, title: str, caption: str | None = None) -> Table:
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
        elif name == "tables":
            sections += [(f"{path}{name}.{_key(table)}", entry) for table, entry in value.items()]
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
