"""Expected profit: what an offer brings beyond its cost, customer by customer."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from serving.catalogue import Offer
from training.effects import Saved
from training.scoring import PRIOR

Floats = NDArray[np.float64]

LOW = 0.1
"""The lower bound of a profit is its quantile of this level."""


@dataclass(frozen=True)
class Profit:
    """What an offer is expected to bring with each customer, in currency: all of shape (n,).

    Attributes:
        expected: Beyond its cost.
        low: The same, if the offer does as little as it does one time in ten, as far as is known.
            That is all it covers: not the errors of risk and value, nor the luck of one customer.
            Offers do little or much everywhere at once, so the bounds of many customers add up.
        saved: The risk it is expected to take away, in points.
        cost: What it is expected to cost.
        ceiling: The most it could cost without a loss.
        allowed: Whether it is within its share of the margin.
    """

    expected: Floats
    low: Floats
    saved: Floats
    cost: Floats
    ceiling: Floats
    allowed: NDArray[np.bool_]


def presence(scores: pd.DataFrame) -> Floats:
    """The chance that each customer is still there, which the value counts and the stake does not.

    The risk of a regular who fell silent long ago is near 1, and so is the chance that they are
    gone: of these nothing can be kept.
    """
    value, at_stake = (scores[name].to_numpy(float) for name in ("value", "value_at_stake"))
    return np.asarray(np.divide(value, at_stake, out=np.ones_like(value), where=at_stake > 0))


def saved(scores: pd.DataFrame, offer: str) -> Saved:
    """What the scores say that an offer does; one not tried yet does what the prior says."""
    column = f"saved_{offer}"
    column = column if column in scores else f"saved_{PRIOR}"
    return Saved(scores[column].to_numpy(float), scores[f"{column}_sd"].to_numpy(float))


def expected_profit(offer: Offer, saved: Saved, risk: Floats, value_at_stake: Floats) -> Profit:
    """What an offer brings with each customer.

    With s the risk it takes away and V the value at stake, s V is what is kept. The fixed cost
    falls on everyone contacted; what redemption costs, R, on the share r of all who stay, most of
    whom would have stayed without it. So the profit is s V - fixed - r (1 - risk + s) R: value
    given that the customer stays, never that of a mean customer, never times survival.

    Args:
        offer: It.
        saved: What it does.
        risk: P(churn) without the offer: shape (n,).
        value_at_stake: Discounted margin of each customer who stays, currency: shape (n,).
    """
    redemption = offer.redemption_cost + offer.share_of_value * value_at_stake
    stays = np.clip(1 - risk + saved.mean, 0, 1)
    cost = offer.fixed_cost + offer.redemption_rate * stays * redemption
    kept = saved.mean * value_at_stake
    per_point = value_at_stake - offer.redemption_rate * redemption
    doubt = float(stats.norm.ppf(1 - LOW)) * saved.sd * np.abs(per_point)
    return Profit(
        expected=kept - cost,
        low=kept - cost - doubt,
        saved=saved.mean,
        cost=cost,
        ceiling=np.maximum(kept, 0),
        allowed=offer.fixed_cost + redemption <= offer.max_margin_share * value_at_stake,
    )
