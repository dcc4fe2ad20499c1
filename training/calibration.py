"""Corrections of a probability: learned on one period, for a later one."""

from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize
from scipy.special import expit, logit

Floats = NDArray[np.float64]

_SURE = 1e-9
"""Probabilities are kept this far from 0 and 1, so that their logarithms exist."""

_FAR = 10.0
"""Log-odds beyond which no base rate is shifted."""


@dataclass(frozen=True)
class Correction:
    """Beta calibration: log-odds of a ln p - b ln(1 - p) + c; rising, for a and b are not negative.

    a = b = 1 shifts the base rate by c log-odds, and c = 0 then changes nothing.

    References:
        Kull, Silva Filho & Flach 2017, "Beta calibration: a well-founded and easily implemented
        improvement on logistic calibration for binary classifiers".
    """

    a: float = 1.0
    b: float = 1.0
    c: float = 0.0

    @classmethod
    def shift(cls, y_true: Floats, y_prob: Floats) -> Self:
        """What makes the mean probability the rate observed: the drift of the base rate."""
        log_odds = logit(clipped(y_prob))

        def excess(c: float) -> float:
            return float(expit(log_odds + c).mean() - y_true.mean())

        if excess(-_FAR) >= 0 or excess(_FAR) <= 0:
            return cls()  # no shift does: everybody has one outcome
        return cls(c=float(brentq(excess, -_FAR, _FAR)))

    @classmethod
    def beta(cls, y_true: Floats, y_prob: Floats) -> Self:
        """The most likely a, b and c."""
        p = clipped(y_prob)
        columns = np.stack([np.log(p), -np.log1p(-p), np.ones_like(p)])

        def loss(params: Floats) -> tuple[float, Floats]:
            log_odds = params @ columns
            value = np.logaddexp(0, log_odds) - y_true * log_odds
            return float(value.mean()), columns @ (expit(log_odds) - y_true) / p.size

        bounds = [(0, None), (0, None), (-_FAR, _FAR)]
        found = minimize(loss, [1.0, 1.0, 0.0], jac=True, bounds=bounds, method="L-BFGS-B")
        return cls(*found.x.tolist())

    def __call__(self, y_prob: Floats) -> Floats:
        """The probabilities corrected, in the same order; as they are where nothing is changed."""
        if self == UNCHANGED:
            return y_prob
        p = clipped(y_prob)
        return np.asarray(expit(self.a * np.log(p) - self.b * np.log1p(-p) + self.c))

    def to_dict(self) -> dict[str, float]:
        """The parameters, for JSON."""
        return asdict(self)


UNCHANGED = Correction()
"""No correction."""


def clipped(y_prob: Floats) -> Floats:
    """Probabilities whose logarithms exist."""
    return np.clip(y_prob, _SURE, 1 - _SURE)


def log_losses(y_true: Floats, y_prob: Floats) -> Floats:
    """-log of the probability given to what happened, of each customer."""
    p = clipped(y_prob)
    return np.asarray(-np.where(y_true == 1, np.log(p), np.log1p(-p)))
