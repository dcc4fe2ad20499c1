"""Purchases: the buy-till-you-die models Pareto/NBD, BG/NBD, MBG/NBD and MBG/CNBD-k.

A customer buys at a rate of their own until they silently leave. A history is `frequency` (repeat
purchase days), `recency` (age in days at the last of them, 0 without any) and `T` (age in days at
the cut-off). The formulas work in log space, so a thousand purchases stay finite where those of
`lifetimes` overflow; `PurchaseModel.fitter_` hands the parameters back as a `lifetimes` fitter.
The processes themselves are in `training.purchases`.

References:
    Schmittlein, Morrison & Colombo (1987), Counting your customers, Management Science 33(1).
    Fader, Hardie & Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2).
    Batislam, Denizel & Filiztekin (2007), Empirical validation and comparison of models for
    customer base analysis, International Journal of Research in Marketing 24(3).
    Platzer & Reutterer (2016), Ticking away the moments: timing regularity helps to better predict
    customer activity, Marketing Science 35(5).
"""

import math
import warnings
from dataclasses import asdict
from functools import lru_cache, partial
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from features.errors import QuerenciaError
from training._lifetimes import ConvergenceError, carrying
from training._likelihood import ModelWarning
from training.purchases import fitting
from training.purchases.fitting import PROCESSES, Kind
from training.purchases.histories import Floats, Histories
from training.purchases.process import Process, Silence

Engine = Literal["exact", "lifetimes"]

LIMIT_DAYS = 730
"""A next purchase is told within so many days."""

# With fewer repeat buyers gone, the data do not tell leaving from not leaving.
_LEAVERS = 0.005


class PurchaseModel:
    """When customers buy again, and whether: one buy-till-you-die model.

    Args:
        kind: `pareto_nbd`, `bg_nbd`, `mbg_nbd`, `mbg_cnbd_k`, or `best`: of these the one with the
            least BIC.
        engine: `exact`, or `lifetimes` to fit with its own optimiser; all else is the same.
        random_state: Seed of the other starts from which a fit is checked.

    Attributes:
        kind_: The kind that was fitted.
        params_: r, alpha, s, beta (Pareto/NBD) or r, alpha, a, b, and k of MBG/CNBD-k; alpha and
            beta in days.
        log_likelihood_: The sum over the customers fitted, time in days. In weeks it is larger by
            log(7) per repeat purchase.
        bics_: The BIC of each kind that was tried; less is better.
    """

    kind_: Kind
    params_: dict[str, float]
    log_likelihood_: float
    bics_: dict[Kind, float]

    def __init__(
        self,
        kind: Kind | Literal["best"] = "pareto_nbd",
        *,
        engine: Engine = "exact",
        random_state: int = 0,
    ) -> None:
        self.kind = kind
        self.engine = engine
        self.random_state = random_state

    def fit(self, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Self:
        """Maximise the likelihood, from several starts until none gains any more.

        Args:
            frequency: Repeat purchase days, shape (n,).
            recency: Age in days at the last purchase, shape (n,).
            T: Age in days at the cut-off, shape (n,).

        Raises:
            QuerenciaError: A history is impossible, nobody bought twice, or no maximum was found.

        Warns:
            ModelWarning: Next to nobody is found to have left.
        """
        return self.fit_histories(Histories.of(frequency, recency, T))

    def fit_histories(self, customers: Histories) -> Self:
        """`fit` to histories that customers may share."""
        if not customers.x.any():
            raise QuerenciaError(
                f"None of {customers.customers} customers bought on a second day, so nothing tells "
                "how often they buy. Use a longer history or a later cut-off."
            )
        rows, _ = customers.distinct()
        kinds = tuple(PROCESSES) if self.kind == "best" else (self.kind,)
        found = {kind: self._fit(kind, rows) for kind in kinds}
        values = {kind: process.log_likelihood(rows) for kind, process in found.items()}
        cost = math.log(rows.customers)
        self.bics_ = {k: cost * len(asdict(found[k])) - 2 * v for k, v in values.items()}
        self.kind_ = min(self.bics_, key=self.bics_.__getitem__)
        self.params_ = asdict(found[self.kind_])
        self.log_likelihood_ = values[self.kind_]
        _warn_of_no_leavers(found[self.kind_], rows)
        return self

    def _fit(self, kind: Kind, rows: Histories) -> Process:
        if self.engine == "exact":
            return fitting.fit(kind, rows, random_state=self.random_state)
        fitter = _fitter(kind)
        try:
            fitter.fit(rows.x, rows.t_x, rows.T, rows.counts)
        except ConvergenceError as error:
            raise QuerenciaError(
                f"lifetimes finds no maximum for {rows.customers} customers. Fit with the engine "
                "`exact`."
            ) from error
        return PROCESSES[kind](**fitter.params_)

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
        return self.silence(horizon_days, Histories.of(frequency, recency, T)).chance

    def silence(self, horizon_days: float, histories: Histories) -> Silence:
        """The risk, and what it is made of."""
        return self._process.silence(horizon_days, histories)

    def p_purchase_if_alive(
        self,
        horizon_days: float,
        frequency: ArrayLike,
        recency: ArrayLike,
        T: ArrayLike,
    ) -> Floats:
        """P(a purchase within the horizon) of one who is a customer now, shape (n,).

        Times P(alive), it is the complement of the risk.
        """
        return 1 - self._process.silent_if_alive(horizon_days, Histories.of(frequency, recency, T))

    def p_alive(self, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Floats:
        """P(still a customer at the cut-off), shape (n,).

        Under BG/NBD it is 1 for everyone with frequency 0: an artefact of the model, which lets
        customers leave only after a repeat purchase, and no good news.
        """
        return self._process.p_alive(Histories.of(frequency, recency, T))

    def expected_purchases(
        self,
        horizon_days: float,
        frequency: ArrayLike,
        recency: ArrayLike,
        T: ArrayLike,
    ) -> Floats:
        """Mean number of purchases within the horizon, survival included, shape (n,)."""
        h = Histories.of(frequency, recency, T)
        return self._process.p_alive(h) * self._purchases_if_alive(horizon_days, h)

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
        return self._purchases_if_alive(horizon_days, Histories.of(frequency, recency, T))

    def _purchases_if_alive(self, days: float, h: Histories) -> Floats:
        process = self._process
        return h.each(partial(process.purchases_if_alive, days), process.rhythm)

    def weighed_purchases(self, days: Floats, weights: Floats, histories: Histories) -> Floats:
        """Mean purchases of one who is a customer now by each of m days, added up by weights.

        Args:
            days: From the cut-off, shape (m,).
            weights: Shape (m, sums).
            histories: Of n customers.

        Returns:
            Shape (n, sums).
        """
        process = self._process

        def weighed(h: Histories) -> Floats:
            return process.purchases_by(days, h) @ weights

        return histories.each(weighed, process.rhythm)

    def next_purchase_days(self, histories: Histories, *, chances: Floats) -> Floats:
        """Whole days from the cut-off by which one who is a customer now has bought.

        Args:
            histories: Of n customers.
            chances: The probabilities with which they have, shape (m,); .5 gives the median.

        Returns:
            Shape (n, m); NaN where it takes longer than `LIMIT_DAYS`, or where they leave first
            more often than that.
        """
        process = self._process

        def waits(h: Histories) -> Floats:
            return process.next_purchase_days(chances, h)

        days = histories.each(waits, process.rhythm)
        return np.where(days > LIMIT_DAYS, np.nan, days)

    @property
    def fitter_(self) -> Any:
        """The `lifetimes` fitter with these parameters (in days), for all else it can do.

        Raises:
            QuerenciaError: It has no such model.
        """
        return carrying(_fitter(self.kind_), self.params_)

    @property
    def _process(self) -> Process:
        return _process(self.kind_, **self.params_)

    def to_dict(self) -> dict[str, Any]:
        """Everything that `from_dict` needs, ready for JSON."""
        return {
            "kind": self.kind_,
            "random_state": self.random_state,
            "params": self.params_,
            "log_likelihood": self.log_likelihood_,
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The fitted model that `to_dict` described."""
        model = cls(state["kind"], random_state=state["random_state"])
        model.kind_ = state["kind"]
        model.params_ = dict(state["params"])
        model.log_likelihood_ = state["log_likelihood"]
        return model


@lru_cache(maxsize=16)
def _process(kind: Kind, **params: float) -> Process:
    return PROCESSES[kind](**params)


def _fitter(kind: Kind) -> Any:
    fitter = PROCESSES[kind].fitter
    if fitter is None:
        raise QuerenciaError(f"lifetimes has no model {kind}: use the engine `exact`.")
    return fitter()


def _warn_of_no_leavers(process: Process, rows: Histories) -> None:
    buyers = rows.rows(np.flatnonzero(rows.x > 0))
    left = float(np.average(1 - process.p_alive(buyers), weights=buyers.counts))
    if left < _LEAVERS:
        warnings.warn(
            f"P(alive) of {buyers.customers} repeat buyers is {1 - left:.4f} on average: these "
            "histories do not tell whether anybody leaves, for hardly anyone is long silent "
            "against the gaps before. Do not read P(alive): purchases and value count nobody as "
            "lost. Use a longer history, or `mbg_cnbd_k`, to which regular waits tell more.",
            ModelWarning,
            stacklevel=3,
        )
