"""Who is at risk, and what it costs: the scores summed up, for all and by group."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import stages
from features.indicators.figures import Figure, Z, mean
from features.indicators.known import frame, known
from features.settings import FeatureSettings
from features.store import Store
from training.scoring import Scores

Floats = NDArray[np.float64]

HALF = 0.5
"""Share of the expected loss that tells whom to keep."""


@dataclass(frozen=True)
class Group:
    """What the scores say of some customers.

    Attributes:
        name: Who they are.
        customers: How many.
        leaving: How many are expected to leave in the horizon.
        loss: Currency of value expected to leave with them.
        value: Mean value of one of them, currency.
    """

    name: str
    customers: int
    leaving: Figure
    loss: Figure
    value: Figure

    @classmethod
    def of(cls, name: str, rows: pd.DataFrame) -> "Group":
        """Sum up rows of scores."""
        risk, value = (rows[column].to_numpy(float) for column in ("risk", "value"))
        deviation = float(value.std(ddof=1)) if len(rows) > 1 else None
        return cls(
            name,
            len(rows),
            expected(risk, np.ones(len(rows))),
            expected(risk, value),
            mean(len(rows), float(value.mean()), deviation) if len(rows) else Figure(0),
        )

    @property
    def risk(self) -> float:
        """Mean risk; NaN of nobody."""
        return self.leaving.value / self.customers if self.customers else float("nan")


def expected(risk: Floats, amount: Floats) -> Figure:
    """The amount that leaves, if each customer takes theirs along with their risk.

    The interval is that of luck alone: customers leave independently of each other, and the risks
    are right.
    """
    value = float(risk @ amount)
    reach = Z * float(np.sqrt((risk * (1 - risk)) @ amount**2))
    return Figure(len(risk), value, max(value - reach, 0.0), value + reach)


@dataclass(frozen=True)
class Risk:
    """Who is at risk.

    Attributes:
        cutoff: As of when.
        everybody: All customers scored.
        core: The fewest customers with whom half of the loss expected lies: whom to keep.
        rows: Their scores, the greatest expected loss first.
        drivers: All by what raises their risk most, the greatest loss first.
        stages: All by stage, in their order.
    """

    cutoff: datetime
    everybody: Group
    core: Group
    rows: pd.DataFrame
    drivers: tuple[Group, ...]
    stages: tuple[Group, ...]


def risk(scores: Scores, store: Store, settings: FeatureSettings) -> Risk:
    """Sum up the last scores.

    Args:
        scores: Of every customer.
        store: The records they were made of.
        settings: The definitions.
    """
    rows = scores.rows
    core = carrying(rows, HALF)
    drivers = [Group.of(str(name), of) for name, of in rows.groupby("driver")]
    return Risk(
        scores.provenance.cutoff,
        Group.of("everybody", rows),
        Group.of("core", core),
        core,
        tuple(sorted(drivers, key=lambda group: -group.loss.value)),
        tuple(_by_stage(rows, store, settings, scores.provenance.cutoff)),
    )


def carrying(rows: pd.DataFrame, share: float) -> pd.DataFrame:
    """The fewest customers with whom this share of the expected loss lies, the greatest first."""
    ordered = rows.sort_values(["expected_loss", "customer_id"], ascending=[False, True])
    loss = ordered["expected_loss"].clip(lower=0)
    return ordered[(loss.cumsum() - loss < share * loss.sum()).to_numpy()]


def _by_stage(
    rows: pd.DataFrame, store: Store, settings: FeatureSettings, at: datetime
) -> Iterator[Group]:
    with known(store, settings.time_zone, before=at) as connection:
        told = frame(connection, stages.sql(at, settings.time_zone))
    joined = rows.merge(told, on="customer_id")
    for stage in stages.STAGES:
        of = joined[joined["stage"] == stage]
        if len(of):
            yield Group.of(stage, of)
