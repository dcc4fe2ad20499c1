"""The model: beside formulas, by tenth, by kind of record, by age."""

from collections.abc import Iterable, Mapping

from markupsafe import Markup, escape

from features.indicators.figures import Figure
from serving import figures, words
from serving.report.trust import Trust
from serving.report.writer import Table, Writer
from training.staying import AtAge

_OF_RISK = ("auc_score", "log_loss", "calibration_loss", "top_decile_lift_score", "profit_score")


def measures(w: Writer, found: Trust) -> Table:
    """The model beside simple formulas."""
    language = w.settings.language
    return w.table(
        ("model", *(escape(figures.label(name, language, w.currency)) for name in _OF_RISK)),
        (
            (
                figures.model(model, language).removeprefix("- "),
                *(_measured(w, name, of[name]) for name in _OF_RISK),
            )
            for model, of in found.measures.items()
        ),
    )


def _measured(w: Writer, name: str, told: Mapping[str, float]) -> Markup:
    ends = {end: figures.figure(name, told[end], w.settings.language) for end in told}
    return w.beside(ends["value"], f"{ends['low']} … {ends['high']}")


def amounts(w: Writer, found: Trust) -> Table:
    """How good expected purchases and spend are."""
    columns = [name.removeprefix("served ") for name in found.amounts]
    names = figures.known(next(iter(found.amounts.values()))) if found.amounts else ()
    return w.table(
        ("indicator", *columns),
        (
            (
                figures.label(name, w.settings.language, w.currency),
                *(_measured(w, name, of[name]) for of in found.amounts.values()),
            )
            for name in names
        ),
    )


def reliability(w: Writer, found: Trust) -> Table:
    """Risk told and share that left, by tenth."""
    return w.table(
        ("tenth", "customers", "risk_told", "left"),
        (
            (
                tenth,
                w.count(row["size"]),
                w.value(row["predicted"], "share"),
                w.cell(
                    Figure(int(row["size"]), row["observed"], row["low"], row["high"]),
                    "share",
                    n=False,
                ),
            )
            for tenth, row in found.reliability.items()
        ),
    )


def adds(w: Writer, found: Trust) -> Table:
    """What each kind of record adds."""
    return w.table(
        ("family", "adds_auc", "adds_profit", "beyond_doubt"),
        (
            (
                w.told(name),
                _gain(w, row, "auc_score", "{:+.4f}"),
                _gain(w, row, "profit_score", "{:+.2f} " + w.currency),
                w.say("yes" if row["auc_score_low"] > 0 else "no"),
            )
            for name, row in found.families.items()
        ),
    )


def _gain(w: Writer, row: Mapping[str, float], name: str, form: str) -> Markup:
    value, low, high = (
        words.fill(form.replace("{:", "{value:"), w.settings.language, value=row[end])
        for end in (name, f"{name}_low", f"{name}_high")
    )
    return w.beside(value, f"{low} … {high}")


def ages(w: Writer, found: Iterable[AtAge]) -> Table:
    """What models of each age came to beside those trained anew."""
    return w.table(
        ("age_days", "models", "loss_more", "profit_more", "worse_sure"),
        (_aged(w, each) for each in found),
    )


def _aged(w: Writer, age: AtAge) -> tuple[str, ...]:
    loss, low, high, profit = (
        w.number(number, "{number:+.4f}")
        for number in (age.loss, age.loss_low, age.loss_high, age.profit)
    )
    return (
        w.count(age.age_days),
        w.count(age.cutoffs),
        w.beside(loss, f"{low} … {high}"),
        f"{profit} {w.currency}",
        w.say("yes" if age.is_worse else "no"),
    )
