"""What a feature is: a name with a unit, a meaning and a calculation."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

View = TypeVar("View")

Driver = Literal["silence", "fading", "habit", "spend", "newness", "returns"]
"""What people act on: features that tell the same story share a driver."""


@dataclass(frozen=True)
class Feature(Generic[View]):
    """One column of a snapshot, declared where it is calculated.

    Attributes:
        name: Column name, with the window in days at its end (`spend_90d`).
        unit: Unit of the value: "days", "currency", "1" for a pure number.
        meaning: What it says about the customer, for people.
        driver: The story it belongs to when reasons are told.
        value: The calculation on the family's view, shape (customers, cut-offs).
    """

    name: str
    unit: str
    meaning: str
    driver: Driver
    value: Callable[[View], NDArray[Any]]


def version(features: Iterable[Feature[Any]]) -> str:
    """Digest of the features' declarations: it changes when a name, unit or meaning does."""
    text = "\n".join(f"{f.name}|{f.unit}|{f.meaning}" for f in features)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def ratio(above: NDArray[Any], below: NDArray[Any]) -> NDArray[np.float64]:
    """`above / below`, NaN where `below` is zero: not known is not nought."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below != 0, above / np.where(below != 0, below, 1), np.nan)
