"""What happened in the horizon after a cut-off: the truth that models are trained and judged on."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.purchases import PurchaseDays
from features.records import UNITS_PER_CURRENCY
from features.timeline import AsOf, Ints, Timeline, running_total

LABELS = ("churned", "purchase_days_ahead", "spend_ahead")
"""Column names: churn under the churn definition, purchase days, net spend in currency."""


def compute(rows: Timeline, cutoffs: Ints, horizon_days: int) -> dict[str, NDArray[Any]]:
    """Labels of every customer over [cut-off, cut-off + horizon): shape (customers, cut-offs).

    Refunds in the horizon count only against purchases made in it.

    Args:
        rows: Transactions with columns `amount` and `day`, as in `PurchaseDays`.
        cutoffs: Ascending cut-offs, microseconds.
        horizon_days: Length of the horizon in days.
    """
    known = AsOf(rows, cutoffs, (-horizon_days,))
    end = known.at(-horizon_days)
    first_purchase = np.minimum(_next(rows.columns["amount"] >= 0)[known.at()], end)
    amounts = running_total(rows.columns["amount"])
    return {
        "churned": first_purchase == end,
        "purchase_days_ahead": _purchase_days(rows, known, first_purchase, horizon_days),
        "spend_ahead": (amounts[end] - amounts[first_purchase]) / UNITS_PER_CURRENCY,
    }


def _purchase_days(rows: Timeline, known: AsOf, first_purchase: Ints, horizon_days: int) -> Ints:
    begins = PurchaseDays.of(rows).begins
    begun = known.total(running_total(begins), -horizon_days)
    # A cut-off between two purchases of one day leaves a purchase day on either side.
    halved = (first_purchase < known.at(-horizon_days)) & ~np.append(begins, True)[first_purchase]
    return np.asarray(begun + halved)


def _next(mask: NDArray[np.bool_]) -> Ints:
    """For each row, and the end, the first row at or after it where the mask holds."""
    size = len(mask)
    rows = np.append(np.where(mask, np.arange(size), size), size)
    return np.minimum.accumulate(rows[::-1])[::-1]
