"""Touchpoints, as a map and one by one."""

import math
from collections.abc import Iterable, Sequence

import pandas as pd
from markupsafe import Markup, escape

from features.journey import Touchpoint
from serving.report.writer import Table, Writer


def journey_map(w: Writer, found: Sequence[Touchpoint]) -> Table:
    """Phases by channels: how often, how content, and whether it is a moment of truth."""
    places = {(each.phase, each.channel): each for each in found}
    volume = pd.DataFrame([(each.phase, each.channel or "", each.touches) for each in found])
    phases, channels = (
        volume.groupby(column)[2].sum().sort_values(ascending=False, kind="stable").index
        for column in (0, 1)
    )
    return w.table(
        ("phase", *(escape(channel or w.say("unknown")) for channel in channels)),
        (
            (w.told(phase), *(_place(w, places.get((phase, name or None))) for name in channels))
            for phase in phases
        ),
    )


def _place(w: Writer, point: Touchpoint | None) -> str:
    if point is None:
        return ""
    satisfaction = point.satisfaction.value
    content = "" if math.isnan(satisfaction) else f"{w.say('satisfaction')} {satisfaction:.0f}"
    star = Markup('<b class="star">★</b> ') if point.is_moment else Markup("")
    return star + w.beside(w.say("times", count=w.count(point.touches)), content)


def place(w: Writer, point: Touchpoint) -> str:
    """What a touchpoint is called."""
    return f"{w.told(point.phase)} · {point.channel or w.say('unknown')}"


def touchpoints(w: Writer, found: Iterable[Touchpoint]) -> Table:
    """All that is known of each touchpoint."""
    return w.table(
        (
            *("touchpoint", "customers", "satisfaction", "effort", "drop_off", "churn_more"),
            "money_with",
        ),
        (
            (
                place(w, each),
                w.beside(w.count(each.customers), w.say("times", count=w.count(each.touches))),
                w.cell(each.satisfaction, "scale"),
                w.cell(each.effort, "scale"),
                w.cell(each.drop_off, "share"),
                w.gap(each.churn),
                w.beside(
                    w.money(each.money, signed=True),
                    w.say("spend_more", spend=w.money(each.spend.value, signed=True)),
                    w.interval(each.spend, "currency", signed=True),
                ),
            )
            for each in found
        ),
    )
