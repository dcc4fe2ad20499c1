"""Risk and value brought together: what is expected of each row of a snapshot."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from features.provenance import Provenance
from features.snapshot import Snapshot
from training.btyd import PurchaseModel
from training.buyers import BuyersSpend
from training.churn import RhythmRisk, silence
from training.purchases.histories import Histories
from training.purchases.process import Silence
from training.rows import Known, Rows
from training.settings import TrainingSettings
from training.spend import SpendModel
from training.value import IfThere, ValueModel

Floats = NDArray[np.float64]

_RARE = 1e-12
"""A purchase is never less likely of one who is there."""


def fit_value(
    present: Snapshot,
    settings: TrainingSettings,
    *,
    margin_rate: float = 1.0,
    histories: Histories | None = None,
) -> ValueModel:
    """When customers buy and what they pay, as known at the cut-off of these rows.

    Args:
        present: The rows.
        settings: How.
        margin_rate: What the company keeps of its net sales.
        histories: Of more customers than these, to learn from when they buy.

    Raises:
        QuerenciaError: where one of the two cannot be fitted.
    """
    money = settings.money
    value = ValueModel(
        PurchaseModel(settings.purchases, random_state=settings.random_state),
        SpendModel(),
        margin_rate=margin_rate,
        discount_rate=money.discount_rate,
        value_horizon_days=money.value_horizon_days,
    )
    value.purchases.fit_histories(histories or Histories.of(*present.history))
    value.spend.fit(present.columns["frequency"], present.columns["monetary_value"])
    return value


def rhythm(value: ValueModel, origin: Provenance) -> RhythmRisk | None:
    """The purchase process as a member of the risk, where churn is its silence."""
    if origin.churn != "inactivity":
        return None
    return RhythmRisk(value.purchases, origin.horizon_days)


@dataclass(frozen=True, eq=False)
class Prospects:
    """What is expected of rows in the horizon, at no level yet.

    Attributes:
        value: Purchase process and spend.
        known: The rows.
        origin: Their definitions.
        buyers: What those who buy spend; None where it was not learned.
    """

    value: ValueModel
    known: Known
    origin: Provenance
    buyers: BuyersSpend | None = None

    @cached_property
    def _rows(self) -> Rows:
        return Rows.of(self.known)

    @cached_property
    def _if_there(self) -> IfThere:
        rows = self._rows
        return self.value.if_there(self.origin.horizon_days, rows.histories, rows["monetary_value"])

    @cached_property
    def _silence(self) -> Silence:
        return silence(self.value.purchases, self.origin.horizon_days, self._rows)

    @cached_property
    def _buys(self) -> Floats:
        """P(buys in the horizon) of those who are there."""
        return np.maximum(1 - self._silence.if_there, _RARE)

    def presence(self, risk: Floats) -> Floats:
        """The chance that each customer is still there.

        Where churn is inactivity, what this risk amounts to. Where it is by contract, all are:
        those whose contract has ended are no rows. Under the other definitions the risk is no
        chance of silence, and the purchase process tells it alone.
        """
        if self.origin.churn == "contract":
            return np.ones(len(self._rows))
        if self.origin.churn != "inactivity":
            return self._silence.there
        return (1 - risk) / self._buys

    def expected_amounts(self, risk: Floats) -> dict[str, Floats]:
        """Expected `purchases` (days) and `spend` (currency) of each row in the horizon."""
        expected = self._if_there.expected_amounts(self.presence(risk))
        return {**expected, "spend": expected["spend"] * self.tilt}

    def value_at_stake(self, risk: Floats) -> tuple[Floats, Floats]:
        """What each row is worth, and what is lost if they leave now, in currency."""
        there = self.presence(risk)
        at_stake = self.tilt * self._if_there.value_at_stake(there)
        return np.minimum(there, 1) * at_stake, at_stake

    @cached_property
    def tilt(self) -> Floats:
        """By what spend differs from what purchase process and Gamma-Gamma expect, shape (n,).

        What those who buy spend is taken to be the geometric mean of theirs and what was learned,
        so that neither's far-off values go undamped. 1 where nothing was learned.
        """
        if self.buyers is None:
            return np.ones(len(self._rows))
        count = np.maximum(self._if_there.purchases / self._buys, 1)
        return np.sqrt(self.buyers.predict(self._rows) / (count * self._if_there.per_purchase))
