"""Drift: how far customers are from those a model was trained on."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

Floats = NDArray[np.float64]

BINS = 10
"""Bins of equal size in training, by which distributions are held against each other."""

RISK = "risk"
"""Stands among the features for what the model says of the customers."""


class Shape(BaseModel):
    """How the values of one column lay among the customers of a training."""

    model_config = ConfigDict(frozen=True)

    edges: tuple[float, ...] = Field(description="inner ends of the bins, ascending")
    counts: tuple[int, ...] = Field(description="values in each bin, then those not known")

    @classmethod
    def of(cls, values: Floats) -> Self:
        """That of these values, shape (n,)."""
        known = values[~np.isnan(values)]
        at = np.linspace(0, 1, BINS + 1)[1:-1]
        edges = np.unique(np.quantile(known, at)) if known.size else np.array([])
        return cls(edges=tuple(edges.tolist()), counts=tuple(_counts(values, edges).tolist()))

    def psi_loss(self, values: Floats) -> float:
        """Population stability index: sum over bins of (now - then) ln(now / then).

        Half a value is added to each bin, so that an empty one has a share. Where nothing changed
        it is about (bins - 1)(1 / n + 1 / m) by chance.

        References:
            Siddiqi 2006, "Credit Risk Scorecards", ch. 9.
        """
        now = _shares(_counts(values, np.array(self.edges)) + 0.5)
        then = _shares(np.array(self.counts) + 0.5)
        return float(((now - then) * np.log(now / then)).sum())

    def ks_loss(self, values: Floats) -> float:
        """Most that the shares under any edge differ (Kolmogorov-Smirnov, at the edges alone)."""
        now = _shares(_counts(values, np.array(self.edges)))
        return float(np.abs(np.cumsum(now - _shares(np.array(self.counts)))).max())


def _counts(values: Floats, edges: Floats) -> NDArray[np.int64]:
    bins = np.searchsorted(edges, values, side="right")
    bins[np.isnan(values)] = len(edges) + 1
    return np.bincount(bins, minlength=len(edges) + 2)


def _shares(counts: NDArray[Any]) -> Floats:
    return np.asarray(counts / max(float(counts.sum()), 1.0))


class Drift(BaseModel):
    """How far a population is from that of a training."""

    model_config = ConfigDict(frozen=True)

    psi: dict[str, float] = Field(description="population stability index of each feature")
    ks: dict[str, float] = Field(description="Kolmogorov-Smirnov distance of each feature")
    risk_psi: float = Field(description="the former, of the risk that the model tells")

    @property
    def overall(self) -> float:
        """Mean population stability index of the features; 0 where there are none."""
        return float(np.mean([*self.psi.values()])) if self.psi else 0.0

    @property
    def furthest(self) -> tuple[str, float]:
        """The feature that changed most, and its index."""
        return max(self.psi.items(), key=lambda each: each[1], default=("", 0.0))


class Population(BaseModel):
    """The customers that a model was trained as of."""

    model_config = ConfigDict(frozen=True)

    customers: int = Field(description="how many they were")
    churned: float = Field(description="share of the rows it learned from that left")
    shapes: dict[str, Shape] = Field(description="of each feature, and of the risk")

    @classmethod
    def of(cls, features: Mapping[str, Floats], risk: Floats, *, churned: float) -> Self:
        """Learn it.

        Args:
            features: By name, each of shape (customers,).
            risk: What the model tells of them, shape (customers,).
            churned: Share of the rows it learned from that left.
        """
        columns = {**features, RISK: risk}
        shapes = {name: Shape.of(values) for name, values in columns.items()}
        return cls(customers=risk.size, churned=churned, shapes=shapes)

    def drift(self, features: Mapping[str, Floats], risk: Floats) -> Drift:
        """How far these customers are from it, by the features that both know."""
        known = [name for name in features if name in self.shapes and name != RISK]
        return Drift(
            psi={name: self.shapes[name].psi_loss(features[name]) for name in known},
            ks={name: self.shapes[name].ks_loss(features[name]) for name in known},
            risk_psi=self.shapes[RISK].psi_loss(risk),
        )
