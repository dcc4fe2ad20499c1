"""From a model and snapshot rows to scores: the one path that backtest, batch and HTTP share."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.provenance import Provenance
from features.snapshot import Snapshot
from training import novelty
from training._likelihood import ModelWarning
from training.effects import BASE, Effects
from training.model import Model
from training.reasons import Reasons
from training.rows import Rows

Floats = NDArray[np.float64]
Strings = NDArray[np.str_]

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


_END = "end of what holds for four of five such customers; empty where no earlier cut-off tells it"
_STAYS = "given that the customer stays; empty where not within two years"

COLUMNS = (
    Column("customer_id", "id", "the customer"),
    Column("risk", "probability", "calibrated chance of churn within the horizon"),
    Column("value", "currency", "expected discounted margin over the value horizon"),
    Column("value_low", "currency", "lower " + _END),
    Column("value_high", "currency", "upper " + _END),
    Column("value_at_stake", "currency", "what is lost if the customer leaves now"),
    Column("expected_loss", "currency", "risk times value"),
    Column("expected_purchases", "days", "expected purchase days in the horizon"),
    Column("expected_purchases_low", "days", "lower " + _END),
    Column("expected_purchases_high", "days", "upper " + _END),
    Column("expected_spend", "currency", "expected net spend in the horizon"),
    Column("expected_spend_low", "currency", "lower " + _END),
    Column("expected_spend_high", "currency", "upper " + _END),
    Column(
        "next_purchase_from",
        "instant",
        f"by when one customer in ten has bought again, {_STAYS}",
    ),
    Column(
        "next_purchase_at",
        "instant",
        f"by when a purchase is as likely as not, {_STAYS}",
    ),
    Column(
        "next_purchase_by",
        "instant",
        f"by when four customers in five have bought again, {_STAYS}",
    ),
    Column("driver", "text", "what raises the risk most against customers who bought as often"),
    Column("base_risk", "probability", "risk of a typical customer who bought as often"),
    Column("driver_points", "probability", "what the driver adds to the risk; 0 where none does"),
    Column("T", "days", "days since the first purchase"),
    Column("frequency", "days", "repeat purchase days so far"),
    Column("silence", "days", "days since the last purchase"),
    Column("mean_gap", "days", "mean days between purchases"),
    Column("purchase_days_180d", "days", "purchase days in the last 180 days"),
    Column(
        "leaves",
        "probability",
        "chance that the customer is still there and leaves for good within the horizon; no offer "
        "can prevent more",
    ),
    Column(
        "saved_prior",
        "probability",
        "fall of the chance of losing the customer by an offer that was never tried",
    ),
    Column("saved_prior_sd", "probability", "standard deviation of what is believed of it"),
)


FIGURES = tuple(column.name for column in COLUMNS[1:13])
"""The columns that are figures of the model, from risk to the ends of the expected spend."""

PRIOR = "prior"
"""Stands for any offer that was never tried, in the names of columns."""

WINDOW = {"next_purchase_from": 0.1, "next_purchase_at": 0.5, "next_purchase_by": 0.8}
"""Chances of having bought again by the instants told of the next purchase."""

_CHANCES = np.array([*WINDOW.values()])

NEEDED = ("frequency", "recency", "T", "monetary_value")
"""Features that must be known: without them there is no purchase process, and no value."""

TOLD = ("T", "frequency", "silence", "mean_gap", "purchase_days_180d")
"""Features that go along with the scores, for the reasons told in words."""


@dataclass(frozen=True)
class Scores:
    """What the model says of each customer.

    Attributes:
        rows: One row per snapshot row, with the columns `COLUMNS`, and `saved_<offer>` and
            `saved_<offer>_sd` for each offer that was tried.
        provenance: The definitions, the cut-off and the model version.
    """

    rows: pd.DataFrame
    provenance: Provenance


def score(model: Model, snapshot: Snapshot, *, model_version: str | None = None) -> Scores:
    """Score every row of a snapshot.

    Raises:
        DefinitionError: where rows and model were made under different definitions.

    Warns:
        ModelWarning: Features that never varied in training do now.
    """
    rows = Rows.of(snapshot)
    require_fit(model, snapshot.provenance, rows)
    told = figures(model, rows)
    reasons = model.risk.reasons(rows, risk=told["risk"], fast=len(rows) > EXACT_UP_TO)
    driver, points = drivers(reasons)
    inputs = model.effects.inputs(snapshot, told["risk"])
    columns = {
        "customer_id": snapshot.ids[snapshot.customer],
        **told,
        **_instants(next_purchase_days(model, rows), snapshot.instants),
        "driver": driver,
        "base_risk": reasons.base,
        "driver_points": points,
        **{name: snapshot.columns[name] for name in TOLD},
        "leaves": inputs.columns[BASE],
        **_saved(model.effects, inputs, driver),
    }
    return Scores(
        pd.DataFrame(columns),
        snapshot.provenance.model_copy(update={"model_version": model_version}),
    )


def require_fit(model: Model, origin: Provenance, rows: Rows) -> None:
    """Refuse rows that a model cannot score, and warn of what it has never seen.

    Raises:
        DefinitionError: where rows and model were made under different definitions.

    Warns:
        ModelWarning: Features that never varied in training do now.
    """
    model.provenance.require_same(origin)
    for finding in novelty.found(model.unvaried, rows):
        warnings.warn(finding.text, ModelWarning, stacklevel=3)


def figures(model: Model, rows: Rows) -> dict[str, Floats]:
    """`FIGURES` of each row, each of shape (rows,)."""
    risk, prospects = model.risk.predict(rows), model.prospects(rows)
    value, at_stake = model.value_at_stake(prospects, risk)
    expected = model.expected_amounts(prospects, risk)
    return {
        "risk": risk,
        **_with_ends("value", value, model.value_interval(value)),
        "value_at_stake": at_stake,
        "expected_loss": risk * value,
        **{
            column: values
            for name, each in expected.items()
            for column, values in _with_ends(
                f"expected_{name}", each, model.outlook.interval(name, each)
            ).items()
        },
    }


def _with_ends(name: str, amount: Floats, ends: tuple[Floats, Floats]) -> dict[str, Floats]:
    low, high = ends
    return {name: amount, f"{name}_low": low, f"{name}_high": high}


def next_purchase_days(model: Model, rows: Rows) -> Floats:
    """Whole days from the cut-off, by the chances of `WINDOW`, shape (rows, 3)."""
    return model.value.purchases.next_purchase_days(rows.histories, chances=_CHANCES)


def _instants(days: Floats, cutoffs: NDArray[np.datetime64]) -> dict[str, pd.Series]:
    """The window of the next purchase."""
    start = pd.Series(pd.DatetimeIndex(cutoffs).tz_localize("UTC"))
    return {
        name: start + pd.to_timedelta(wait, unit="D")
        for name, wait in zip(WINDOW, days.T, strict=True)
    }


def _saved(effects: Effects, inputs: Snapshot, told: Strings) -> dict[str, Floats]:
    """What each offer that was tried does, and what any other is expected to."""
    columns: dict[str, Floats] = {}
    for offer in (PRIOR, *effects.offers):
        saved = effects.saved(offer, inputs, segment=told)
        columns |= {f"saved_{offer}": saved.mean, f"saved_{offer}_sd": saved.sd}
    return columns


def drivers(reasons: Reasons) -> tuple[Strings, Floats]:
    """What raises each row's risk most against customers who have bought about as often.

    Returns:
        A driver and its points; `NO_DRIVER` and 0 where none adds more than `FAINT`.
    """
    names, most = np.array(reasons.drivers), reasons.points.max(axis=1)
    clear = most > FAINT
    told = np.where(clear, names[reasons.points.argmax(axis=1)], NO_DRIVER)
    return told, np.where(clear, most, 0.0)
