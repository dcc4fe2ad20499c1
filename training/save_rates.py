"""Save rates: which share of those who would leave an offer keeps, learned and shrunk.

From a stated prior to what the company's own trials show of all, along a line with the grievance
(`training.grievance`), and from there to each segment, as far as they differ by more than chance.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.special import softmax

Floats = NDArray[np.float64]

FEWEST = 20
"""Contacts of a segment below which it says nothing of its own."""

NOTHING, ANYTHING = 0.3, 0.2
"""Chances, before its first trial, that an offer does nothing at all, and that it does anything
(a rate of 0 give or take 1); else it does what the prior says. On the simulated company with 2,000
contacts, the prior alone earns a point more of the oracle's profit from a good offer, and loses 12
points on a useless and 52 on a harmful one; so the loss is 2 points and none."""


SLOPE = 0.5
"""Standard deviation of what is believed, before the first trial, of how much more is kept of those
who leave for a grievance than of those who leave without one."""

_IMAGINED = 5
"""Contacts imagined when it is told how far contacts lie apart."""


class Rate(NamedTuple):
    """A share of would-be leavers that is kept, and its standard deviation; may be negative."""

    mean: float
    sd: float

    @classmethod
    def beta(cls, alpha: float, beta: float) -> Self:
        """That of a Beta distribution."""
        return cls(float(stats.beta.mean(alpha, beta)), float(stats.beta.std(alpha, beta)))


@dataclass(frozen=True)
class Line:
    """How the rate rises with the grievance.

    Attributes:
        slope: By how much from none to all; may be negative.
        centre: The grievance at which the rate is that of all.
    """

    slope: Rate = field(default_factory=lambda: Rate(0.0, SLOPE))
    centre: float = 0.0

    @classmethod
    def learn(cls, effect: Floats, base: Floats, grievance: Floats, *, weight: Floats) -> Self:
        """The line of least squares, shrunk as the rate of all is (`SaveRates.learn`)."""
        if len(effect) < FEWEST:
            return cls()
        centre = float(np.average(grievance, weights=weight * base))
        away = grievance - centre
        scale = weight @ (base * away**2)
        if scale == 0:
            return cls(centre=centre)
        slope = weight @ (away * effect) / scale
        rest = effect - (_ratio(effect, base, weight).mean + slope * away) * base
        sd = np.linalg.norm(weight * away * rest) / scale
        return cls(_posterior(Rate(float(slope), float(sd)), Rate(0.0, SLOPE)), centre)

    def of(self, grievance: Floats) -> tuple[Floats, Floats]:
        """What is added to each customer's rate, and its standard deviation, shape (n,)."""
        away = grievance - self.centre
        return self.slope.mean * away, self.slope.sd * np.abs(away)


@dataclass(frozen=True)
class SaveRates:
    """What an offer was found to keep.

    Attributes:
        overall: Of all customers.
        line: How it rises with the grievance.
        segments: Of each segment that was tried, at the grievance of all.
        between: Standard deviation of the segments' true rates, as estimated.
    """

    overall: Rate
    line: Line = field(default_factory=Line)
    segments: Mapping[str, Rate] = field(default_factory=dict)
    between: float = 0.0

    @classmethod
    def learn(
        cls,
        effect: Floats,
        base: Floats,
        segment: ArrayLike,
        grievance: Floats,
        *,
        weight: Floats,
        prior: Rate,
    ) -> Self:
        """From contacts whose arm was drawn at random.

        Args:
            effect: What each contact tells of the fall in the chance of leaving; its mean over
                any group of contacts is what the offer does for them (`contacts.fall`), shape (n,).
            base: Chance of leaving without an offer, shape (n,).
            segment: Name of each contact's segment, shape (n,).
            grievance: Of each contact, shape (n,).
            weight: How much each counts, shape (n,).
            prior: The rate before anything is known.
        """
        names = np.asarray(segment)
        every = _ratio(effect, base, weight)
        overall = _posterior(every, prior)
        line = Line.learn(effect, base, grievance, weight=weight)
        level = effect - line.of(grievance)[0] * base
        found = {
            str(name): _ratio(level[of], base[of], weight[of])
            for name in np.unique(names)
            for of in [names == name]
            if of.sum() >= FEWEST and base[of].sum() > 0
        }
        between = _between(found.values())
        segments = {name: _shrunk(rate, every, overall, between) for name, rate in found.items()}
        return cls(overall, line, segments, between)

    def of(self, segment: Iterable[str], grievance: Floats) -> tuple[Floats, Floats]:
        """Rate and standard deviation of each customer, shape (n,): nobody is kept twice."""
        rates = [self.segments.get(name, self.overall) for name in segment]
        mean, sd = np.array(rates, float).reshape(-1, 2).T
        more, doubt = self.line.of(grievance)
        return np.minimum(mean + more, 1.0), np.hypot(sd, doubt)

    def to_dict(self) -> dict[str, Any]:
        """The figures, for JSON."""
        segments = {name: list(rate) for name, rate in self.segments.items()}
        return {
            "overall": list(self.overall),
            "slope": list(self.line.slope),
            "centre": self.line.centre,
            "segments": segments,
            "between": self.between,
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The rates with these figures."""
        segments = {name: Rate(*rate) for name, rate in state["segments"].items()}
        line = Line(Rate(*state["slope"]), state["centre"])
        return cls(Rate(*state["overall"]), line, segments, state["between"])


def _ratio(effect: Floats, base: Floats, weight: Floats) -> Rate:
    """The fall over what would have been lost, each weighted; normal approximation (delta method).

    Few contacts happen to lie close together, so that `_IMAGINED` more stand beside them, as far
    apart as outcomes of even arms.
    """
    lost = weight @ base
    rate = weight @ effect / lost
    apart = _IMAGINED * 4 * np.mean(weight**2 * base * (1 - base))
    squares = np.sum((weight * (effect - rate * base)) ** 2) + apart
    sd = np.sqrt(squares * effect.size / (effect.size + _IMAGINED - 1)) / lost
    return Rate(float(rate), float(sd))


def _posterior(found: Rate, prior: Rate) -> Rate:
    """What is believed once the offer was tried: a mixture, so that a wrong prior gives way.

    Source: Schmidli et al. 2014, "Robust meta-analytic-predictive priors in clinical trials".
    """
    weight = np.array([1 - NOTHING - ANYTHING, NOTHING, ANYTHING])
    mean, sd = np.array([prior, (0.0, 0.0), (0.0, 1.0)]).T
    likely = stats.norm.logpdf(found.mean, mean, np.hypot(sd, found.sd))
    weight = softmax(np.log(weight) + likely)
    pull = sd**2 / (sd**2 + found.sd**2)
    means = mean + pull * (found.mean - mean)
    overall = weight @ means
    square = weight @ (pull * found.sd**2 + means**2)
    return Rate(float(overall), float(np.sqrt(square - overall**2)))


def _between(rates: Iterable[Rate]) -> float:
    """How far the segments' true rates lie apart, by the method of moments, on the safe side.

    Few contacts make segments differ by chance, so that the spread counts from two standard errors
    above what chance alone would bring.

    Source: DerSimonian & Laird 1986, "Meta-analysis in clinical trials", equation 8.
    """
    mean, sd = np.array([*rates], float).reshape(-1, 2).T
    if mean.size < 2:
        return 0.0
    weight = sd**-2.0
    spread = np.sum(weight * (mean - np.average(mean, weights=weight)) ** 2)
    scale = weight.sum() - np.sum(weight**2) / weight.sum()
    chance = mean.size - 1 + 2 * np.sqrt(2 * (mean.size - 1))
    return float(np.sqrt(max(0.0, (spread - chance) / scale)))


def _shrunk(found: Rate, every: Rate, overall: Rate, between: float) -> Rate:
    """A segment's rate: as far from that of all as its own contacts can be believed."""
    weight = between**2 / (between**2 + found.sd**2)
    mean = overall.mean + weight * (found.mean - every.mean)
    return Rate(float(mean), float(np.hypot((1 - weight) * overall.sd, np.sqrt(weight) * found.sd)))
