"""BG/NBD and MBG/NBD: customers leave, if at all, right after a purchase.

References:
    Fader, Hardie & Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2).
    Batislam, Denizel & Filiztekin (2007), Empirical validation and comparison of models for
    customer base analysis, International Journal of Research in Marketing 24(3).
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.integrate import tanhsinh
from scipy.special import betaln, hyp2f1, log_expit, psi

from training._lifetimes import BetaGeoFitter, ModifiedBetaGeoFitter
from training._likelihood import FREE_BOUNDS, SHAPE_BOUNDS
from training.purchases.histories import Floats, Histories
from training.purchases.process import Process, Slopes, stacked


@dataclass(frozen=True)
class BetaGeometric(Process):
    """BG/NBD: after each repeat purchase they leave with a chance that varies as Beta(a, b)."""

    a: float
    b: float

    bounds = (SHAPE_BOUNDS, FREE_BOUNDS, SHAPE_BOUNDS, FREE_BOUNDS)
    times = ("alpha",)
    fitter = BetaGeoFitter
    # Chances to leave beside those after each repeat purchase.
    first_chance: ClassVar[int] = 0

    def log_constant(self, x: Floats) -> Floats:
        """They bought x times more, and stayed but for the last chance."""
        stays = betaln(self.a, self.b + x + self.first_chance) - betaln(self.a, self.b)
        return self.log_rate(x) + np.asarray(stays)

    def constant_slopes(self, x: Floats) -> Floats:
        """By r, alpha, a and b."""
        chances = x + self.first_chance
        by_a = psi(self.a + self.b) - psi(self.a + self.b + chances)
        return stacked(*self.rate_slopes(x), by_a, by_a + psi(self.b + chances) - psi(self.b))

    def shape(self, x: Floats) -> Floats:
        """Of the gamma distribution of their rate after so many purchases."""
        return self.r + x

    def alive(self, h: Histories) -> tuple[Floats, Slopes]:
        """Silent until T, (alpha + T)^-(r + x)."""
        return self._silence(h.x, h.T)

    def dead(self, h: Histories) -> tuple[Floats, Slopes]:
        """Left at the last purchase: a / (b + stays) (alpha + t_x)^-(r + x); BG/NBD: if any."""
        chances = h.x + self.first_chance
        stayed = self.b + np.maximum(chances, 1) - 1
        silence, silence_slopes = self._silence(h.x, h.t_x)
        odds = np.where(chances > 0, np.log(self.a / stayed), -np.inf)

        def slopes(weights: Floats) -> Floats:
            total = silence_slopes(weights)
            total[2:] += weights.sum() / self.a, -(weights / stayed).sum()
            return total

        return np.asarray(odds + silence), slopes

    def _silence(self, x: Floats, age: Floats) -> tuple[Floats, Slopes]:
        shape, log_age = self.shape(x), np.log(self.alpha + age)

        def slopes(weights: Floats) -> Floats:
            by_alpha = weights @ (shape / (self.alpha + age))
            return -np.array([weights @ log_age, by_alpha, 0, 0])

        return -shape * log_age, slopes

    def p_silent_if_alive(self, days: Floats, h: Histories) -> Floats:
        """They leave after a purchase only, and there has been none."""
        return np.exp(self.alive(h.later(days))[0] - self.alive(h)[0])

    def purchases_if_alive(self, days: float | Floats, h: Histories) -> Floats:
        """Fader et al. (2005), the numerator of equation 10.

        Its hypergeometric function overflows for many purchases and for customers of yesterday who
        hardly leave, and it is singular at a = 1: there the integral it stands for is taken.
        """
        shape, stays = self.r + h.x, self.b + h.x + self.first_chance
        ratio, last = days / (self.alpha + h.T), self.a + stays - 1
        with np.errstate(all="ignore"):
            left = (1 + ratio) ** -shape * hyp2f1(shape, stays, last, ratio / (1 + ratio))
            purchases: Floats = last / (self.a - 1) * (1 - left)
        lost = ~np.isfinite(purchases) | (abs(self.a - 1) < 1e-7)
        if lost.any():
            purchases[lost] = _integrated_purchases(shape[lost], ratio[lost], self.a, stays[lost])
        return np.maximum(purchases, 0)  # rounding may leave it below 0


@dataclass(frozen=True)
class ModifiedBetaGeometric(BetaGeometric):
    """MBG/NBD: they may leave right after the first purchase too."""

    fitter = ModifiedBetaGeoFitter
    first_chance = 1


def _integrated_purchases(shape: Floats, ratio: Floats, a: float, stays: Floats) -> Floats:
    """The mean of [1 - (1 + p ratio)^-shape] / p over chances of leaving p ~ Beta(a, stays)."""

    def integrand(log_odds: Floats, shape: Floats, ratio: Floats, stays: Floats) -> Floats:
        log_p, log_stay = log_expit(log_odds), log_expit(-log_odds)
        log_density = a * log_p + stays * log_stay - betaln(a, stays)
        p = np.maximum(np.exp(log_p), np.finfo(float).tiny)
        return -np.expm1(-shape * np.log1p(p * ratio)) / p * np.exp(log_density)

    return np.asarray(tanhsinh(integrand, -np.inf, np.inf, args=(shape, ratio, stays)).integral)
