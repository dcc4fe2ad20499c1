"""Maximum likelihood for the models of purchases and of spend, checked for convergence."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize

from features.errors import QuerenciaError

Floats = NDArray[np.float64]
LogLikelihood = Callable[[Floats], tuple[float, Floats]]
Bounds = tuple[tuple[float, float], ...]

SHAPE_BOUNDS = (-14.0, 6.0)
"""Log bounds of a shape: customers who differ by 5 %, as under a gamma or beta distribution of
shape exp(6), are as good as alike. Beyond it lies a plateau on which no optimiser settles."""

FREE_BOUNDS = (-14.0, 14.0)
"""Log bounds of any other parameter, the data being scaled to about 1."""

_ROUNDS = 5
_TOLERANCE = 1e-7

# Parameters are polished by their logarithms until the loss per customer is this even; a loss
# with less curvature has no minimum to speak of.
_STEEPEST, _FLAT, _STEP = 1e-8, 1e-5, 1e-4

# Near the bounds the slopes vanish: a start there may be stuck.
_SLOPED = 5.0


class ModelWarning(UserWarning):
    """A model was fitted, but an assumption it rests on fails; the message says what is done."""


def maximum_likelihood(
    log_likelihood: LogLikelihood,
    bounds: Bounds,
    *,
    customers: int,
    random_state: int = 0,
) -> list[float]:
    """The positive parameters under which the customers are likeliest.

    The maximum counts as found when neither a restart from it nor another start gains 1e-7 per
    customer.

    Args:
        log_likelihood: Its sum over the customers, and its derivatives, at given parameters.
        bounds: Of the logarithms of the parameters.
        customers: How many there are.
        random_state: Seed of the other starts.

    Raises:
        QuerenciaError: New starts go on finding better parameters.
    """
    rng = np.random.default_rng(random_state)

    def search(start: Floats) -> OptimizeResult:
        return _search(log_likelihood, start, bounds, customers)

    best = search(np.zeros(len(bounds)))
    for _ in range(_ROUNDS):
        rivals = search(best.x), search(rng.normal(size=len(bounds)))
        rival = min(rivals, key=lambda found: found.fun)
        if best.fun - rival.fun < _TOLERANCE:
            return [float(value) for value in np.exp(best.x)]
        best = rival
    raise QuerenciaError(
        f"A model of {customers} customers does not settle: each new start still finds parameters "
        "that fit better. Give it a longer history or more customers."
    )


def polished(
    log_likelihood: LogLikelihood,
    bounds: Bounds,
    *,
    customers: int,
    near: list[float],
    like: LogLikelihood,
) -> list[float]:
    """The likeliest parameters, where those of a sample are known: quicker than to search again.

    Args:
        log_likelihood: Its sum over the customers, and its derivatives, at given parameters.
        bounds: Of the logarithms of the parameters.
        customers: How many there are.
        near: The likeliest parameters of the sample.
        like: The log-likelihood of the sample, standing for that of all: its curvature is used.
    """
    start, lowest, highest = np.log(near), *np.transpose(bounds)
    curvature = _curvature(_loss(like, customers), start)
    if np.linalg.eigvalsh(curvature).min() > _FLAT:
        near_by = minimize(
            _loss(log_likelihood, customers),
            start,
            method="BFGS",
            jac=True,
            options={"hess_inv0": _inverse(curvature), "gtol": _STEEPEST, "maxiter": 50},
        )
        if near_by.success and ((near_by.x > lowest) & (near_by.x < highest)).all():
            return [float(value) for value in np.exp(near_by.x)]
    found = _search(log_likelihood, np.clip(start, -_SLOPED, _SLOPED), bounds, customers)
    return [float(value) for value in np.exp(found.x)]


def _curvature(loss: LogLikelihood, at: Floats) -> Floats:
    steps = _STEP * np.eye(at.size)
    rows = [(loss(at + step)[1] - loss(at - step)[1]) / (2 * _STEP) for step in steps]
    return (np.array(rows) + np.transpose(rows)) / 2


def _inverse(matrix: Floats) -> Floats:
    inverse = np.linalg.inv(matrix)
    return (inverse + inverse.T) / 2


def _loss(log_likelihood: LogLikelihood, customers: int) -> LogLikelihood:
    """Per customer, by the logarithms of the parameters."""

    def loss(log_params: Floats) -> tuple[float, Floats]:
        params = np.exp(log_params)
        value, slopes = log_likelihood(params)
        return -value / customers, -slopes * params / customers

    return loss


def _search(
    log_likelihood: LogLikelihood, start: Floats, bounds: Bounds, customers: int
) -> OptimizeResult:
    return minimize(
        _loss(log_likelihood, customers),
        start,
        method="L-BFGS-B",
        jac=True,
        bounds=bounds,
        options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 1000},
    )
