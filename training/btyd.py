"""Purchases: the buy-till-you-die models Pareto/NBD, BG/NBD and MBG/NBD.

A customer buys at a rate of their own until they silently leave. A history is `frequency` (repeat
purchase days), `recency` (age in days at the last of them, 0 without any) and `T` (age in days at
the cut-off). The formulas work in log space, so a thousand purchases stay finite where those of
`lifetimes` overflow; `PurchaseModel.fitter_` hands the parameters back as a `lifetimes` fitter.

References:
    Schmittlein, Morrison & Colombo (1987), Counting your customers, Management Science 33(1).
    Fader, Hardie & Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2).
    Batislam, Denizel & Filiztekin (2007), Empirical validation and comparison of models for
    customer base analysis, International Journal of Research in Marketing 24(3).
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import tanhsinh
from scipy.optimize.elementwise import find_root
from scipy.special import betaln, expit, exprel, gammaln, hyp2f1, log_expit, psi

from features.errors import QuerenciaError
from training._lifetimes import BetaGeoFitter, ModifiedBetaGeoFitter, ParetoNBDFitter, carrying
from training._likelihood import FREE_BOUNDS, SHAPE_BOUNDS, maximum_likelihood

Floats = NDArray[np.float64]
Kind = Literal["pareto_nbd", "bg_nbd", "mbg_nbd"]

# 24 points give the Pareto/NBD's integral to 1e-9; exp(-40) cannot be seen beside 1.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_NEGLIGIBLE = 40.0

# Histories at a time in a fit, so that the arrays stay in the processor's cache: twice as fast.
_PIECE = 10_000


@dataclass(frozen=True)
class _Process(ABC):
    """A buy-till-you-die model with its parameters, in the literature's symbols.

    The likelihood of a history (x, t_x, T) is C(x) [alive(x, T) + dead(x, t_x, T)]: either they are
    still there, or they left after the last purchase. The slopes are derivatives of the logarithms
    by each parameter, one a row.
    """

    r: float
    alpha: float

    bounds: ClassVar[tuple[tuple[float, float], ...]]
    times: ClassVar[tuple[str, ...]]
    fitter: ClassVar[Any]

    @abstractmethod
    def log_constant(self, x: Floats) -> Floats: ...

    @abstractmethod
    def log_alive(self, x: Floats, T: Floats) -> Floats: ...

    @abstractmethod
    def log_dead(self, x: Floats, t_x: Floats, T: Floats) -> Floats: ...

    @abstractmethod
    def constant_slopes(self, x: Floats) -> Floats: ...

    @abstractmethod
    def alive_slopes(self, x: Floats, T: Floats) -> Floats: ...

    @abstractmethod
    def dead_slopes(self, x: Floats, t_x: Floats, T: Floats) -> Floats: ...

    @abstractmethod
    def p_silent_if_alive(self, days: Floats, x: Floats, T: Floats) -> Floats: ...

    @abstractmethod
    def purchases_if_alive(self, days: float, x: Floats, T: Floats) -> Floats: ...

    def log_silent(self, x: Floats, t_x: Floats, T: Floats) -> Floats:
        """The log-likelihood up to C(x)."""
        return np.logaddexp(self.log_alive(x, T), self.log_dead(x, t_x, T))

    def log_likelihood(self, x: Floats, t_x: Floats, T: Floats) -> Floats:
        return self.log_constant(x) + self.log_silent(x, t_x, T)

    def p_silent(self, days: float, x: Floats, t_x: Floats, T: Floats) -> Floats:
        ratio = self.log_silent(x, t_x, T + days) - self.log_silent(x, t_x, T)
        return np.exp(np.minimum(ratio, 0))  # rounding may lift it above 0

    def p_alive(self, x: Floats, t_x: Floats, T: Floats) -> Floats:
        return np.asarray(expit(self.log_alive(x, T) - self.log_dead(x, t_x, T)))

    def gradient(self, x: Floats, t_x: Floats, T: Floats) -> Floats:
        """Derivatives of the log-likelihood: a mean over whether they are alive."""
        alive = self.p_alive(x, t_x, T)
        left = (1 - alive) * self.dead_slopes(x, t_x, T)
        return self.constant_slopes(x) + alive * self.alive_slopes(x, T) + left

    def score(self, x: Floats, t_x: Floats, T: Floats, counts: Floats) -> Floats:
        """The log-likelihood of so many customers each, and its derivatives: shape (5,)."""
        value = self.log_likelihood(x, t_x, T)
        return np.vstack([value, self.gradient(x, t_x, T)]) @ counts

    def log_rate(self, x: Floats) -> Floats:
        """log [Gamma(r + x) / Gamma(r) alpha^r]."""
        return np.asarray(gammaln(self.r + x) - gammaln(self.r) + self.r * np.log(self.alpha))

    def rate_slopes(self, x: Floats) -> tuple[Floats, float]:
        return psi(self.r + x) - psi(self.r) + np.log(self.alpha), self.r / self.alpha

    def in_days(self, days: float) -> Self:
        """The same process when its unit of time was so many days."""
        return replace(self, **{name: days * getattr(self, name) for name in self.times})


@dataclass(frozen=True)
class _ParetoNBD(_Process):
    """Purchase rates vary as Gamma(r, alpha), hazards of leaving as Gamma(s, beta)."""

    s: float
    beta: float

    bounds = (SHAPE_BOUNDS, FREE_BOUNDS, SHAPE_BOUNDS, FREE_BOUNDS)
    times = ("alpha", "beta")
    fitter = ParetoNBDFitter

    def log_constant(self, x: Floats) -> Floats:
        return self.log_rate(x) + self.s * math.log(self.beta)

    def constant_slopes(self, x: Floats) -> Floats:
        return _rows(*self.rate_slopes(x), np.log(self.beta), self.s / self.beta)

    def log_alive(self, x: Floats, T: Floats) -> Floats:
        return -(self.r + x) * np.log(self.alpha + T) - self.s * np.log(self.beta + T)

    def alive_slopes(self, x: Floats, T: Floats) -> Floats:
        alpha, beta = self.alpha + T, self.beta + T
        return -_rows(np.log(alpha), (self.r + x) / alpha, np.log(beta), self.s / beta)

    def log_dead(self, x: Floats, t_x: Floats, T: Floats) -> Floats:
        """log of the integral of s (alpha + y)^-(r + x) (beta + y)^-(s + 1) for y from t_x to T.

        The closed form subtracts two hypergeometric functions, which cancel when recency is close
        to T and overflow when purchases are many; the integral does neither.
        """
        total = sum(share for _, share in self._departures(x, t_x, T))
        with np.errstate(divide="ignore"):  # nobody has had time to leave when recency is T
            at_start = self.log_alive(x, t_x) + np.log(self.s / (self.beta + t_x))
            return at_start + np.log(total)

    def dead_slopes(self, x: Floats, t_x: Floats, T: Floats) -> Floats:
        slopes, total = np.zeros((4, x.size)), np.full(x.size, np.finfo(float).tiny)
        leaving = replace(self, s=self.s + 1)
        for y, share in self._departures(x, t_x, T):
            slopes += share * leaving.alive_slopes(x, y)
            total += share
        return slopes / total + _rows(0, 0, 1 / self.s, 0 * x)

    def _departures(self, x: Floats, t_x: Floats, T: Floats) -> Iterator[tuple[Floats, Floats]]:
        """Ages y at which they may have left, each with its share of the integral.

        In u = log((c + y) / (c + t_x)), c the smaller of alpha and beta, the integrand is
        log-concave and its singularities are pi away, so Gauss-Legendre converges fast; where it
        has decayed to nothing it is cut off.
        """
        alpha, beta = self.alpha + t_x, self.beta + t_x
        near = np.minimum(alpha, beta)
        decay = near * ((self.r + x) / alpha + (self.s + 1) / beta) - 1
        reach = np.minimum(np.log1p((T - t_x) / near), _NEGLIGIBLE / np.maximum(decay, 1e-9))
        for node, weight in zip((_NODES + 1) / 2, _WEIGHTS / 2, strict=True):
            u = reach * node
            silence = near * np.expm1(u)
            fall = (self.r + x) * np.log1p(silence / alpha)
            fall += (self.s + 1) * np.log1p(silence / beta)
            yield t_x + silence, weight * reach * near * np.exp(u - fall)

    def p_silent_if_alive(self, days: Floats, x: Floats, T: Floats) -> Floats:
        return np.exp(self.log_silent(x, T, T + days) - self.log_alive(x, T))

    def purchases_if_alive(self, days: float, x: Floats, T: Floats) -> Floats:
        """Schmittlein et al. (1987); `exprel` carries it through s = 1."""
        beta = self.beta + T
        stretch = np.log1p(days / beta)
        lifetime = beta * stretch * exprel((1 - self.s) * stretch)
        return np.asarray((self.r + x) / (self.alpha + T) * lifetime)


@dataclass(frozen=True)
class _BetaGeometric(_Process):
    """BG/NBD: after each repeat purchase they leave with a chance that varies as Beta(a, b)."""

    a: float
    b: float

    bounds = (SHAPE_BOUNDS, FREE_BOUNDS, SHAPE_BOUNDS, FREE_BOUNDS)
    times = ("alpha",)
    fitter = BetaGeoFitter
    # Chances to leave beside those after each repeat purchase.
    first_chance: ClassVar[int] = 0

    def log_constant(self, x: Floats) -> Floats:
        stays = betaln(self.a, self.b + x + self.first_chance) - betaln(self.a, self.b)
        return self.log_rate(x) + np.asarray(stays)

    def constant_slopes(self, x: Floats) -> Floats:
        chances = x + self.first_chance
        by_a = psi(self.a + self.b) - psi(self.a + self.b + chances)
        return _rows(*self.rate_slopes(x), by_a, by_a + psi(self.b + chances) - psi(self.b))

    def log_alive(self, x: Floats, T: Floats) -> Floats:
        return -(self.r + x) * np.log(self.alpha + T)

    def alive_slopes(self, x: Floats, T: Floats) -> Floats:
        return -_rows(np.log(self.alpha + T), (self.r + x) / (self.alpha + T), 0, 0)

    def log_dead(self, x: Floats, t_x: Floats, T: Floats) -> Floats:  # noqa: ARG002 - at t_x
        chances = x + self.first_chance
        odds = np.log(self.a) - np.log(self.b + np.maximum(chances, 1) - 1)
        return np.where(chances > 0, odds + self.log_alive(x, t_x), -np.inf)

    def dead_slopes(self, x: Floats, t_x: Floats, T: Floats) -> Floats:  # noqa: ARG002 - at t_x
        stayed = np.maximum(x + self.first_chance, 1) - 1
        return self.alive_slopes(x, t_x) + _rows(0, 0, 1 / self.a, -1 / (self.b + stayed))

    def p_silent_if_alive(self, days: Floats, x: Floats, T: Floats) -> Floats:
        # They leave after a purchase only, and there has been none.
        return np.exp(self.log_alive(x, T + days) - self.log_alive(x, T))

    def purchases_if_alive(self, days: float, x: Floats, T: Floats) -> Floats:
        """Fader et al. (2005), the numerator of equation 10.

        Its hypergeometric function overflows for many purchases and for customers of yesterday who
        hardly leave, and it is singular at a = 1: there the integral it stands for is taken.
        """
        shape, stays, ratio = self.r + x, self.b + x + self.first_chance, days / (self.alpha + T)
        last = self.a + stays - 1
        with np.errstate(all="ignore"):
            left = (1 + ratio) ** -shape * hyp2f1(shape, stays, last, ratio / (1 + ratio))
            purchases: Floats = last / (self.a - 1) * (1 - left)
        lost = ~np.isfinite(purchases) | (abs(self.a - 1) < 1e-7)
        purchases[lost] = _integrated_purchases(shape[lost], ratio[lost], self.a, stays[lost])
        return np.maximum(purchases, 0)  # rounding may leave it below 0


@dataclass(frozen=True)
class _ModifiedBetaGeometric(_BetaGeometric):
    """MBG/NBD: they may leave right after the first purchase too."""

    fitter = ModifiedBetaGeoFitter
    first_chance = 1


_PROCESSES: dict[Kind, type[_Process]] = {
    "pareto_nbd": _ParetoNBD,
    "bg_nbd": _BetaGeometric,
    "mbg_nbd": _ModifiedBetaGeometric,
}


class PurchaseModel:
    """When customers buy again, and whether: one buy-till-you-die model.

    Args:
        kind: `pareto_nbd`, `bg_nbd` or `mbg_nbd`.
        random_state: Seed of the other starts from which a fit is checked.

    Attributes:
        params_: r, alpha, s, beta (Pareto/NBD) or r, alpha, a, b; alpha and beta in days.
        log_likelihood_: The sum over the customers fitted, time in days. In weeks it is larger by
            log(7) per repeat purchase.
    """

    params_: dict[str, float]
    log_likelihood_: float

    def __init__(self, kind: Kind = "pareto_nbd", *, random_state: int = 0) -> None:
        self.kind: Kind = kind
        self.random_state = random_state

    def fit(self, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Self:
        """Maximise the likelihood, from several starts until none gains any more.

        Args:
            frequency: Repeat purchase days, shape (n,).
            recency: Age in days at the last purchase, shape (n,).
            T: Age in days at the cut-off, shape (n,).

        Raises:
            QuerenciaError: A history is impossible, nobody bought twice, or no maximum was found.
        """
        histories = _histories(frequency, recency, T)
        if not histories[0].any():
            raise QuerenciaError(
                f"None of {histories[0].size} customers bought on a second day, so nothing tells "
                "how often they buy. Use a longer history or a later cut-off."
            )
        longest = histories[2].max()
        kind, pieces = _PROCESSES[self.kind], _collapse(*histories, scale=longest)

        def log_likelihood(params: Floats) -> tuple[float, Floats]:
            process = kind(*params)
            value, *slopes = np.sum([process.score(*piece) for piece in pieces], axis=0)
            return value, np.asarray(slopes)

        found = maximum_likelihood(
            log_likelihood,
            kind.bounds,
            customers=histories[0].size,
            random_state=self.random_state,
        )
        process = kind(*found).in_days(float(longest))
        self.params_ = asdict(process)
        self.log_likelihood_ = float(process.log_likelihood(*histories).sum())
        return self

    def p_no_purchase(
        self,
        horizon_days: float,
        frequency: ArrayLike,
        recency: ArrayLike,
        T: ArrayLike,
    ) -> Floats:
        """The risk: P(no purchase within the horizon), shape (n,).

        It is L(x, t_x, T + H) / L(x, t_x, T): the silence so far goes on for the horizon. The
        complement of P(alive) is never used as a risk. It answers another question (left for
        ever), and BG/NBD sets it to 0 for all who bought once, most of whom never return: on CDNOW
        it ranks churn at an AUC of .35, worse than chance.
        """
        x, t_x, age = _histories(frequency, recency, T)
        return self._process.p_silent(horizon_days, x, t_x, age)

    def p_alive(self, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Floats:
        """P(still a customer at the cut-off), shape (n,).

        Under BG/NBD it is 1 for everyone with frequency 0: an artefact of the model, which lets
        customers leave only after a repeat purchase, and no good news.
        """
        return self._process.p_alive(*_histories(frequency, recency, T))

    def expected_purchases(
        self,
        horizon_days: float,
        frequency: ArrayLike,
        recency: ArrayLike,
        T: ArrayLike,
    ) -> Floats:
        """Mean number of purchases within the horizon, survival included, shape (n,)."""
        alive = self.p_alive(frequency, recency, T)
        return alive * self.purchases_if_alive(horizon_days, frequency, recency, T)

    def purchases_if_alive(
        self,
        horizon_days: float,
        frequency: ArrayLike,
        recency: ArrayLike,
        T: ArrayLike,
    ) -> Floats:
        """Mean number of purchases within the horizon of one who is a customer now, shape (n,).

        They may still leave during the horizon.
        """
        x, _, age = _histories(frequency, recency, T)
        return self._process.purchases_if_alive(horizon_days, x, age)

    def next_purchase_days(
        self,
        frequency: ArrayLike,
        recency: ArrayLike,
        T: ArrayLike,
        *,
        quantile: float = 0.5,
        limit_days: float = 730,
    ) -> Floats:
        """Days from the cut-off by which one who is a customer now has bought, shape (n,).

        Args:
            frequency: Repeat purchase days, shape (n,).
            recency: Age in days at the last purchase, shape (n,).
            T: Age in days at the cut-off, shape (n,).
            quantile: The probability with which they have; .5 gives the median.
            limit_days: NaN where it takes longer, or where they leave first more often than that.
        """
        x, _, age = _histories(frequency, recency, T)

        def excess(days: Floats, x: Floats, age: Floats) -> Floats:
            return self._process.p_silent_if_alive(days, x, age) - (1 - quantile)

        bracket = np.zeros_like(age), np.full_like(age, limit_days)
        root = find_root(excess, bracket, args=(x, age), tolerances={"xatol": 0.01})
        return np.where(root.success, root.x, np.nan)

    @property
    def fitter_(self) -> Any:
        """The `lifetimes` fitter with these parameters (in days), for all else it can do."""
        return carrying(self._process.fitter(), self.params_)

    @property
    def _process(self) -> _Process:
        return _PROCESSES[self.kind](**self.params_)

    def to_dict(self) -> dict[str, Any]:
        """Everything that `from_dict` needs, ready for JSON."""
        return {
            "kind": self.kind,
            "random_state": self.random_state,
            "params": self.params_,
            "log_likelihood": self.log_likelihood_,
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The fitted model that `to_dict` described."""
        model = cls(state["kind"], random_state=state["random_state"])
        model.params_ = dict(state["params"])
        model.log_likelihood_ = state["log_likelihood"]
        return model


def _rows(*rows: ArrayLike) -> Floats:
    return np.stack(np.broadcast_arrays(*rows))


def _integrated_purchases(shape: Floats, ratio: Floats, a: float, stays: Floats) -> Floats:
    """The mean of [1 - (1 + p ratio)^-shape] / p over chances of leaving p ~ Beta(a, stays)."""

    def integrand(log_odds: Floats, shape: Floats, ratio: Floats, stays: Floats) -> Floats:
        log_p, log_stay = log_expit(log_odds), log_expit(-log_odds)
        log_density = a * log_p + stays * log_stay - betaln(a, stays)
        p = np.maximum(np.exp(log_p), np.finfo(float).tiny)
        return -np.expm1(-shape * np.log1p(p * ratio)) / p * np.exp(log_density)

    return np.asarray(tanhsinh(integrand, -np.inf, np.inf, args=(shape, ratio, stays)).integral)


def _histories(
    frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    x, t_x, age = np.atleast_1d(*(np.asarray(v, dtype=float) for v in (frequency, recency, T)))
    possible = (x >= 0) & (t_x <= age) & np.isfinite(age) & np.where(x > 0, t_x > 0, t_x == 0)
    if not possible.all():
        i = int(np.argmin(possible))
        raise QuerenciaError(
            f"{np.sum(~possible)} of {x.size} purchase histories are impossible, such as frequency "
            f"{x[i]:g}, recency {t_x[i]:g}, T {age[i]:g}. Frequency counts the days with a repeat "
            "purchase, and recency is the age at the last of them: at most T, and 0 without any."
        )
    return x, t_x, age


def _collapse(x: Floats, t_x: Floats, T: Floats, *, scale: float) -> list[Floats]:
    """Distinct histories and how many customers share each, in pieces that fit the cache.

    Each piece has rows x, t_x and T, these two in units of `scale`, and the count.
    """
    counts = pd.DataFrame({"x": x, "t_x": t_x / scale, "T": T / scale}).value_counts(sort=False)
    rows = counts.reset_index().to_numpy(float).T
    return np.array_split(rows, 1 + rows.shape[1] // _PIECE, axis=1)
