"""Maximum likelihood for the models of purchases and of spend, checked for convergence."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize

from features.errors import QuerenciaError

Floats = NDArray[np.float64]

SHAPE_BOUNDS = (-14.0, 6.0)
"""Log bounds of a shape: customers who differ by 5 %, as under a gamma or beta distribution of
shape exp(6), are as good as alike. Beyond it lies a plateau on which no optimiser settles."""

FREE_BOUNDS = (-14.0, 14.0)
"""Log bounds of any other parameter, the data being scaled to about 1."""

_ROUNDS = 5
_TOLERANCE = 1e-7


def maximum_likelihood(
    log_likelihood: Callable[[Floats], tuple[float, Floats]],
    bounds: tuple[tuple[float, float], ...],
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

    def loss(log_params: Floats) -> tuple[float, Floats]:
        params = np.exp(log_params)
        value, slopes = log_likelihood(params)
        return -value / customers, -slopes * params / customers

    def search(start: Floats) -> OptimizeResult:
        return minimize(
            loss,
            start,
            method="L-BFGS-B",
            jac=True,
            bounds=bounds,
            options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 1000},
        )

    rng = np.random.default_rng(random_state)
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
