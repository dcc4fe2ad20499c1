"""How results are shown on a terminal."""

import json
import re
from collections.abc import Iterator, Mapping

from pydantic import BaseModel, SecretStr
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from features import adapters
from features.findings import Level
from features.proposal import Proposal
from querencia.phrases import say
from serving import figures, words
from serving.settings import Settings
from training.backtest import Measures
from training.evidence import Evidence
from training.importance import Importance
from training.retrain import Training

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
    language, evidence = settings.language, result.evidence
    of = {
        "since": f"{result.plan.evaluation:%Y-%m-%d}",
        "days": settings.features.horizon_days,
        "currency": settings.features.currency,
    }
    for title, measures, caption in (
        ("who_left", evidence.risk, "risk_caption"),
        ("purchase_days", _part(evidence.value, "purchases"), ""),
        ("spent", _part(evidence.value, "spend"), "pace_caption"),
    ):
        told = say(caption, language) if caption else None
        console.print(_measures(say(title, language, **of), measures, settings, told), "")
    if evidence.importance:
        console.print(_importance(evidence.importance, language), "")
    _judged(console, evidence, language)
    verb = "serves" if result.promoted else "serves_not"
    reason = " ".join(words.finding(each, language) for each in result.promotion.findings)
    line(console, say(verb, language, number=result.version.number, reason=reason))


_SAID = ("coverage", "amount", "importance", "said_only", "done_only")
"""Advice that is said on the terminal; the rest is in the model card."""


def _judged(console: Console, evidence: Evidence, language: words.Language) -> None:
    """The grade, how good expected amounts and their intervals are, and what to beware of."""
    if evidence.grade:
        line(console, words.finding(evidence.grade.finding, language))
    for finding in evidence.findings:
        told = words.finding(finding, language)
        if finding.level != "advice":
            level = words.told(finding.level, language)
            line(console, f": {told}", label=level, style=LEVELS[finding.level])
        elif finding.name in _SAID:
            line(console, told)
    line(console, say("more_in_mlflow", language))


def _importance(found: Importance, language: words.Language) -> Table:
    table = grid(
        say("asked", language),
        title=say("importance", language, said=found.said),
        caption=say("importance_caption", language, said=found.said),
    )
    for name in ("stated", "revealed", "at_top"):
        table.add_column(say(name, language), justify="right", no_wrap=True)
    for measure, row in found.measures.items():
        ends = (_association(row, name, language) for name in ("stated", "revealed"))
        top = words.fill("{share:.0%}", language, share=row["at_top"])
        table.add_row(measure, *ends, top)
    return table


def _association(row: Mapping[str, float], name: str, language: words.Language) -> str:
    """An association with its interval, and of how many customers."""
    if name not in row:
        return say("too_few", language, count=row[f"{name}_customers"])
    return words.fill(
        "{value:+.2f} [dim]({low:+.2f} {high:+.2f}, {count:,.0f})[/]",
        language,
        value=row[name],
        low=row[f"{name}_low"],
        high=row[f"{name}_high"],
        count=row[f"{name}_customers"],
    )


def _part(measures: Measures, amount: str) -> Measures:
    """The models that predict this amount, each under its own name."""
    return {
        name.removesuffix(f" {amount}"): told
        for name, told in measures.items()
        if name.endswith(f" {amount}")
    }


_SHOWN = (
    *("auc_score", "log_loss", "brier_loss", "calibration_loss", "top_decile_lift_score"),
    *("profit_score", "mae_loss", "rmse_loss", "gini_score", "top_decile_capture_score"),
    "total_bias",
)
"""Measures with a column; all of them have an interval in MLflow."""


def _measures(title: str, measures: Measures, settings: Settings, caption: str | None) -> Table:
    language = settings.language
    names = [name for name in figures.known(next(iter(measures.values()))) if name in _SHOWN]
    table = grid(say("model", language), title=title, caption=caption)
    for name in names:
        heading = figures.heading(name, language, settings.features.currency)
        table.add_column(heading, justify="right", no_wrap=True)
    for model, told in measures.items():
        shown = (figures.figure(name, told[name], language) for name in names)
        table.add_row(figures.model(model, language), *shown)
    return table


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


_NAMED = ("tables", "offers", "indicators")
"""Sections whose entries the user names."""


def _toml(settings: BaseModel, path: str, *, changed: bool = False) -> Iterator[str]:
    """Lines of TOML: of every setting, or of those `changed` from the defaults."""
    sections: list[tuple[str, BaseModel]] = []
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            sections.append((f"{path}{name}", value))
        elif name in _NAMED:
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
        # What is secret stays in the environment it came from.
        hidden = value is None or isinstance(value, SecretStr)
        yield f"# {name} =" if hidden else f"{name} = {_literal(value)}"


def _literal(value: object) -> str:
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, int | float):
        return str(value).lower()
    return json.dumps(str(value), ensure_ascii=False)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)
