"""From a model and snapshot rows to scores: the one path that backtest, batch and HTTP share."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.provenance import Provenance
from features.snapshot import Snapshot
from training.model import Model
from training.reasons import Reasons

NO_DRIVER = "none"
FAINT = 0.005
"""A driver that adds no more to the risk, half a point of it, is not worth telling."""

EXACT_UP_TO = 250_000
"""Rows at a time whose reasons are told exactly, 0.4 ms a row; more get the fast ones."""


@dataclass(frozen=True)
class Column:
    """One column of the scores: its unit and meaning, for reports and the API."""

    name: str
    unit: str
    meaning: str


COLUMNS = (
    Column("customer_id", "id", "the customer"),
    Column("risk", "probability", "calibrated chance of churn within the horizon"),
    Column("value", "currency", "expected discounted margin over the value horizon"),
    Column("value_at_stake", "currency", "what is lost if the customer leaves now"),
    Column("expected_loss", "currency", "risk times value"),
    Column("expected_purchases", "days", "expected purchase days in the horizon"),
    Column("expected_spend", "currency", "expected net spend in the horizon"),
    Column(
        "next_purchase_at",
        "instant",
        "by when a purchase is as likely as not, given that "
        "the customer stays; empty where not within two years",
    ),
    Column("driver", "text", "what raises the risk most against customers who bought as often"),
    Column("base_risk", "probability", "risk of a typical customer who bought as often"),
    Column("driver_points", "probability", "what the driver adds to the risk; 0 where none does"),
    Column("T", "days", "days since the first purchase"),
    Column("frequency", "days", "repeat purchase days so far"),
    Column("silence", "days", "days since the last purchase"),
    Column("mean_gap", "days", "mean days between purchases"),
    Column("purchase_days_180d", "days", "purchase days in the last 180 days"),
)


TOLD = ("T", "frequency", "silence", "mean_gap", "purchase_days_180d")
"""Features that go along with the scores, for the reasons told in words."""


@dataclass(frozen=True)
class Scores:
    """What the model says of each customer.

    Attributes:
        rows: One row per snapshot row, with the columns `COLUMNS`.
        provenance: The definitions, the cut-off and the model version.
    """

    rows: pd.DataFrame
    provenance: Provenance


def score(model: Model, snapshot: Snapshot, *, model_version: str | None = None) -> Scores:
    """Score every row of a snapshot.

    Raises:
        DefinitionError: where rows and model were made under different definitions.
    """
    model.provenance.require_same(snapshot.provenance)
    rows, horizon = snapshot.rows, snapshot.provenance.horizon_days
    history = snapshot.history
    spend = rows["monetary_value"].to_numpy()
    risk = model.risk.predict(rows)
    value = model.value.value(*history, spend)
    reasons = model.risk.reasons(rows, fast=len(rows) > EXACT_UP_TO)
    told = drivers(reasons)
    wait = pd.to_timedelta(np.ceil(model.value.purchases.next_purchase_days(*history)), unit="D")
    return Scores(
        pd.DataFrame(
            {
                "customer_id": rows["customer_id"],
                "risk": risk,
                "value": value,
                "value_at_stake": model.value.value_at_stake(*history, spend),
                "expected_loss": risk * value,
                "expected_purchases": model.value.purchases.expected_purchases(horizon, *history),
                "expected_spend": model.value.expected_spend(horizon, *history, spend),
                "next_purchase_at": rows["cutoff"] + wait,
                "driver": told,
                "base_risk": reasons.base,
                "driver_points": reasons.points.max(axis=1).where(told != NO_DRIVER, 0.0),
                **{name: rows[name] for name in TOLD},
            }
        ),
        snapshot.provenance.model_copy(update={"model_version": model_version}),
    )


def drivers(reasons: Reasons) -> pd.Series:
    """What raises each row's risk most against customers who have bought about as often.

    Returns:
        A driver, or `NO_DRIVER` where none adds more than `FAINT`.
    """
    points = reasons.points
    return points.idxmax(axis=1).where(points.max(axis=1) > FAINT, NO_DRIVER)
