"""Charts of the report as inline SVG: in the page's own colours and letters, told apart in grey."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock
from typing import Any, NamedTuple

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from features.indicators.reading import Reading
from features.voice import ThemeVoice
from serving import words
from serving.words import Language
from training.staying import AtAge

INK, SOFT, LINE, ACCENT = "#010101", "#020202", "#030303", "#040404"
"""Stand for the colours of the page, which differ in the dark."""

_COLOURS = {INK: "var(--ink)", SOFT: "var(--soft)", LINE: "var(--line)", ACCENT: "var(--accent)"}
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "querencia",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": SOFT,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.6,
}
_STYLED = Lock()
"""A style is the whole process's: of several threads one draws at a time."""

_PLAIN = {"Date": None, "Creator": None, "Format": None, "Type": None}


@contextmanager
def _drawing(width: float, height: float) -> Iterator[tuple[Figure, Axes]]:
    with _STYLED, mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, figure.add_subplot()


def svg(figure: Figure, alternative: str) -> Markup:
    """A figure as an element of a page, with what it shows in words."""
    with _STYLED, mpl.rc_context(_STYLE):
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata=_PLAIN)
    drawn = file.getvalue()
    inner = drawn[drawn.index(">", drawn.index("<svg")) + 1 :]
    width, height = (72 * inches for inches in figure.get_size_inches())
    for colour, variable in _COLOURS.items():
        inner = inner.replace(colour, variable)
    return Markup(  # noqa: S704 - matplotlib escapes what it writes
        f'<svg role="img" aria-label="{escape(alternative)}" viewBox="0 0 {width:.0f} {height:.0f}"'
        f' style="max-width:{1.25 * width:.0f}px">{_short(inner)}'
    )


def _short(drawn: str) -> str:
    """What matplotlib writes, without what a page has no use for."""
    for pattern, rest in (
        (
            r' id="(?:figure|axes|patch|line2d|text|xtick|ytick|matplotlib|PolyC|Fill|LineC)[^"]*"',
            "",
        ),
        (r"font-size: [\d.]+px; font-family: [^;]+; ", "font-size: 9px; "),
        (r"(\d+\.\d)\d+(?=[^<>]*>)", r"\1"),  # in tags, not in the words between them
        (r"<style type[^>]*>[^<]*</style>", ""),
        (r"\n\s*", " "),
    ):
        drawn = re.sub(pattern, rest, drawn)
    return drawn


def history(readings: Sequence[Reading], alternative: str, language: Language) -> Markup:
    """An indicator over several periods, with its intervals and its target."""
    unit = readings[0].indicator.unit
    days = [reading.period.end - timedelta(days=1) for reading in readings]
    value, low, high = ([getattr(r.figure, n) for r in readings] for n in ("value", "low", "high"))
    with _drawing(2.7, 1.5) as (figure, axes):
        axes.fill_between(days, low, high, color=LINE, linewidth=0)  # type: ignore[arg-type]
        axes.plot(days, value, color=ACCENT, marker="o", markersize=4)  # type: ignore[arg-type]
        if readings[-1].target is not None:
            axes.axhline(readings[-1].target, color=INK, linestyle="--", linewidth=1)
        axes.set_xticks([days[0], days[-1]], [f"{day:%Y-%m-%d}" for day in (days[0], days[-1])])  # type: ignore[arg-type]
        axes.get_xticklabels()[0].set_horizontalalignment("left")
        axes.get_xticklabels()[-1].set_horizontalalignment("right")
        axes.yaxis.set_major_locator(MaxNLocator(3))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: _tick(y, unit, language)))
    return svg(figure, alternative)


def _tick(number: float, unit: str, language: Language) -> str:
    form = "{number:.0%}" if unit == "share" else "{number:,g}"
    return words.fill(form, language, number=number)


def profit(
    curve: Sequence[Mapping[str, float]],
    spent: float,
    labels: tuple[str, str],
    alternative: str,
    language: Language,
) -> Markup:
    """What a budget brings, and where the list is."""
    with _drawing(5.2, 2.6) as (figure, axes):
        budgets, profits = ([point[name] for point in curve] for name in ("budget", "profit"))
        axes.plot([0, *budgets], [0, *profits], color=ACCENT)
        axes.axvline(spent, color=INK, linestyle="--", linewidth=1)
        _money(axes, labels, language)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _tick(x, "currency", language)))
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
    return svg(figure, alternative)


def _money(axes: Axes, labels: tuple[str, str], language: Language) -> None:
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: _tick(y, "currency", language)))


def calibration(
    tenths: Mapping[str, Mapping[str, float]], labels: tuple[str, str], alternative: str
) -> Markup:
    """Risk told against the share that left, by tenth of the customers."""
    rows = list(tenths.values())
    told, left, low, high = (
        [row[name] for row in rows] for name in ("predicted", "observed", "low", "high")
    )
    with _drawing(4.4, 3.2) as (figure, axes):
        axes.plot([0, 1], [0, 1], color=SOFT, linestyle="--", linewidth=1)
        axes.vlines(told, low, high, color=ACCENT)
        axes.plot(told, left, color=ACCENT, marker="o", linestyle="none", markersize=5)
        axes.set(xlabel=labels[0], ylabel=labels[1], xlim=(0, 1), ylim=(0, 1))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:.0%}"))
    return svg(figure, alternative)


def themes(voices: Sequence[ThemeVoice], label: str, alternative: str) -> Markup | None:
    """How much more often customers left after a comment on each theme than after others."""
    shown = [each for each in voices if each.churn.high > each.churn.low]
    if not shown:
        return None
    with _drawing(6.2, 0.6 + 0.27 * len(shown)) as (figure, axes):
        places = range(len(shown), 0, -1)
        low, value, high = (
            [getattr(each.churn, n) for each in shown] for n in ("low", "value", "high")
        )
        axes.axvline(0, color=SOFT, linewidth=1)
        axes.hlines(places, low, high, color=ACCENT)
        axes.plot(value, places, color=ACCENT, marker="o", linestyle="none", markersize=5)
        axes.set_yticks(list(places), [", ".join(each.words[:3]) for each in shown])
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:+.0f}"))
        axes.set_xlabel(label)
    return svg(figure, alternative)


def ages(found: Sequence[AtAge], labels: tuple[str, str], alternative: str) -> Markup:
    """How much worse older models are, with intervals, by their age."""
    days, value, low, high = (
        [getattr(each, name) for each in found]
        for name in ("age_days", "loss", "loss_low", "loss_high")
    )
    with _drawing(5.2, 2.6) as (figure, axes):
        axes.axhline(0, color=SOFT, linewidth=1)
        axes.vlines(days, low, high, color=ACCENT)
        axes.plot(days, value, color=ACCENT, marker="o", markersize=5)
        axes.set(xlabel=labels[0], ylabel=labels[1])
        axes.set_xlim(left=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return svg(figure, alternative)


class Kept(NamedTuple):
    """What a campaign promised, and what it brought with its interval, in currency."""

    name: str
    promised: float
    realised: float
    low: float
    high: float


def realised(campaigns: Sequence[Kept], label: str, alternative: str, language: Language) -> Markup:
    """What campaigns promised (a bar) and brought (a point with its interval)."""
    with _drawing(6.2, 0.7 + 0.3 * len(campaigns)) as (figure, axes):
        places = range(len(campaigns), 0, -1)
        names, promised, value, low, high = zip(*campaigns, strict=True)
        axes.barh(places, promised, color=LINE, height=0.55)
        axes.hlines(places, low, high, color=ACCENT)
        axes.plot(value, places, color=ACCENT, marker="o", linestyle="none", markersize=5)
        axes.axvline(0, color=SOFT, linewidth=1)
        axes.set_yticks(list(places), names)
        axes.set_xlabel(label)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _tick(x, "currency", language)))
    return svg(figure, alternative)


def track(share: float) -> Markup:
    """A bar as long as a share, for the eye alone."""
    width = 100 * min(max(share, 0.0), 1.0)
    return Markup(  # noqa: S704 - a number
        f'<span class="track" aria-hidden="true"><i style="width:{width:.1f}%"></i></span>'
    )
