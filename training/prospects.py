"""Risk and value brought together: what is expected of each row of a snapshot."""

import numpy as np
from numpy.typing import NDArray

from features.provenance import Provenance
from features.snapshot import Snapshot
from training.btyd import PurchaseModel
from training.buyers import BuyersSpend
from training.churn import RhythmRisk
from training.settings import TrainingSettings
from training.spend import SpendModel
from training.value import RARE, ValueModel

Floats = NDArray[np.float64]


def fit_value(
    present: Snapshot, settings: TrainingSettings, *, margin_rate: float = 1.0
) -> ValueModel:
    """When customers buy and what they pay, as known at the cut-off of these rows.

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
    return value.fit(*present.history, present.columns["monetary_value"])


def rhythm(value: ValueModel, origin: Provenance) -> RhythmRisk | None:
    """The purchase process as a member of the risk, where churn is its silence."""
    if origin.churn != "inactivity":
        return None
    return RhythmRisk(value.purchases, origin.horizon_days)


def presence(value: ValueModel, rows: Snapshot, risk: Floats) -> Floats | None:
    """The chance that each customer is still there, by the risk, where churn is inactivity.

    None under the other definitions: their risk is no chance of silence, and the purchase process
    tells it alone.
    """
    if rows.provenance.churn != "inactivity":
        return None
    return value.presence(1 - risk, rows.provenance.horizon_days, *rows.history)


def expected_amounts(
    value: ValueModel, rows: Snapshot, risk: Floats, buyers: BuyersSpend | None = None
) -> dict[str, Floats]:
    """Expected purchase days and spend of each row in the horizon, at no level yet."""
    expected = value.expected_amounts(
        rows.provenance.horizon_days,
        *rows.history,
        rows.columns["monetary_value"],
        presence=presence(value, rows, risk),
    )
    return {**expected, "spend": expected["spend"] * tilt(value, rows, buyers)}


def tilt(value: ValueModel, rows: Snapshot, buyers: BuyersSpend | None) -> Floats:
    """By what spend differs from what purchase process and Gamma-Gamma expect, shape (n,).

    What those who buy spend is taken to be the geometric mean of theirs and what was learned, so
    that neither's far-off values go undamped. 1 where nothing was learned.
    """
    if buyers is None:
        return np.ones(len(rows))
    days, purchases = rows.provenance.horizon_days, value.purchases
    buys = purchases.p_purchase_if_alive(days, *rows.history)
    count = purchases.purchases_if_alive(days, *rows.history) / np.maximum(buys, RARE)
    x, monetary = rows.columns["frequency"], rows.columns["monetary_value"]
    formula = np.maximum(count, 1) * value.spend.expected_spend(x, monetary)
    return np.sqrt(buyers.predict(rows.rows) / formula)
