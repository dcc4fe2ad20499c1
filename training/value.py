"""Value: the expected discounted margin of a customer (CLV), from purchases and spend.

Purchases, spend and value are all proportional to the chance that the customer is still there. The
purchase process tells it by the rhythm alone. Where a better P(buys in H) is known, it is
`presence`: that divided by P(buys in H | still there), so that the expected spend is P(buys in H)
times E[spend | buys] under the process. It is above 1 for one who buys more surely than the process
holds possible.

References:
    Fader, Hardie & Lee (2005), RFM and CLV: Using iso-value curves for customer base analysis,
    Journal of Marketing Research 42(4).
"""

import math
from functools import lru_cache
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from training.btyd import PurchaseModel
from training.purchases.histories import Histories
from training.spend import SpendModel

Floats = NDArray[np.float64]

DAYS_PER_YEAR = 365.25

# 16 points are right to 1e-5 for a value horizon of 5 years, and to 1e-8 for one.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


class IfThere(NamedTuple):
    """What is expected of those who are customers now, each of shape (n,).

    Attributes:
        value: Discounted margin over the value horizon, in currency.
        purchases: Within the horizon, which they may still leave in.
        per_purchase: Spend, in currency.
    """

    value: Floats
    purchases: Floats
    per_purchase: Floats

    def expected_amounts(self, presence: Floats) -> dict[str, Floats]:
        """`purchases` (days) and `spend` (currency, not discounted) in the horizon."""
        purchases = presence * self.purchases
        return {"purchases": purchases, "spend": purchases * self.per_purchase}

    def value_at_stake(self, presence: Floats) -> Floats:
        """What is lost if they leave now, in currency; at least what they are worth."""
        return np.maximum(presence, 1) * self.value


class ValueModel:
    """What a customer is worth over the value horizon.

    Args:
        purchases: When they buy; fitted by `fit`.
        spend: What they pay per purchase; fitted by `fit`.
        margin_rate: Margin per unit of spend.
        discount_rate: Per year, continuously compounded.
        value_horizon_days: Days from the cut-off in which margin counts.
    """

    def __init__(
        self,
        purchases: PurchaseModel,
        spend: SpendModel,
        *,
        margin_rate: float,
        discount_rate: float,
        value_horizon_days: int,
    ) -> None:
        self.purchases = purchases
        self.spend = spend
        self.margin_rate = margin_rate
        self.discount_rate = discount_rate
        self.value_horizon_days = value_horizon_days

    def fit(
        self, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, monetary_value: ArrayLike
    ) -> Self:
        """Fit purchases and spend on the same customers: days, days, days and currency.

        Raises:
            QuerenciaError: Either of them cannot be fitted; the message says why.
        """
        self.purchases.fit(frequency, recency, T)
        self.spend.fit(frequency, monetary_value)
        return self

    def value(
        self,
        frequency: ArrayLike,
        recency: ArrayLike,
        T: ArrayLike,
        monetary_value: ArrayLike,
        *,
        presence: Floats | None = None,
    ) -> Floats:
        """Expected discounted margin over the value horizon in currency, survival included.

        With N(t) the purchases expected by t, it is margin_rate times the expected spend times the
        integral of exp(-delta t) dN(t) from 0 to the value horizon H. By parts that is
        exp(-delta H) N(H) plus the integral of delta exp(-delta t) N(t), taken by Gauss-Legendre.
        """
        histories = Histories.of(frequency, recency, T)
        of = self.if_there(self.value_horizon_days, histories, monetary_value)
        return self._there(presence, frequency, recency, T) * of.value

    def value_at_stake(
        self,
        frequency: ArrayLike,
        recency: ArrayLike,
        T: ArrayLike,
        monetary_value: ArrayLike,
        *,
        presence: Floats | None = None,
    ) -> Floats:
        """What is lost if they leave now, in currency: the value of one who is a customer now.

        It is value / P(alive), without dividing, and at least the value.
        """
        histories = Histories.of(frequency, recency, T)
        of = self.if_there(self.value_horizon_days, histories, monetary_value)
        return of.value_at_stake(self._there(presence, frequency, recency, T))

    def _there(
        self, presence: Floats | None, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
    ) -> Floats:
        return self.purchases.p_alive(frequency, recency, T) if presence is None else presence

    def if_there(
        self, horizon_days: float, histories: Histories, monetary_value: ArrayLike
    ) -> IfThere:
        """All that is in proportion to the chance of being there, at a chance of 1."""
        days, weights = _grid(self.value_horizon_days, self.discount_rate, horizon_days)
        discounted, purchases = self.purchases.weighed_purchases(days, weights, histories).T
        per_purchase = self.spend.expected_spend(histories.x, monetary_value)
        return IfThere(discounted * self.margin_rate * per_purchase, purchases, per_purchase)

    def expected_amounts(
        self,
        horizon_days: float,
        frequency: ArrayLike,
        recency: ArrayLike,
        T: ArrayLike,
        monetary_value: ArrayLike,
        *,
        presence: Floats | None = None,
    ) -> dict[str, Floats]:
        """Expected `purchases` (days) and `spend` (currency, not discounted) within the horizon."""
        of = self.if_there(horizon_days, Histories.of(frequency, recency, T), monetary_value)
        return of.expected_amounts(self._there(presence, frequency, recency, T))

    def to_dict(self) -> dict[str, Any]:
        """Everything that `from_dict` needs, ready for JSON."""
        return {
            "purchases": self.purchases.to_dict(),
            "spend": self.spend.to_dict(),
            "margin_rate": self.margin_rate,
            "discount_rate": self.discount_rate,
            "value_horizon_days": self.value_horizon_days,
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The fitted model that `to_dict` described."""
        return cls(
            PurchaseModel.from_dict(state["purchases"]),
            SpendModel.from_dict(state["spend"]),
            margin_rate=state["margin_rate"],
            discount_rate=state["discount_rate"],
            value_horizon_days=state["value_horizon_days"],
        )


@lru_cache(maxsize=16)
def _grid(value_horizon: float, discount_rate: float, horizon_days: float) -> tuple[Floats, Floats]:
    """Days by which to expect purchases, and the weights with which to add those up.

    The first sum is discounted over the value horizon, the second one that within the horizon.
    """
    delta = discount_rate / DAYS_PER_YEAR
    days = value_horizon * (_NODES + 1) / 2
    inner = value_horizon * _WEIGHTS / 2 * delta * np.exp(-delta * days)
    discounted = np.array([*inner, math.exp(-delta * value_horizon), 0])
    within = np.zeros_like(discounted)
    within[-1] = 1
    return np.array([*days, value_horizon, horizon_days]), np.stack([discounted, within], axis=1)
