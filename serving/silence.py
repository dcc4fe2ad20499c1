"""The purchase process of a few histories: how long they stay silent, and what they buy.

`training.purchases` shares its work between the histories of many customers, which costs more than
it saves for one. The formulas are the same.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.btyd import PurchaseModel
from training.purchases.fitting import PROCESSES
from training.purchases.histories import Histories
from training.purchases.pareto_nbd import ParetoNBD
from training.purchases.process import Process
from training.purchases.regular import RegularBetaGeometric

Floats = NDArray[np.float64]

LIMIT_DAYS = 730
"""A next purchase is told within so many days, as `PurchaseModel.next_purchase_days` does."""

_COARSE = 28.0


class Silence:
    """The purchase process of a model, for a few histories at a time."""

    def __init__(self, purchases: PurchaseModel) -> None:
        self.process: Process = PROCESSES[purchases.kind_](**purchases.params_)

    def p_silent(self, days: float, h: Histories) -> tuple[Floats, Floats]:
        """P(no purchase within so many days): of each, and of each who is a customer now.

        Both of shape (n,); together they cost little more than one.
        """
        if not isinstance(self.process, ParetoNBD):
            spans = np.full_like(h.T, days)
            return self.process.p_silent(days, h), self.process.p_silent_if_alive(spans, h)
        just_bought = replace(h, t_x=h.T)
        joined = _joined(h, h.later(days), just_bought.later(days))
        now, later, if_alive = np.split(self._log_silent(joined), 3)
        alive = self.process.alive(h)[0]
        return np.exp(np.minimum(later - now, 0)), np.exp(if_alive - alive)

    def p_alive(self, h: Histories) -> Floats:
        """P(still a customer), shape (n,)."""
        return np.exp(np.minimum(self.process.alive(h)[0] - self._log_silent(h), 0))

    def p_silent_if_alive(self, days: Floats, h: Histories) -> Floats:
        """P(no purchase within each of m spans) of those who are customers now, shape (n, m)."""
        many = _repeated(h, days.shape[-1])
        spans = np.broadcast_to(days, (h.x.size, days.shape[-1])).ravel()
        silent = self._p_silent_if_alive(spans, many)
        return silent.reshape(h.x.size, -1)

    def purchases_if_alive(self, days: Floats, h: Histories) -> Floats:
        """Mean number of purchases within each of m spans of those who are there, (n, m)."""
        if isinstance(self.process, RegularBetaGeometric):  # it takes one span at a time
            each = [self.process.purchases_if_alive(float(span), h) for span in days]
            return np.stack(each, axis=1)
        spans = np.tile(days, h.x.size)
        bought = self.process.purchases_if_alive(spans, _repeated(h, days.size))  # type: ignore[arg-type]
        return np.asarray(bought).reshape(h.x.size, -1)

    def next_purchase_days(self, quantiles: Floats, h: Histories) -> Floats:
        """Whole days by which one who is a customer now has bought, with each chance, (n, m).

        NaN where it takes more than `LIMIT_DAYS`.
        """
        coarse = np.append(np.arange(_COARSE, LIMIT_DAYS, _COARSE), LIMIT_DAYS)
        silent = self.p_silent_if_alive(coarse, h)
        passed = (silent[:, None, :] > 1 - quantiles[:, None]).sum(axis=2)
        fine = passed[:, :, None] * _COARSE + np.arange(1, _COARSE)
        many = self.p_silent_if_alive(fine.reshape(h.x.size, -1), h).reshape(fine.shape)
        days = passed * _COARSE + 1 + (many > 1 - quantiles[:, None]).sum(axis=2)
        return np.where(days > LIMIT_DAYS, np.nan, days)

    def _p_silent_if_alive(self, days: Floats, h: Histories) -> Floats:
        if not isinstance(self.process, ParetoNBD):
            return self.process.p_silent_if_alive(days, h)
        now = replace(h, t_x=h.T)
        return np.exp(self._log_silent(now.later(days)) - self.process.alive(h)[0])

    def _log_silent(self, h: Histories) -> Floats:
        if not isinstance(self.process, ParetoNBD):
            return self.process.log_silent(h)
        return np.logaddexp(self.process.alive(h)[0], _log_dead(self.process, h))


def _log_dead(process: ParetoNBD, h: Histories) -> Floats:
    """What `ParetoNBD.dead` says, each history by an integral of its own."""
    total = np.zeros(h.x.size)
    for rows, _, share in process._departures(h.x, h.t_x, h.T - h.t_x):
        total[rows] = share.sum(axis=0)
    with np.errstate(divide="ignore"):  # nobody has had time to leave when recency is T
        return np.asarray(np.log(process.s) + process._log_density(h.x, h.t_x) + np.log(total))


def _repeated(h: Histories, times: int) -> Histories:
    return Histories(*(np.repeat(each, times) for each in (h.x, h.t_x, h.T, h.counts)))


def _joined(*parts: Histories) -> Histories:
    return Histories(
        *(np.concatenate([getattr(h, name) for h in parts]) for name in ("x", "t_x", "T", "counts"))
    )
