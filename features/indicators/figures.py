"""Figures: a value with how many it rests on and where it lies, from a few sums of the database."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

from scipy import stats

LEVEL = 0.95
Z = NormalDist().inv_cdf((1 + LEVEL) / 2)
NAN = float("nan")


class Figure(NamedTuple):
    """A value, n, and the ends of its 95 % interval; NaN where there is nothing to tell."""

    n: int
    value: float = NAN
    low: float = NAN
    high: float = NAN


@dataclass(frozen=True)
class Statistic:
    """How values become a figure.

    Attributes:
        name: What it is called.
        aggregates: SQL over the values, which `{v}` stands for; `{days}` is the period's length.
        figure: The figure these give, in their order; the first is n.
        is_mean: Whether it is a mean of values, so that a change of it splits into mix and rate.
    """

    name: str
    aggregates: tuple[str, ...]
    figure: Callable[..., Figure]
    is_mean: bool = False


def share(n: int, hits: float | None) -> Figure:
    """A share, with Wilson's score interval (Wilson 1927)."""
    if not n:
        return Figure(0)
    p = (hits or 0) / n
    middle, scale = (p + Z**2 / (2 * n)), 1 + Z**2 / n
    reach = Z * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    return Figure(n, p, max((middle - reach) / scale, 0.0), min((middle + reach) / scale, 1.0))


def share_difference(own: Figure, others: Figure) -> Figure:
    """A share less another, with n of the first; the interval holds where one is 0 or 1 too.

    Newcombe (1998), Statistics in Medicine 17, 873-890, method 10: from both Wilson intervals.
    """
    value = own.value - others.value
    down = math.hypot(own.value - own.low, others.high - others.value)
    up = math.hypot(own.high - own.value, others.value - others.low)
    return Figure(own.n, value, value - down, value + up)


def mean(n: int, average: float | None, deviation: float | None) -> Figure:
    """A mean, with Student's interval; without one where n is 1."""
    if average is None:
        return Figure(0)
    if n < 2 or deviation is None:
        return Figure(n, average)
    reach = float(stats.t.ppf((1 + LEVEL) / 2, n - 1)) * deviation / math.sqrt(n)
    return Figure(n, average, average - reach, average + reach)


def net_promoters(n: int, promoters: int, detractors: int) -> Figure:
    """Promoters less detractors in points of a hundred, -100 to 100.

    Its variance is that of a variable which is 1, 0 or -1: (p + d - (p - d)^2) / n.
    """
    if not n:
        return Figure(0)
    p, d = promoters / n, detractors / n
    reach = Z * math.sqrt((p + d - (p - d) ** 2) / n)
    return Figure(
        n, 100 * (p - d), max(100 * (p - d - reach), -100), min(100 * (p - d + reach), 100)
    )


def spread(n: int, deviation: float | None, excess: float | None) -> Figure:
    """A standard deviation, with an interval that does not take the values for normal.

    The variance of log s is (kurtosis - 1) / 4n for large n (delta method).
    """
    if deviation is None:
        return Figure(n)
    if not deviation or excess is None:
        return Figure(n, deviation)
    reach = math.exp(Z * math.sqrt(max(excess + 2, 0) / (4 * n)))
    return Figure(n, deviation, deviation / reach, deviation * reach)


def quantile(n: int, value: float | None, low: float | None, high: float | None) -> Figure:
    """A quantile between two order statistics, whose ranks the database was asked for."""
    if value is None or low is None or high is None:
        return Figure(0)
    return Figure(n, value, low, high)


def odds(n: int, hits: float | None) -> Figure:
    """Ones per nought, such as customers lost per customer acquired; n counts both.

    The interval is Wilson's for the share p of ones, taken to p / (1 - p). No value without
    noughts.
    """
    p = share(n, hits)
    if p.value == 1:
        return Figure(n)
    return Figure(n, *(each / (1 - each) for each in p[1:]))


def lifetime(n: int, lost: float | None, days: float | None) -> Figure:
    """Days a customer stays if losses go on at this share of the customers per period.

    The interval is that of the share, turned around: no upper end where it may be that nobody
    leaves, and no value where nobody left.
    """
    p = share(n, lost)
    return Figure(n, *(_per(days or NAN, each) for each in (p.value, p.high, p.low)))


def _per(days: float, p: float) -> float:
    return days / p if p > 0 else NAN


_SORTED = "list_sort(list({v}) FILTER ({v} IS NOT NULL))"


def _quantile(q: float) -> tuple[str, ...]:
    """SQL of n, the q-quantile and its bounds: the ranks n q -+ z sqrt(n q (1 - q)).

    Conover, Practical Nonparametric Statistics, 3rd ed., section 3.2.
    """
    reach = f"{Z} * sqrt(count({{v}}) * {q * (1 - q)})"
    places = (f"{q} * count({{v}}) - {reach}", f"{q} * count({{v}}) + {reach} + 1")
    low, high = (f"greatest(1, least(count({{v}}), round({place})))::BIGINT" for place in places)
    bounds = (f"{_SORTED}[{place}]" for place in (low, high))
    return ("count({v})", f"quantile_cont({{v}}, {q})", *bounds)


SHARE = Statistic("share", ("count({v})", "sum({v})"), share, is_mean=True)
MEAN = Statistic("mean", ("count({v})", "avg({v})", "stddev_samp({v})"), mean, is_mean=True)
NET = Statistic(
    "net", ("count({v})", "count_if({v} > 0)", "count_if({v} < 0)"), net_promoters, is_mean=True
)
SPREAD = Statistic("spread", ("count({v})", "stddev_samp({v})", "kurtosis_pop({v})"), spread)
MEDIAN = Statistic("median", _quantile(0.5), quantile)
WORST_TENTH = Statistic("worst tenth", _quantile(0.9), quantile)
ODDS = Statistic("odds", ("count({v})", "sum({v})"), odds)
LIFETIME = Statistic("lifetime", ("count({v})", "sum({v})", "{days}::DOUBLE"), lifetime)
