"""Indicators beside the period before: what moved beyond chance, why, and what goes with it."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from scipy import stats

from features.indicators.change import Change, changes
from features.indicators.figures import Figure, Z
from features.indicators.known import has
from features.indicators.money import worth
from features.indicators.period import Period
from features.indicators.reading import Reading, read
from features.settings import FeatureSettings
from features.store import Store

SURE = 0.05
"""Share of the moves told as beyond chance that may be none."""

HEADLINES = ("churn_rate", "spend", "nps", "promise_kept", "ces", "first_contact_resolution")
"""Indicators followed over several periods."""

PERIODS = 6
"""How many periods they are followed."""


@dataclass(frozen=True)
class Move:
    """An indicator now and in the period of the same length before.

    Attributes:
        now: What it came to.
        before: What it came to then; None where nothing counted.
        difference: Now less before, with the n of now.
        change: How it splits into mix and rate; None where it is no mean.
        worth: Currency of net spend in the horizon per customer that one unit more goes with.
        is_sure: Whether it moved beyond chance, of all indicators looked at.
    """

    now: Reading
    before: Reading | None
    difference: Figure
    change: Change | None = None
    worth: Figure | None = None
    is_sure: bool = False

    @property
    def is_better(self) -> bool:
        """Whether the way it moved is the better one."""
        return self.difference.value * self.now.indicator.direction > 0

    def money(self, units: float, customers: int) -> Figure | None:
        """Currency that so many units more of it go with, for so many customers."""
        if self.worth is None or math.isnan(self.worth.value):
            return None
        low, high = sorted(end * units * customers for end in self.worth[2:])
        return Figure(self.worth.n, self.worth.value * units * customers, low, high)


@dataclass(frozen=True)
class Indicators:
    """All indicators of a period.

    Attributes:
        period: Over which they were read.
        moves: Each beside the period before, in the catalogue's order.
        split_by: What their changes are split by into mix and rate.
        history: The headlines by name over periods of this length, the earliest first.
        customers: How many there were at the period's start.
    """

    period: Period
    moves: tuple[Move, ...]
    split_by: str
    history: Mapping[str, tuple[Reading, ...]]
    customers: int

    @property
    def sure(self) -> tuple[Move, ...]:
        """What moved beyond chance, the surest first."""
        return tuple(move for move in self._surest if move.is_sure)

    @property
    def nearest(self) -> tuple[Move, ...]:
        """What would have moved beyond chance if nothing else had been looked at."""
        return tuple(move for move in self._surest if _p(move.difference) < SURE)

    @property
    def _surest(self) -> list[Move]:
        return sorted(self.moves, key=lambda move: _p(move.difference))


def indicators(
    store: Store,
    settings: FeatureSettings,
    period: Period,
    *,
    learned_over: Period,
    targets: Mapping[str, float],
) -> Indicators:
    """Read every indicator and what moved.

    Args:
        store: The records.
        settings: The definitions.
        period: Over which to read.
        learned_over: Over which to learn what goes with a unit of each.
        targets: By name, what they should be.
    """
    now = read(store, settings, period, targets=targets)
    before = {each.indicator.name: each for each in read(store, settings, period.before)}
    by = "segment" if "customers.segment" in has(store) else "stage"
    split = changes(*(read(store, settings, each, by=by) for each in (period.before, period)))
    worths = _worths(store, settings, learned_over)
    moves = [
        Move(each, early, difference(early, each), split.get(name) if early else None, money)
        for each in now
        for name in [each.indicator.name]
        for early, money in [(before.get(name), worths.get(name))]
    ]
    history = _history(store, settings, period, targets)
    return Indicators(period, tuple(marked(moves)), by, history, _customers(now))


def _worths(store: Store, settings: FeatureSettings, period: Period) -> dict[str, Figure]:
    """What one unit of each indicator goes with; a customer lost is a horizon's spend lost."""
    if "transactions" not in store.has:
        return {}
    found = {each.indicator.name: each.spend for each in worth(store, settings, period)}
    horizon = Period(period.end - timedelta(days=settings.horizon_days), period.end)
    for each in read(store, settings, horizon, indicators=["spend"]):
        n, value, low, high = each.figure
        found["churn_rate"] = Figure(n, -value, -high, -low)
    return found


def _customers(now: Iterable[Reading]) -> int:
    counts = {each.indicator.name: each.figure.n for each in now}
    return counts.get("churn_rate", counts.get("spend", 0))


def difference(before: Reading | None, now: Reading) -> Figure:
    """Now less before, with the interval that the two intervals leave.

    By the method of variance estimates recovery (Zou and Donner 2008, Construction of confidence
    limits about effect measures, eq. 7), which takes the two periods for independent. The same
    customers in both make the interval wider than it need be.
    """
    if before is None:
        return Figure(now.figure.n)
    (_, early, early_low, early_high), (n, late, low, high) = before.figure, now.figure
    value = late - early
    below, above = (
        math.hypot(late - low, early_high - early),
        math.hypot(high - late, early - early_low),
    )
    return Figure(n, value, value - below, value + above)


def _p(figure: Figure) -> float:
    """Chance of a difference this far from 0 if there is none; 1 where nothing is known."""
    reach = figure.value - figure.low if figure.value > 0 else figure.high - figure.value
    if not reach > 0:
        return 1.0
    return 2 * float(stats.norm.sf(Z * abs(figure.value) / reach))


def marked(moves: Sequence[Move]) -> Iterator[Move]:
    """The moves with those beyond chance marked (Benjamini and Hochberg 1995)."""
    if not moves:
        return
    q_values = stats.false_discovery_control(np.array([_p(each.difference) for each in moves]))
    for each, q in zip(moves, q_values, strict=True):
        yield replace(each, is_sure=bool(q < SURE))


def _history(
    store: Store, settings: FeatureSettings, period: Period, targets: Mapping[str, float]
) -> Mapping[str, tuple[Reading, ...]]:
    periods = [period]
    while len(periods) < PERIODS:
        periods.insert(0, periods[0].before)
    found = [
        reading
        for each in periods
        for reading in read(store, settings, each, indicators=HEADLINES, targets=targets)
    ]
    told = {
        name: tuple(reading for reading in found if reading.indicator.name == name)
        for name in HEADLINES
    }
    return {name: readings for name, readings in told.items() if len(readings) > 2}
