"""How long contracts last: Kaplan and Meier's estimate, with those that go on counted as such."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import CensoredData, ecdf

from features.cutoffs import microseconds
from features.errors import QuerenciaError
from features.records import Records
from features.timeline import DAY, UNKNOWN

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Survival:
    """The share of contracts still going on, by days since the first purchase.

    Attributes:
        days: When contracts ended, ascending.
        share: Share that goes on beyond each of these days.
        low: Where that share lies with a confidence of 95 %: from here
        high: to here (Greenwood, on the scale of log -log).
        contracts: How many were looked at.
        ended: How many of them have ended.
    """

    days: Floats
    share: Floats
    low: Floats
    high: Floats
    contracts: int
    ended: int

    @property
    def median_days(self) -> float | None:
        """Days by which half have ended; None where more than half go on."""
        over = np.flatnonzero(self.share <= 0.5)
        return float(self.days[over[0]]) if over.size else None

    def table(self) -> dict[str, list[float]]:
        """The curve as columns, for JSON."""
        columns = {"days": self.days, "share": self.share, "low": self.low, "high": self.high}
        return {name: values.tolist() for name, values in columns.items()}


def durations(records: Iterable[Records], until: datetime) -> tuple[Floats, NDArray[np.bool_]]:
    """Days from each customer's first purchase to the end of the contract, or to an instant.

    Returns:
        The days, and whether the contract ended by then (else it is only known to have lasted).
    """
    (now,) = microseconds((until,))
    days, ended = [np.empty(0)], [np.empty(0, bool)]
    for group in records:
        if group.contract_ends is None:
            continue
        rows = group["transactions"]
        began = np.full(len(group.customers), now)
        np.minimum.at(began, rows.customer, rows.times)
        ends = np.where(group.contract_ends == UNKNOWN, np.iinfo(np.int64).max, group.contract_ends)
        lasted = (np.minimum(ends, now) - began) / DAY
        held = lasted > 0
        days.append(lasted[held])
        ended.append((ends <= now)[held])
    return np.concatenate(days), np.concatenate(ended)


def survival(days: Floats, ended: NDArray[np.bool_]) -> Survival:
    """Kaplan and Meier's estimate.

    Raises:
        QuerenciaError: where no contract has ended.
    """
    if not ended.any():
        raise QuerenciaError(
            f"None of {days.size:,} contracts has ended, so nothing tells how long they last. "
            "Check contract_ends_at in the table customers."
        )
    estimate = ecdf(CensoredData.right_censored(days, ~ended)).sf
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        # Where none goes on the formula has no interval: it is then from 0 to 1.
        warnings.simplefilter("ignore", RuntimeWarning)
        interval: Any = estimate.confidence_interval(method="log-log")
    at = np.isin(estimate.quantiles, days[ended])
    low, high = (end.probabilities[at] for end in (interval.low, interval.high))
    return Survival(
        estimate.quantiles[at],
        estimate.probabilities[at],
        np.nan_to_num(low, nan=0.0),
        np.nan_to_num(high, nan=1.0),
        days.size,
        int(ended.sum()),
    )
