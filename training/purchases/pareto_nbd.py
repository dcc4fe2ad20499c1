"""Pareto/NBD: customers leave at any time.

References:
    Schmittlein, Morrison & Colombo (1987), Counting your customers, Management Science 33(1).
"""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.special import exprel

from training._lifetimes import ParetoNBDFitter
from training._likelihood import FREE_BOUNDS, SHAPE_BOUNDS
from training.purchases.histories import FEW, Floats, Histories, Integers
from training.purchases.process import STEEP, Process, Silence, Slopes, stacked

# exp(-40) cannot be seen beside 1.
_NEGLIGIBLE = 40.0

# How far the integrand may fall, in logarithm, for the next points of Gauss-Legendre to be right to
# 1e-10: on [0, 1], a column.
_FALLS = np.array([0, 0.5, 4])
_RULES = [
    ((nodes[:, None] + 1) / 2, weights[:, None] / 2)
    for nodes, weights in map(np.polynomial.legendre.leggauss, (4, 8, 24))
]

# Up to so many histories, an integral for each is quicker than panels.
_APART = 4096

# Shares of a sum this much smaller than its largest term have lost digits to underflow.
_UNDERFLOW = 1e-270


@dataclass(frozen=True)
class ParetoNBD(Process):
    """Purchase rates vary as Gamma(r, alpha), hazards of leaving as Gamma(s, beta)."""

    s: float
    beta: float

    bounds = (SHAPE_BOUNDS, FREE_BOUNDS, SHAPE_BOUNDS, FREE_BOUNDS)
    times = ("alpha", "beta")
    fitter = ParetoNBDFitter

    def log_constant(self, x: Floats) -> Floats:
        """They bought x times more."""
        return self.log_rate(x) + self.s * math.log(self.beta)

    def constant_slopes(self, x: Floats) -> Floats:
        """By r, alpha, s and beta."""
        return stacked(*self.rate_slopes(x), np.log(self.beta), self.s / self.beta)

    def alive(self, h: Histories) -> tuple[Floats, Slopes]:
        """Neither bought nor left until T: (alpha + T)^-(r + x) (beta + T)^-s."""
        alpha, beta = self.alpha + h.T, self.beta + h.T
        log_alpha, log_beta = np.log(alpha), np.log(beta)

        def slopes(weights: Floats) -> Floats:
            by_alpha, by_beta = weights @ ((self.r + h.x) / alpha), self.s * (weights / beta).sum()
            return -np.array([weights @ log_alpha, by_alpha, weights @ log_beta, by_beta])

        return np.asarray(-(self.r + h.x) * log_alpha - self.s * log_beta), slopes

    def dead(self, h: Histories) -> tuple[Floats, Slopes]:
        """Of the integral of s (alpha + y)^-(r + x) (beta + y)^-(s + 1) for y from t_x to T.

        The closed form subtracts two hypergeometric functions, which cancel when recency is close
        to T and overflow when purchases are many. The sums over panels cancel too, but by no more
        than eps times the alive part, beside which the integral stands.
        """
        panels = h.panels
        top, share = self._shares(panels.x, panels.start, panels.head)
        departures = self._departures(panels.x, panels.start, panels.width)
        total = np.maximum(panels.over_histories(share * _sums(departures, share.size)), 0)
        apart = np.flatnonzero((share[panels.first] < _UNDERFLOW) & (h.t_x < h.T))
        x, t_x = h.x[apart], h.t_x[apart]
        alone = self._departures(x, t_x, h.T[apart] - t_x)
        scale = top[panels.first]
        scale[apart], total[apart] = self._log_density(x, t_x), _sums(alone, x.size)

        def slopes(weights: Floats) -> Floats:
            per_total = np.divide(weights, total, out=np.zeros_like(total), where=total > 0)
            own, per_total[apart] = per_total[apart], 0
            shared = share * panels.over_panels(per_total)
            leaving = self._slopes(departures, shared, panels.x) + self._slopes(alone, own, x)
            leaving[2] += weights.sum() / self.s
            return leaving

        with np.errstate(divide="ignore"):  # nobody has had time to leave when recency is T
            log_total = np.log(total)
        return math.log(self.s) + scale + log_total, slopes

    def _log_density(self, x: Floats, age: Floats) -> Floats:
        fall = (self.r + x) * np.log(self.alpha + age) + (self.s + 1) * np.log(self.beta + age)
        return np.asarray(-fall)

    def _shares(self, x: Floats, age: Floats, head: Integers) -> tuple[Floats, Floats]:
        """The log density of leaving at the first of these ages, and its ratio to that."""
        log_density = self._log_density(x, age)
        top = log_density[head]
        return top, np.exp(log_density - top)

    def _slopes(self, departures: list["_Departures"], weights: Floats, x: Floats) -> Floats:
        """Derivatives of the so weighted sum of the integrals by the parameters."""
        total = np.zeros(4)
        for rows, age, share in departures:
            alpha, beta, part = self.alpha + age, self.beta + age, share * weights[rows]
            by_r, by_s = (part * np.log(alpha)).sum(), (part * np.log(beta)).sum()
            by_alpha, by_beta = (part / alpha).sum(axis=0), (part / beta).sum()
            total -= by_r, by_alpha @ (self.r + x[rows]), by_s, (self.s + 1) * by_beta
        return total

    def _departures(self, x: Floats, start: Floats, width: Floats) -> list["_Departures"]:
        """Integrals over the density from `start` on, relative to the density there.

        In u = log((c + y) / (c + start)), c the smaller of alpha and beta, the integrand is
        log-concave and its singularities are pi away, so Gauss-Legendre converges fast; where it
        has decayed to nothing it is cut off.
        """
        alpha, beta = self.alpha + start, self.beta + start
        near = np.minimum(alpha, beta)
        fall = near * ((self.r + x) / alpha + (self.s + 1) / beta)
        reach = np.minimum(np.log1p(width / near), _NEGLIGIBLE / np.maximum(fall - 1, 1e-9))
        falls = reach * np.maximum(fall, 1)
        found = []
        for i, rows in _by_rule(falls):
            own = alpha[rows], beta[rows], near[rows], reach[rows]
            silence, share = self._quadrature(x[rows], *own, *_RULES[i])
            found.append(_Departures(rows, start[rows] + silence, share))
        return found

    def _quadrature(
        self,
        x: Floats,
        alpha: Floats,
        beta: Floats,
        near: Floats,
        reach: Floats,
        nodes: Floats,
        weights: Floats,
    ) -> tuple[Floats, Floats]:
        u = reach * nodes
        silence = near * np.expm1(u)
        fall = (self.r + x) * np.log1p(silence / alpha)
        fall += (self.s + 1) * np.log1p(silence / beta)
        return silence, weights * (reach * near) * np.exp(u - fall)

    def pieces(self, h: Histories) -> list[Histories]:
        """All at once: the more together, the more panels they share."""
        return [h]

    def odds_left(self, h: Histories) -> Floats:
        """Calculated once a distinct history."""
        return h.each(self._odds_left)

    def _odds_left(self, h: Histories) -> Floats:
        if h.x.size > _APART:
            return super()._odds_left(h)
        fall, lost = self._spans(h.x, h.t_x, h.T - h.t_x)
        return _odds(fall, lost)

    def p_silent_if_alive(self, days: Floats, h: Histories) -> Floats:
        """As if they had bought just now, up to C."""
        if h.x.size > _APART:
            now = replace(h, t_x=h.T)
            return np.exp(self.log_silent(now.later(days)) - self.alive(h)[0])
        fall, lost = self._spans(h.x, h.T, days)
        return np.exp(-fall) + lost

    def silence(self, days: float, h: Histories) -> Silence:
        """By the integrals of both spans at once: until now, and from now on."""
        if h.x.size > _APART:
            return super().silence(days, h)
        width = np.concatenate([h.T - h.t_x, np.full_like(h.T, days)])
        x, start = np.concatenate([h.x, h.x]), np.concatenate([h.t_x, h.T])
        fall, lost = self._spans(x, start, width)
        (past, ahead), (left, leave) = fall.reshape(2, -1), lost.reshape(2, -1)
        return Silence.of(_odds(past, left), np.exp(-ahead) + leave)

    def _spans(self, x: Floats, start: Floats, width: Floats) -> tuple[Floats, Floats]:
        """By an integral for each, what becomes of customers at an age until so much later.

        Returns:
            -log P(they neither buy nor leave), and P(they leave without a purchase).
        """
        alpha, beta = self.alpha + start, self.beta + start
        fall = (self.r + x) * np.log1p(width / alpha) + self.s * np.log1p(width / beta)
        left = _sums(self._departures(x, start, width), x.size)
        return fall, self.s / beta * left

    def _purchases_by(self, days: Floats, h: Histories) -> Floats:
        return self.purchases_if_alive(days, h.rows(np.s_[:, None]))

    def purchases_if_alive(self, days: float | Floats, h: Histories) -> Floats:
        """Schmittlein et al. (1987); `exprel` carries it through s = 1."""
        beta = self.beta + h.T
        stretch = np.log1p(days / beta)
        lifetime = beta * stretch * exprel((1 - self.s) * stretch)
        return np.asarray((self.r + h.x) / (self.alpha + h.T) * lifetime)


class _Departures(NamedTuple):
    """For these rows, ages at which they may have left, and their shares: shape (points, rows)."""

    rows: Integers | slice
    age: Floats
    share: Floats


def _by_rule(falls: Floats) -> list[tuple[int, Integers | slice]]:
    """Which rows each of `_RULES` is for; few rows all take that of the one that falls most."""
    if falls.size <= 2 * FEW:
        rule = int(np.searchsorted(_FALLS, falls.max(initial=0)))
        return [(max(rule - 1, 0), slice(None))]
    which = np.searchsorted(_FALLS, falls)  # 0 where there is nothing to integrate
    rows = [(i, np.flatnonzero(which == i + 1)) for i in range(len(_RULES))]
    return [(i, own) for i, own in rows if own.size]


def _odds(fall: Floats, lost: Floats) -> Floats:
    """P(left) over P(did not), of customers who have not bought over these spans."""
    return np.asarray(np.exp(np.minimum(fall, STEEP)) * lost)


def _sums(departures: list[_Departures], size: int) -> Floats:
    total = np.zeros(size)
    for rows, _, share in departures:
        total[rows] = share.sum(axis=0)
    return total
