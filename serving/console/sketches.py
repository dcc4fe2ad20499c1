"""Sketches: small pictures of the pages asked for most, drawn in no time, in the page's colours."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from markupsafe import Markup

from serving.console.story import Event, Told

_SVG = Markup(
    '<svg class="sketch" role="img" aria-label="{}" viewBox="0 0 {} {}" '
    'preserveAspectRatio="xMidYMid meet">{}</svg>'
)
_TEXT = Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>')
_LINE = Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>')
_PATH = Markup('<polyline points="{}" class="{}"/>')
_DOT = Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{}" class="{}"/>')


class Frame(NamedTuple):
    """Where the numbers of a picture go."""

    left: float
    right: float
    top: float
    bottom: float

    def x(self, share: float) -> float:
        """From 0 to 1, left to right."""
        return self.left + min(max(share, 0.0), 1.0) * (self.right - self.left)

    def y(self, share: float) -> float:
        """From 0 to 1, bottom to top."""
        return self.bottom - min(max(share, 0.0), 1.0) * (self.bottom - self.top)


def profit(
    curve: Sequence[tuple[float, float, float]],
    spent: float,
    most: float,
    *,
    ends: tuple[str, str],
    told: str,
) -> Markup:
    """What a budget brings, and where the list is.

    Args:
        curve: Budget, profit and contacts of points of it, from nothing on.
        spent: What the list spends.
        most: The budget at the right end.
        ends: What is written at the right end, and at the top.
        told: All of it in words.
    """
    frame = Frame(2, 238, 18, 84)
    top = max(gain for _, gain, _ in curve) or 1.0
    points = [*((budget, gain) for budget, gain, _ in curve), (most, curve[-1][1])]
    path = " ".join(
        f"{frame.x(budget / most):.1f},{frame.y(gain / top):.1f}" for budget, gain in points
    )
    here = frame.x(spent / most)
    parts = (
        _LINE.format(frame.left, frame.bottom, frame.right, frame.bottom, "axis"),
        _LINE.format(here, frame.top, here, frame.bottom, "here"),
        _PATH.format(path, "curve"),
        _TEXT.format(frame.left, frame.bottom + 14, "start", "0"),
        _TEXT.format(frame.right, frame.bottom + 14, "end", ends[0]),
        _TEXT.format(frame.left, 11, "start", ends[1]),
    )
    return _SVG.format(told, 240, 102, Markup("").join(parts))


def life(
    risks: Sequence[Told],
    events: Iterable[Event],
    rows: Mapping[str, str],
    *,
    days: Sequence[str],
    told: str,
) -> Markup:
    """Risk over time, and under it when what was recorded.

    Args:
        risks: The line, and the points that were told then.
        events: The records; those before the first risk are left out.
        rows: The tables to draw, and their names.
        days: The first and last day, as written.
        told: All of it in words.
    """
    bottom = 84.0
    frame = Frame(92, 632, 10, bottom)
    first, last = risks[0].at, risks[-1].at
    span = max((last - first).total_seconds(), 1.0)

    def across(at: datetime) -> float:
        return frame.x((at - first).total_seconds() / span)

    shown = [event for event in events if first <= event.at <= last]
    places = {table: bottom + 18 + 15 * place for place, table in enumerate(rows)}
    parts = [
        *(_LINE.format(frame.left, frame.y(at), frame.right, frame.y(at), "axis") for at in (0, 1)),
        _LINE.format(frame.left, frame.y(0.5), frame.right, frame.y(0.5), "half"),
        *(_TEXT.format(86, frame.y(at) + 4, "end", f"{at:.0%}") for at in (0, 0.5, 1)),
        *_risks(risks, frame, [across(each.at) for each in risks]),
        *(_TEXT.format(86, y + 4, "end", rows[table]) for table, y in places.items()),
        *(_DOT.format(across(each.at), places[each.table], 3, each.table) for each in shown),
        _TEXT.format(frame.left, bottom + 24 + 15 * len(rows), "start", days[0]),
        _TEXT.format(frame.right, bottom + 24 + 15 * len(rows), "end", days[-1]),
    ]
    return _SVG.format(told, 640, round(bottom + 30 + 15 * len(rows)), Markup("").join(parts))


def _risks(risks: Sequence[Told], frame: Frame, across: Sequence[float]) -> Iterator[Markup]:
    """The line of the present model, and a ring for each risk that a list told."""
    line = " ".join(
        f"{x:.1f},{frame.y(each.risk):.1f}"
        for x, each in zip(across, risks, strict=True)
        if not each.then
    )
    yield _PATH.format(line, "curve")
    for x, each in zip(across, risks, strict=True):
        kind, radius = ("then", 5) if each.then else ("now", 2.5)
        yield _DOT.format(x, frame.y(each.risk), radius, kind)
