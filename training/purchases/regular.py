"""MBG/CNBD-k: customers who buy in a rhythm, and leave, if at all, right after a purchase.

References:
    Platzer & Reutterer (2016), Ticking away the moments: timing regularity helps to better predict
    customer activity, Marketing Science 35(5).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import betainc, gammaln

from training.purchases.beta_geometric import ModifiedBetaGeometric
from training.purchases.histories import COLUMNS, Floats, Histories
from training.purchases.process import Slopes, stacked

# Where a series of purchases expected ends.
_TOLERANCE = 1e-10


@dataclass(frozen=True)
class RegularBetaGeometric(ModifiedBetaGeometric):
    """Each wait is k stages that are passed at a rate of their own, Gamma(r, alpha).

    With k = 1 it is MBG/NBD; the larger k, the more alike a customer's waits. The dates between
    the first and the last purchase are not looked at: the likelihood is that of (x, t_x, T), and
    comparable with that of the other models.
    """

    k: int = 1

    fitter: ClassVar[Any] = None
    rhythm = COLUMNS

    def log_constant(self, x: Floats) -> Floats:
        """They passed k x stages, and stayed but for the last chance."""
        stays = super().log_constant(x) - self.log_rate(x)
        return stays + self.log_rate(self.k * x)

    def constant_slopes(self, x: Floats) -> Floats:
        """By r, alpha, a and b."""
        by_r, by_alpha = self.rate_slopes(self.k * x)
        _, _, by_a, by_b = super().constant_slopes(x)
        return stacked(by_r, by_alpha, by_a, by_b)

    def log_offset(self, h: Histories) -> float:
        """The density of t_x given x holds t_x^(k x - 1) / Gamma(k x), against k = 1."""
        x, counts = h.frequencies
        shapes = np.maximum(x, 1)
        spread = gammaln(shapes) - gammaln(self.k * shapes)
        recent = h.x * np.log(np.where(h.x > 0, h.t_x, 1))
        return float(counts @ np.where(x > 0, spread, 0) + (self.k - 1) * (h.counts @ recent))

    def alive(self, h: Histories) -> tuple[Floats, Slopes]:
        """Fewer than k stages were passed since the last purchase."""
        shape, age = self.shape(h.x), self.alpha + h.T
        stages = self._stages(h)
        total = stages.sum(axis=0)

        def slopes(weights: Floats) -> Floats:
            passed = np.arange(self.k)[:, None]
            rising = np.cumsum(1 / (shape + passed), axis=0) - 1 / (shape + passed)
            by_r = (stages * rising).sum(axis=0) / total - np.log(age)
            by_alpha = -((stages * passed).sum(axis=0) / total + shape) / age
            return np.array([weights @ by_r, weights @ by_alpha, 0, 0])

        return np.log(total) - shape * np.log(age), slopes

    def shape(self, x: Floats) -> Floats:
        """Of the gamma distribution of their rate after so many purchases, of k stages each."""
        return self.r + self.k * x

    def _stages(self, h: Histories) -> Floats:
        """How likely 0 .. k - 1 stages were passed since, relative to none: shape (k, n)."""
        shape, share = self.shape(h.x), (h.T - h.t_x) / (self.alpha + h.T)
        odds = [(shape + j) / (j + 1) * share for j in range(self.k - 1)]
        return np.cumprod([np.ones_like(shape), *odds], axis=0)

    def purchases_if_alive(self, days: float | Floats, h: Histories) -> Floats:
        """A mean over the stages passed since the last purchase, each exactly."""
        stages = self._stages(h)
        stages /= stages.sum(axis=0)
        if np.ndim(days):
            series = [self._purchases_from(j, days, h) for j in range(self.k)]
        else:
            waits, codes = h.distinct(("x", "T"))
            series = [self._purchases_from(j, days, waits)[codes] for j in range(self.k)]
        return np.asarray((stages * series).sum(axis=0))

    def _purchases_from(self, stage: int, days: float | Floats, h: Histories) -> Floats:
        """Over n, P(they stay for n purchases) times P(k n - stage stages are passed in time).

        With the rate integrated out, that number of stages is negative binomial.
        """
        total, stays, n = np.zeros(h.x.size), np.ones(h.x.size), 1
        soon, rest = days / (self.alpha + h.T + days), np.arange(h.x.size)
        while rest.size:
            chances = self.b + h.x[rest] + n
            term = betainc(self.k * n - stage, self.shape(h.x[rest]) + stage, soon[rest])
            term *= stays[rest]
            total[rest] += term
            stays[rest] *= chances / (self.a + chances)
            rest = rest[term > _TOLERANCE * (1 - soon[rest]) * total[rest]]
            n += 1
        return total
