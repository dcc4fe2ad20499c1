"""Spend: the Gamma-Gamma model of what a customer pays per purchase.

References:
    Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value,
    http://www.brucehardie.com/notes/025/
"""

import math
import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, gammaln, psi
from scipy.stats import pearsonr, rankdata

from features.errors import QuerenciaError
from training._lifetimes import GammaGammaFitter, carrying
from training._likelihood import FREE_BOUNDS, SHAPE_BOUNDS, ModelWarning, maximum_likelihood

Floats = NDArray[np.float64]

# Where a rank correlation of frequency and spend is beyond doubt larger, they are not independent.
_INDEPENDENT = 0.2


class SpendModel:
    """Expected spend per purchase, each customer's own mean shrunk to everyone's.

    Purchases vary about a customer's mean as a gamma distribution of shape p, and the means vary
    between customers by q and gamma. Spend is taken to be independent of frequency.

    Attributes:
        params_: p, q and gamma (in currency).
        mean_spend_: Mean of the repeat buyers' monetary values, in currency.
        correlation_: Spearman's, of frequency and spend, and its 95 % interval; NaN where it is
            not defined. Spend is ranked by the model's probability of less, given the frequency:
            even where the two are independent, the plain means of few purchases rank lower, their
            distribution being skewed. Found by `fit`, and not kept by `to_dict`.
    """

    params_: dict[str, float]
    mean_spend_: float
    correlation_: tuple[float, float, float]

    def fit(self, frequency: ArrayLike, monetary_value: ArrayLike) -> Self:
        """Maximise the likelihood over the repeat buyers with positive spend.

        Args:
            frequency: Repeat purchase days, shape (n,).
            monetary_value: Mean spend per repeat purchase day in currency, shape (n,); NaN or not
                positive where there is none to speak of.

        Raises:
            QuerenciaError: Nobody has repeat spend, or no maximum was found.

        Warns:
            ModelWarning: q is 1 or less, so the population has no mean; the observed mean is used.
                Or spend depends on frequency: the interval lies beyond .2 or -.2.
        """
        x, spend = np.asarray(frequency, dtype=float), np.asarray(monetary_value, dtype=float)
        usable = _usable(x, spend)
        if not usable.any():
            raise QuerenciaError(
                f"None of {x.size} customers has positive spend on a second purchase day, so "
                "nothing tells what a purchase is worth. Use a longer history or a later cut-off."
            )
        self.mean_spend_ = float(spend[usable].mean())
        p, q, gamma = _fit(x[usable], spend[usable] / self.mean_spend_)
        self.params_ = {"p": p, "q": q, "gamma": gamma * self.mean_spend_}
        self.correlation_ = _rank_correlation(x[usable], self._p_less(x[usable], spend[usable]))
        if self.dependent:
            _warn_of_dependence(self.correlation_, int(usable.sum()))
        if q <= 1:
            warnings.warn(
                f"Spend varies so much between {usable.sum()} repeat buyers (q = {q:.2f}, at most "
                "1) that their model has no mean: customers are shrunk to the observed mean "
                f"{self.mean_spend_:.2f} instead. Look for business customers or data errors.",
                ModelWarning,
                stacklevel=2,
            )
        return self

    def expected_spend(self, frequency: ArrayLike, monetary_value: ArrayLike) -> Floats:
        """Expected spend per future purchase in currency, shape (n,); never negative.

        Fader & Hardie's equation 5: the mean of the customer's own spend, counted p * frequency
        times, and the population mean, counted q - 1 times. Customers without positive repeat
        spend get the population mean. With q <= 1 it is the observed mean, counted q times.
        """
        x, spend = np.asarray(frequency, dtype=float), np.asarray(monetary_value, dtype=float)
        usable = _usable(x, spend)
        mean, weight = self._population()
        evidence = self.params_["p"] * np.where(usable, x, 0)
        return (evidence * np.where(usable, spend, 0) + weight * mean) / (evidence + weight)

    def _p_less(self, x: Floats, spend: Floats) -> Floats:
        """P(a mean of x purchases is less): x times it, over gamma, is a beta prime variable."""
        p, q, gamma = self.params_.values()
        return np.asarray(betainc(p * x, q, x * spend / (x * spend + gamma)))

    def _population(self) -> tuple[float, float]:
        p, q, gamma = self.params_.values()
        return (p * gamma / (q - 1), q - 1) if q > 1 else (self.mean_spend_, q)

    @property
    def dependent(self) -> bool:
        """Whether spend depends on frequency beyond doubt: its interval is past .2 or -.2."""
        _, low, high = self.correlation_
        return low > _INDEPENDENT or high < -_INDEPENDENT

    @property
    def fitter_(self) -> Any:
        """The `lifetimes` fitter with these parameters (its v is gamma)."""
        p, q, gamma = self.params_.values()
        return carrying(GammaGammaFitter(), {"p": p, "q": q, "v": gamma})

    def to_dict(self) -> dict[str, Any]:
        """Everything that `from_dict` needs, ready for JSON."""
        return {"params": self.params_, "mean_spend": self.mean_spend_}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The fitted model that `to_dict` described."""
        model = cls()
        model.params_ = {name: state["params"][name] for name in ("p", "q", "gamma")}
        model.mean_spend_ = state["mean_spend"]
        return model


def _rank_correlation(x: Floats, spend: Floats) -> tuple[float, float, float]:
    if x.size < 4 or np.ptp(x) == 0 or np.ptp(spend) == 0:
        return math.nan, math.nan, math.nan
    found = pearsonr(rankdata(x), rankdata(spend))
    low, high = found.confidence_interval()
    return float(found.statistic), float(low), float(high)


def _warn_of_dependence(correlation: tuple[float, float, float], buyers: int) -> None:
    rho, low, high = correlation
    more, too = ("more", "low") if rho > 0 else ("less", "high")
    warnings.warn(
        f"Of {buyers} repeat buyers, those who buy more often spend {more} per purchase (rank "
        f"correlation {rho:.2f}, 95 % interval {low:.2f} to {high:.2f}), while the model takes "
        f"them for independent: the value of the most frequent comes out too {too}. Model "
        "kinds of customers, such as companies and consumers, apart.",
        ModelWarning,
        stacklevel=3,
    )


def _usable(x: Floats, spend: Floats) -> NDArray[np.bool_]:
    return (x > 0) & (spend > 0) & (spend < np.inf)


def _fit(x: Floats, spend: Floats) -> list[float]:
    """p, q and gamma by Fader & Hardie's equation 1a."""
    counts, customers = np.unique(x, return_counts=True)  # gammaln is dear, and counts are few
    total = x * spend
    log_total = np.log(total)

    def log_likelihood(params: Floats) -> tuple[float, Floats]:
        p, q, gamma = params
        shapes = p * x + q
        log_sum = np.log(total + gamma)
        constant = gammaln(p * counts + q) - gammaln(p * counts) - gammaln(q) + q * np.log(gamma)
        rising = psi(p * counts + q)
        value = customers @ constant + p * (x @ log_total) - shapes @ log_sum
        by_p = customers @ (counts * (rising - psi(p * counts))) + x @ (log_total - log_sum)
        by_q = customers @ (rising - psi(q) + np.log(gamma)) - log_sum.sum()
        by_gamma = x.size * q / gamma - (shapes / (total + gamma)).sum()
        return float(value), np.array([by_p, by_q, by_gamma])

    bounds = SHAPE_BOUNDS, SHAPE_BOUNDS, FREE_BOUNDS
    return maximum_likelihood(log_likelihood, bounds, customers=x.size)
