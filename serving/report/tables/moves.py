"""Indicators now and before, and tickets by topic."""

import math
from collections.abc import Sequence

from markupsafe import Markup, escape

from features.indicators.trends import Trend
from serving import written
from serving.report.moves import Indicators, Move
from serving.report.writer import Table, Writer
from serving.written import UNKNOWN

MARKS = {"better": "▲", "worse": "▼"}
"""Of moves beyond chance, so that they are told apart in grey."""


def indicators(w: Writer, found: Indicators) -> Table:
    """Each indicator now and before, what it split into, its target, and what goes with it."""
    has_targets = any(move.now.target is not None for move in found.moves)
    return w.table(
        (
            "indicator",
            "now",
            "before",
            "difference",
            *(("target",) if has_targets else ()),
            "point",
        ),
        (
            (
                w.told(move.now.indicator.title),
                w.cell(move.now.figure, move.now.indicator.unit),
                w.cell(move.before.figure, move.now.indicator.unit) if move.before else UNKNOWN,
                _moved(w, move) + _split(w, move),
                *((_target(w, move, found.customers),) if has_targets else ()),
                _worth(w, move),
            )
            for move in found.moves
        ),
    )


def _moved(w: Writer, move: Move) -> Markup:
    unit = move.now.indicator.unit
    if math.isnan(move.difference.value):
        return escape(UNKNOWN)
    told = w.value(move.difference.value, unit, signed=True)
    ends = w.interval(move.difference, unit, signed=True)
    if not move.is_sure:
        return w.beside(told, ends)
    kind = direction(move)
    return Markup('<b class="{}">{} {}</b> <small>{} · {}</small>').format(
        kind, MARKS[kind], told, w.say(kind), ends
    )


def direction(move: Move) -> str:
    """Whether the way an indicator moved is the better one."""
    return "better" if move.is_better else "worse"


def _split(w: Writer, move: Move) -> Markup:
    if move.change is None or move.before is None:
        return Markup("")
    unit = move.now.indicator.unit
    parts = (
        f"{w.say(name)} {written.value(part, unit, w.settings.language, signed=True)}"
        for name, part in (("mix", move.change.mix), ("rate", move.change.rate))
    )
    return Markup("<small>{}</small>").format(", ".join(parts))


def _target(w: Writer, move: Move, customers: int) -> Markup:
    target, gap, unit = move.now.target, move.now.gap, move.now.indicator.unit
    if target is None or gap is None:
        return Markup("")
    if gap <= 0:
        return w.beside(w.value(target, unit), w.say("reached"))
    told = w.beside(w.value(target, unit), w.say("to_target", gap=w.value(gap, unit)))
    money = move.money(gap * move.now.indicator.direction, customers)
    if money is None:
        return told
    ends = w.interval(money, "currency", signed=True)
    return told + w.beside("", w.money(money.value, signed=True), ends)


def _worth(w: Writer, move: Move) -> Markup:
    """What a point, of a hundred for a share, goes with per customer."""
    unit = 0.01 if move.now.indicator.unit == "share" else 1.0
    money = move.money(unit, 1)
    return w.cell(money, "currency", signed=True) if money else escape(UNKNOWN)


def definitions(w: Writer, found: Indicators) -> Table:
    """What each indicator says, by version."""
    every = (move.now.indicator for move in found.moves)
    return w.table(
        ("indicator", "definition", "version"),
        ((w.told(each.title), w.told(each.definition), each.version) for each in every),
        words=3,
    )


def topics(w: Writer, found: Sequence[Trend]) -> Table:
    """Tickets by topic."""
    return w.table(
        ("topic", "now", "before", "ratio", "changed"),
        (
            (
                each.name,
                w.count(each.now),
                w.count(each.before),
                w.cell(each.ratio, "ratio", n=False),
                w.say("yes" if each.changed else "no"),
            )
            for each in found
        ),
    )
