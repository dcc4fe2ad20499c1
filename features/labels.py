"""What happened in the horizon after a cut-off: the truth that models are trained and judged on."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from typing import get_args

import numpy as np

from features.asof import AsOf, Pairs, ratio
from features.family import Look
from features.offers import CONTROL
from features.provenance import ChurnDefinition
from features.purchases import Purchases, begins
from features.records import UNITS
from features.timeline import DAY, FOREVER, UNKNOWN, Floats, Ints, Mask, running_total

AMOUNTS = ("purchase_days_ahead", "spend_ahead", "margin_ahead")
_NATS = 10**12
"""Logarithms are added up as integers of this fraction, so that sums are equal in any order."""

CHURNED = {definition: f"churned_{definition}" for definition in get_args(ChurnDefinition)}
OFFERS = ("offered_ahead", "held_out_propensity")
LABELS = ("churned", *CHURNED.values(), *AMOUNTS, *OFFERS)
"""Column names: churn under the definition chosen and under each, then purchase days, net spend and
margin in currency, whether an offer was made, and the chance that those held out had of being so.
All are NaN where the horizon has not closed, or a definition has no say."""


@dataclass(frozen=True)
class Horizon:
    """How outcomes are judged.

    Attributes:
        days: Length of the horizon.
        rhythm_factor: Churn by rhythm: the silence at the end of the horizon is longer than this
            many of the customer's own long gaps.
        decline_share: Churn by decline: spend falls under this share of the own past pace.
    """

    days: int
    rhythm_factor: float
    decline_share: float


def compute(
    look: Look, horizon: Horizon, contract_ends: Ints | None = None
) -> Mapping[str, Floats]:
    """Outcomes over [cut-off, cut-off + horizon), each of shape (pairs,).

    Args:
        look: All that is known in the end; and of whom, as of when, to tell.
        horizon: How outcomes are judged.
        contract_ends: Instant each customer's contract ends, microseconds, `UNKNOWN` where it
            goes on: shape (customers,).
    """
    ahead, before = _Ahead(look, horizon.days), Purchases(look)
    inactive = ahead.inactive()
    return {
        CHURNED["inactivity"]: inactive.astype(float),
        CHURNED["rhythm"]: _rhythm(inactive, before, horizon),
        CHURNED["contract"]: _contract(look.pairs, horizon.days, contract_ends, inactive),
        CHURNED["decline"]: _decline(ahead, before, horizon),
        "purchase_days_ahead": ahead.purchase_days().astype(float),
        "spend_ahead": ahead.total("amount"),
        "margin_ahead": ahead.total("margin"),
        **_offers(look, horizon.days),
    }


class _Ahead:
    """Purchases in the horizon; refunds count only against purchases made in it."""

    def __init__(self, look: Look, days: int) -> None:
        self._rows = look.records["transactions"]
        self._begins = begins(self._rows)
        self._days = days
        self._known = AsOf(self._rows, look.pairs, (-days,))
        self._end = self._known.at(-days)
        purchases = self._rows.columns["amount"] >= 0
        self._first = np.minimum(_next(purchases)[self._known.at()], self._end)

    def purchase_days(self) -> Ints:
        begun = self._known.sum(self._begins, -self._days)
        # A cut-off between two purchases of one day leaves a purchase day on either side.
        halved = ~self.inactive() & ~np.append(self._begins, True)[self._first]
        return np.asarray(begun + halved)

    def inactive(self) -> Mask:
        """Whether there is no purchase."""
        return np.equal(self._first, self._end)

    def total(self, column: str) -> Floats:
        """Sum of an amount from the first purchase in the horizon on; NaN if it isn't recorded."""
        if column not in self._rows.columns:
            return np.full(self._end.shape, np.nan)
        known = self._rows.known(column)
        totals = running_total(np.where(known, self._rows.columns[column], 0))
        return np.asarray((totals[self._end] - totals[self._first]) / UNITS)


def _next(mask: Mask) -> Ints:
    """For each row, and the end, the first row at or after it where the mask holds."""
    size = len(mask)
    rows = np.append(np.where(mask, np.arange(size), size), size)
    return np.minimum.accumulate(rows[::-1])[::-1]


def _rhythm(inactive: Mask, before: Purchases, horizon: Horizon) -> Floats:
    """Inactive, and silent at the end for longer than the own gaps make plausible.

    One-time buyers have no rhythm: for them it is inactivity.
    """
    silent = before.silence() + horizon.days > horizon.rhythm_factor * before.long_gap()
    return np.where(inactive & (silent | (before.frequency() == 0)), 1.0, 0.0)


def _decline(ahead: _Ahead, before: Purchases, horizon: Horizon) -> Floats:
    """Spend in the horizon under a share of the own past pace; NaN without positive past spend."""
    pace = before.spend() * ratio(np.full_like(before.T(), horizon.days), before.T() + 1)
    fell = ahead.total("amount") < horizon.decline_share * pace
    return np.where(pace > 0, fell, np.nan)


def _offers(look: Look, days: int) -> dict[str, Floats]:
    """Whether an offer was made, and the product of the propensities of being held out."""
    decided = look.records.tables.get("offers")
    if decided is None:
        return dict.fromkeys(OFFERS, np.full(len(look.pairs), nan))
    ahead = AsOf(decided, look.pairs, (-days,))
    held_out = decided.says("arm", CONTROL)
    chance = np.where(held_out & decided.known("propensity"), decided.column("propensity"), UNITS)
    surprise = np.round(-np.log(chance / UNITS) * _NATS).astype(np.int64)
    return {
        "offered_ahead": (ahead.sum(~held_out, -days) > 0).astype(float),
        "held_out_propensity": np.exp(-ahead.sum(surprise, -days) / _NATS),
    }


def ended(contract_ends: Ints | None, instants: Ints) -> Mask:
    """Whether each customer's contract had ended before each instant, shape (customers, k)."""
    if contract_ends is None:
        return np.zeros((1, len(instants)), dtype=bool)
    end = contract_ends[:, None]
    return np.not_equal(end, UNKNOWN) & np.less(end, instants)


def _contract(pairs: Pairs, days: int, ends: Ints | None, like: Mask) -> Floats:
    """The contract ends within the horizon; NaN where it ended before, or nothing is known."""
    if ends is None:
        return np.full(like.shape, np.nan)
    end = np.where(ends == UNKNOWN, FOREVER, ends)[pairs.customer]
    return np.where(end < pairs.instants, np.nan, end < pairs.instants + days * DAY)
