"""Satisfaction: what customers answered when asked, on one scale from 0 (worst) to 1 (best)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.asof import AsOf, Pairs, ratio
from features.family import Family, Look
from features.feature import Feature
from features.records import UNITS
from features.timeline import UNKNOWN, Floats, Ints, Timeline

RECENT_DAYS = 180
SCALES: dict[str, tuple[float, float]] = {
    "nps": (0, 10),
    "csat": (1, 5),
    "ces": (1, 7),
    "isat": (0, 100),
    "repurchase_intent": (1, 5),
    "loyalty": (1, 5),
    "wallet_share": (0, 1),
    "review": (1, 5),
}
"""Lowest and highest answer where a row does not say; higher is better for every kind, and a scale
that runs the other way is declared by a `scale_min` above its `scale_max`."""

KINDS = ("nps", "csat", "isat", "repurchase_intent", "loyalty", "review")
"""The kinds that ask how satisfied a customer is: all but effort and share of wallet."""

BAD = 0.4
"""Answers at or below are bad: 0-4 of an NPS, 1-2 of five stars."""


def normalised(surveys: Timeline) -> Ints:
    """Each answer between 0 (worst) and `UNITS` (best); `UNKNOWN` without one."""
    low, high = (_scale(surveys, end) for end in (0, 1))
    score = surveys.column("score")
    span = np.where(high == low, 1, high - low)
    share = np.clip(np.rint((score - low) * UNITS / span), 0, UNITS)
    return np.where(surveys.known("score") & surveys.known("answered_at"), share, UNKNOWN).astype(
        np.int64
    )


def _scale(surveys: Timeline, end: int) -> Floats:
    name = ("scale_min", "scale_max")[end]
    usual = [SCALES.get(kind, (0, 0))[end] * UNITS for kind in (*surveys.words["kind"], "")]
    return np.where(
        surveys.known(name), surveys.column(name), np.take(usual, surveys.column("kind"))
    )


def answered(surveys: Timeline, pairs: Pairs) -> AsOf:
    """Surveys as they were answered, with their answers as a column `share` (`normalised`)."""
    rows = surveys.by(surveys.column("answered_at"))
    columns = {**rows.columns, "share": normalised(rows)}
    return AsOf(replace(rows, columns=columns), pairs)


class Answers:
    """Those of the surveys `answered` that are of some kinds."""

    def __init__(self, answered: AsOf, *kinds: str) -> None:
        surveys = answered.timeline
        asks = np.logical_or.reduce([surveys.says("kind", kind) for kind in kinds])
        self._known = answered.where(asks & surveys.known("share"))
        self._share = self._known.timeline.column("share")

    def last(self) -> Floats:
        """The last answer."""
        last = self._known.last(self._share) / UNITS
        return np.where(self._known.count() > 0, last, np.nan)

    def mean(self, days: int | None = None) -> Floats:
        """The mean answer."""
        return self._known.mean(self._share, days) / UNITS

    def worst(self) -> Floats:
        """The worst answer."""
        return -self._known.greatest(-self._share) / UNITS

    def trend(self) -> Floats:
        """Mean of the last 180 days less the mean ever."""
        return self.mean(RECENT_DAYS) - self.mean()

    def spread(self) -> Floats:
        """Standard deviation of the answers."""
        return self._known.spread(self._share) / UNITS

    def since(self) -> Floats:
        """Days since the last answer."""
        return self._known.since()

    def count(self) -> Ints:
        """How many answers."""
        return self._known.count()


class Satisfaction:
    """Answers by kind and of all kinds together."""

    def __init__(self, look: Look) -> None:
        self._asked = AsOf(look.records["surveys"], look.pairs)
        self._answered = answered(look.records["surveys"], look.pairs)
        self.all = Answers(self._answered, *KINDS)
        self._sold = look.records["transactions"]
        self._of: dict[str, Answers] = {}

    def of(self, kind: str) -> Answers:
        """Answers of one kind."""
        if kind not in self._of:
            self._of[kind] = Answers(self._answered, kind)
        return self._of[kind]

    def response_rate(self) -> Floats:
        """Share of the surveys sent that were answered."""
        return ratio(self._answered.count(), self._asked.count())

    def silence_after_bad(self) -> Floats:
        """Days since the last answer, where it was bad and no purchase followed; else 0."""
        age = self.all.since()
        sold = AsOf(self._sold, self._asked.pairs)
        bought = sold.where(self._sold.columns["amount"] >= 0)
        quiet = ~(bought.since() < age) & (self.all.last() <= BAD)
        return np.where(quiet, age, 0.0)

    def nps_class(self) -> Floats:
        """Class of the last NPS answer: -1 detractor (0-6), 0 passive (7-8), 1 promoter (9-10)."""
        last = self.of("nps").last() * 10
        return np.where(np.isnan(last), np.nan, np.digitize(last, [6.5, 8.5]) - 1.0)


def _of(kind: str, value: Callable[[Answers], Floats]) -> Callable[[Satisfaction], Floats]:
    return lambda view: value(view.of(kind))


def _feature(
    name: str, unit: str, meaning: str, value: Callable[[Satisfaction], NDArray[Any]]
) -> Feature[Satisfaction]:
    return Feature(name, unit, meaning, "satisfaction", value)


FAMILY = Family(
    "satisfaction",
    ("surveys",),
    Satisfaction,
    (
        _feature("satisfaction_last", "0-1", "last answer of any kind", lambda v: v.all.last()),
        _feature("satisfaction_mean", "0-1", "mean answer of any kind", lambda v: v.all.mean()),
        _feature("satisfaction_worst", "0-1", "worst answer of any kind", lambda v: v.all.worst()),
        _feature(
            "satisfaction_trend",
            "0-1",
            "mean of the last 180 days less ever",
            lambda v: v.all.trend(),
        ),
        _feature("satisfaction_spread", "0-1", "spread of the answers", lambda v: v.all.spread()),
        _feature(
            "satisfaction_since", "days", "days since the last answer", lambda v: v.all.since()
        ),
        _feature("answers", "1", "how many answers", lambda v: v.all.count()),
        _feature("response_rate", "1", "share of surveys answered", Satisfaction.response_rate),
        _feature(
            "silence_after_bad",
            "days",
            "days without purchase after a bad answer",
            Satisfaction.silence_after_bad,
        ),
        _feature(
            "nps_class",
            "1",
            "last NPS: -1 detractor, 0 passive, 1 promoter",
            Satisfaction.nps_class,
        ),
        _feature(
            "wallet_share", "0-1", "stated share of wallet", _of("wallet_share", Answers.last)
        ),
        *(
            _feature(f"{kind}_{name}", "0-1", f"{name} {kind} answer", _of(kind, value))
            for kind in KINDS
            for name, value in (("last", Answers.last), ("mean", Answers.mean))
        ),
    ),
)
