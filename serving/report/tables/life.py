"""Stages: how many, what they are worth, where they went, and how soon the next comes."""

import math

from markupsafe import Markup, escape

from features.indicators.figures import Figure
from features.stages import STAGES
from serving.report import charts
from serving.report.life import Life
from serving.report.risk import Group, Risk
from serving.report.tables.customers import likely
from serving.report.writer import Table, Writer
from serving.written import UNKNOWN


def stages(w: Writer, life: Life, risk: Risk | None) -> Table:
    """How many are in each stage, and what they are worth."""
    groups = {group.name: group for group in risk.stages} if risk else {}
    more = ("risk", "value_each", "loss_expected") if groups else ()
    return w.table(
        ("stage", "count_now", "count_before", *more),
        (
            (
                w.told(stage),
                w.count(life.now[stage]),
                w.count(life.before[stage]),
                *(_money_of(w, groups.get(stage)) if groups else ()),
            )
            for stage in STAGES[1:]
        ),
    )


def _money_of(w: Writer, group: Group | None) -> tuple[str, str, str]:
    if group is None:
        return (UNKNOWN,) * 3
    return (
        likely(w, group),
        w.cell(group.value, "currency", n=False),
        w.cell(group.loss, "currency"),
    )


def transitions(w: Writer, life: Life) -> Table:
    """The share of each stage that went to each."""
    return w.table(
        ("from_to", *(escape(w.told(stage)) for stage in STAGES[1:])),
        (
            (
                w.beside(w.told(early), f"n {w.count(life.moved[early, STAGES[1]].n)}"),
                *(_shaded(w, life.moved[early, late]) for late in STAGES[1:]),
            )
            for early in life.starts
        ),
    )


def _shaded(w: Writer, share: Figure) -> Markup:
    return charts.track(share.value) + w.cell(share, "share", n=False)


def steps(w: Writer, life: Life) -> Table:
    """Chance and time of the next stage."""
    return w.table(
        ("step", escape(w.say("chance", days=w.settings.features.horizon_days)), "median_days"),
        (
            (
                f"{w.told(step.stage)} → {w.told(step.following)}",
                w.cell(step.chance, "share"),
                w.say("not_half") if math.isnan(step.median_days) else w.count(step.median_days),
            )
            for step in life.steps
        ),
    )
