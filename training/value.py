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
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from training.btyd import PurchaseModel
from training.spend import SpendModel

Floats = NDArray[np.float64]

DAYS_PER_YEAR = 365.25

RARE = 1e-12
"""A purchase is never less likely of one who is there."""

# 16 points are right to 1e-5 for a value horizon of 5 years, and to 1e-8 for one.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


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

    def presence(
        self,
        p_buys: ArrayLike,
        horizon_days: float,
        frequency: ArrayLike,
        recency: ArrayLike,
        T: ArrayLike,
    ) -> Floats:
        """The chance of still being there that a P(buys within the horizon) amounts to."""
        if_there = self.purchases.p_purchase_if_alive(horizon_days, frequency, recency, T)
        return np.asarray(p_buys) / np.maximum(if_there, RARE)

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
        there = self._there(presence, frequency, recency, T)
        return there * self._value_if_there(frequency, recency, T, monetary_value)

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
        there = self._there(presence, frequency, recency, T)
        return np.maximum(there, 1) * self._value_if_there(frequency, recency, T, monetary_value)

    def _there(
        self, presence: Floats | None, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
    ) -> Floats:
        return self.purchases.p_alive(frequency, recency, T) if presence is None else presence

    def _value_if_there(
        self, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, monetary_value: ArrayLike
    ) -> Floats:
        purchases: Floats = np.zeros(1)
        for end, weight in self._grid():
            expected = self.purchases.purchases_if_alive(end, frequency, recency, T)
            purchases = purchases + weight * expected
        return purchases * self.margin_rate * self.spend.expected_spend(frequency, monetary_value)

    def _grid(self) -> list[tuple[float, float]]:
        """Days by which to expect purchases, and the weights with which to add those up."""
        horizon, delta = self.value_horizon_days, self.discount_rate / DAYS_PER_YEAR
        days = horizon * (_NODES + 1) / 2
        weights = horizon * _WEIGHTS / 2 * delta * np.exp(-delta * days)
        end = horizon, math.exp(-delta * horizon)
        return [*zip(days.tolist(), weights.tolist(), strict=True), end]

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
        if_there = self.purchases.purchases_if_alive(horizon_days, frequency, recency, T)
        purchases = self._there(presence, frequency, recency, T) * if_there
        per_purchase = self.spend.expected_spend(frequency, monetary_value)
        return {"purchases": purchases, "spend": purchases * per_purchase}

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
