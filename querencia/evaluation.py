"""How an evaluation over past cut-offs is shown on a terminal."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from rich.console import Console
from rich.table import Table

from features.cutoffs import Plan
from querencia import shows
from querencia.phrases import say
from querencia.progress import bar
from serving import figures, words
from serving.settings import Settings
from serving.words import Language
from training.backtest import SERVED, Measures
from training.evaluate import Evaluation, Judged
from training.evidence import FORMULAS
from training.rehearsal import closed

_OF_RISK = ("auc_score", "log_loss")
_MORE_OF_RISK = (
    *("calibration_loss", "top_decile_lift_score", "profit_score"),
    *("pr_auc_score", "brier_loss"),
)
_OF_SPEND = ("gini_score", "total_bias", "coverage_80", "coverage_80_top_decile")
_MORE_OF_SPEND = ("coverage_90", "coverage_90_top_decile", "mae_loss", "spearman_score")
"""Measures with a column at every width of the terminal, and those for which there may be room."""

_NARROW, _COLUMN = 80, 14
"""Width at which the first have room, and what each further column takes."""


def track(console: Console, language: Language, plans: Sequence[Plan]) -> Iterator[Plan]:
    """The cut-offs to judge one by one, with a bar of how far it is."""

    def name(plan: Plan) -> str:
        return say("judging", language, cutoff=f"{plan.evaluation:%Y-%m-%d}")

    return bar(console, plans, name, done=say("judged", language))


def show(console: Console, found: Evaluation, settings: Settings) -> None:
    """Risk and spend by cut-off, means beside the formulas, and what to beware of."""
    room = max(0, (console.width - _NARROW) // _COLUMN)
    console.print(_risk(found, settings, (*_OF_RISK, *_MORE_OF_RISK[:room])), "")
    spend = (*_OF_SPEND, *_MORE_OF_SPEND[:room])
    if any(each.evidence.measured()["spend"] for each in found.judged):
        console.print(_spend(found, settings, spend), "")
    console.print(_means(found, settings), "")
    if found.staying:
        console.print(_staying(found, settings), "")
    for text in _remarks(found, settings):
        shows.line(console, text)


def _risk(found: Evaluation, settings: Settings, measures: Sequence[str]) -> Table:
    language = settings.language
    headings = words.HEADINGS[language]
    definition = {
        "churn": headings[settings.features.churn],
        "days": settings.features.horizon_days,
    }
    table = shows.grid(
        say("cutoff", language),
        title=say("risk_by_cutoff", language, **definition),
        caption=say("intervals", language),
    )
    _columns(table, (say(name, language) for name in ("customers", "churned")))
    _columns(table, _headings(measures, settings))
    _columns(table, (say(name, language) for name in ("gain", "grade")))
    for each in found.judged:
        table.add_row(
            each.day,
            words.fill("{count:,}", language, count=each.customers),
            words.fill("{share:.0%}", language, share=each.churned),
            *_cells(each.evidence.intervals[SERVED], measures, language),
            *_grade(each, language),
        )
    return table


def _grade(judged: Judged, language: Language) -> tuple[str, str]:
    grade = judged.evidence.grade
    if grade is None:
        return "", ""
    low, high = grade.auc_gain
    return words.fill("{low:+.3f}\n{high:+.3f}", language, low=low, high=high), grade.letter


def _spend(found: Evaluation, settings: Settings, measures: Sequence[str]) -> Table:
    days, currency = settings.features.horizon_days, settings.features.currency
    title = say("spend_by_cutoff", settings.language, days=days, currency=currency)
    table = shows.grid(say("cutoff", settings.language), title=title)
    table.columns[0].no_wrap = True
    _columns(table, _headings(measures, settings))
    for each in found.judged:
        told = each.evidence.measured()["spend"].get(SERVED, {})
        table.add_row(each.day, *_cells(told, measures, settings.language))
    return table


def _headings(measures: Iterable[str], settings: Settings) -> Iterator[str]:
    for name in measures:
        yield figures.heading(name, settings.language, settings.features.currency)


def _columns(table: Table, headings: Iterable[str]) -> None:
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)


def _cells(
    told: Mapping[str, Mapping[str, float]], measures: Iterable[str], language: Language
) -> Iterator[str]:
    """Each figure with its interval under it."""
    for name in measures:
        ends = {end: figures.figure(name, at, language) for end, at in told.get(name, {}).items()}
        yield "{value}\n[dim]{low} {high}[/]".format_map(ends) if ends else ""


def _means(found: Evaluation, settings: Settings) -> Table:
    language, currency = settings.language, settings.features.currency
    formulas = tuple(reversed(FORMULAS))
    table = shows.grid(say("measure", language), title=say("means", language))
    _columns(table, (figures.model(SERVED, language), say("range", language)))
    _columns(table, (figures.model(name, language).replace(" ", "\n") for name in formulas))
    for of, models in found.over_cutoffs().items():
        table.add_row(f"[bold]{say(of, language)}[/]")
        for measure in figures.known(models.get(SERVED, {})):
            cells = _mean_row(models, measure, formulas, language)
            table.add_row(figures.label(measure, language, currency), *cells)
    return table


def _mean_row(
    models: Mapping[str, Measures], measure: str, formulas: Iterable[str], language: Language
) -> Iterator[str]:
    """The served model with its least and most, then each formula."""
    ends = [figures.figure(measure, end, language) for end in models[SERVED][measure].values()]
    yield from (ends[0], f"{ends[1]} .. {ends[2]}")
    for name in formulas:
        told = models.get(name, {}).get(measure)
        yield figures.figure(measure, told["mean"], language) if told else ""


def _staying(found: Evaluation, settings: Settings) -> Table:
    language = settings.language
    table = shows.grid(say("age", language), title=say("staying", language))
    table.columns[0].justify = "right"
    _columns(table, (say("cutoffs", language),))
    _columns(table, _headings(("log_loss", "profit_score"), settings))
    for age in found.staying:
        loss = words.fill(
            "{loss:+.4f} ({loss_low:+.4f}, {loss_high:+.4f})", language, **age._asdict()
        )
        profit = words.fill("{profit:+,.4f}", language, profit=age.profit)
        table.add_row(str(age.age_days), str(age.cutoffs), loss, profit)
    return table


def _remarks(found: Evaluation, settings: Settings) -> Iterator[str]:
    language = settings.language
    letters = Counter(each.evidence.grade.letter for each in found.judged if each.evidence.grade)
    of = len(found.judged)
    grades = (
        say("grade_at", language, letter=letter, count=count, of=of)
        for letter, count in sorted(letters.items())
    )
    yield say("grades", language, grades=", ".join(grades))
    cutoffs = [each.cutoff for each in found.judged]
    days = settings.features.horizon_days
    if any(not closed(one, days, other) for one, other in pairwise(cutoffs)):
        yield say("overlap", language)
    for cutoff, reason in found.left_out.items():
        yield say("cutoff_left_out", language, cutoff=cutoff, reason=reason)
    if found.advice:
        yield words.finding(found.advice, language)
    yield say("in_mlflow", language)
