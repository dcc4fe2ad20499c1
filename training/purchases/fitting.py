"""Which parameters a process has, and which process fits."""

from typing import Literal

import numpy as np

from training._likelihood import LogLikelihood, maximum_likelihood, polished
from training.purchases.beta_geometric import BetaGeometric, ModifiedBetaGeometric
from training.purchases.histories import Histories
from training.purchases.pareto_nbd import ParetoNBD
from training.purchases.process import Process
from training.purchases.regular import RegularBetaGeometric

Kind = Literal["pareto_nbd", "bg_nbd", "mbg_nbd", "mbg_cnbd_k"]

PROCESSES: dict[Kind, type[Process]] = {
    "pareto_nbd": ParetoNBD,
    "bg_nbd": BetaGeometric,
    "mbg_nbd": ModifiedBetaGeometric,
    "mbg_cnbd_k": RegularBetaGeometric,
}

# Distinct histories on which the starts are tried where there are more.
_SAMPLE = 2_500

# Stages of a wait: customers with as many buy by the clock.
_STAGES = 12


def fit(kind: Kind, rows: Histories, *, random_state: int) -> Process:
    """The likeliest process of a kind; distinct histories are quicker.

    Raises:
        QuerenciaError: No maximum was found.
    """
    if kind == "mbg_cnbd_k":
        return _fit_regular(rows, random_state=random_state)
    return _fit(PROCESSES[kind], rows, random_state=random_state)


def _fit_regular(rows: Histories, *, random_state: int) -> Process:
    """One more stage for as long as it gains."""
    best = _fit(RegularBetaGeometric, rows, random_state=random_state, k=1)
    for k in range(2, _STAGES + 1):
        rival = _fit(RegularBetaGeometric, rows, random_state=random_state, k=k)
        if rival.log_likelihood(rows) <= best.log_likelihood(rows):
            break
        best = rival
    return best


def _fit(process: type[Process], rows: Histories, *, random_state: int, **given: int) -> Process:
    longest = float(rows.T.max())
    rows = rows.scaled(longest)
    few = rows
    if rows.x.size > 2 * _SAMPLE:
        few = rows.sample(_SAMPLE, np.random.default_rng(random_state))

    def likelihood(of: Histories) -> LogLikelihood:
        return lambda params: process(*params, **given).score(of)

    customers, of_few = rows.customers, likelihood(few)
    found = maximum_likelihood(
        of_few, process.bounds, customers=customers, random_state=random_state
    )
    if few is not rows:
        found = polished(
            likelihood(rows), process.bounds, customers=customers, near=found, like=of_few
        )
    return process(*found, **given).in_days(longest)
