"""Campaigns: whom an offer is made, and from whom it is withheld."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.company.arrays import Bools, Floats, Ints, Strings
from features.company.effects import OFFERS
from features.company.window import ids
from features.errors import QuerenciaError
from features.offers import CONTROL

STEP = 5
"""Days between updates of the hazard, and between days on which a campaign can be decided."""


@dataclass(frozen=True)
class Campaign:
    """Offers made and withheld on one day.

    Attributes:
        day: When it is decided, days since the start, a multiple of `STEP`.
        customer_ids: Those contacted and those held out, shape (n,).
        arm: What each gets: one of `OFFERS`, or "control", shape (n,).
        propensity: The chance each had of that arm, shape (n,).
    """

    day: int
    customer_ids: Strings
    arm: Strings
    propensity: Floats

    @property
    def customers(self) -> Ints:
        """Place of each of them in the table of customers."""
        numbers = pd.Series(self.customer_ids, dtype=str).str[4:]
        return np.asarray(numbers, dtype=np.intp) - 1


NOBODY = Campaign(0, np.empty(0, object), np.empty(0, object), np.empty(0))
"""A campaign without customers."""


def at_random(day: int, customers: Ints, *, share: float, is_offered: Bools) -> Campaign:
    """A voucher for each of these customers with the same chance, `share`."""
    return Campaign(
        day,
        ids("customers", customers),
        np.where(is_offered, "voucher", CONTROL).astype(object),
        np.where(is_offered, share, 1 - share).round(9),
    )


def require_possible(campaigns: Sequence[Campaign], customers: int) -> None:
    """Refuse what the company cannot do.

    Raises:
        QuerenciaError: naming the campaign, and what is wrong with it.
    """
    for campaign in campaigns:
        unknown = {*campaign.arm} - {CONTROL, *OFFERS}
        if campaign.day % STEP or unknown or np.any(campaign.customers >= customers):
            raise QuerenciaError(
                f"The campaign of day {campaign.day} cannot be: days are multiples of {STEP}, "
                f"arms are {CONTROL}, {', '.join(OFFERS)}, and there are {customers:,} customers."
            )
