"""What a feature is: a name with a unit, a meaning and a calculation."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from numpy.typing import NDArray

View = TypeVar("View")

Driver = Literal[
    "silence",
    "fading",
    "habit",
    "spend",
    "breadth",
    "discounts",
    "newness",
    "returns",
    "promises",
    "satisfaction",
    "effort",
    "loyalty",
    "offers",
    "season",
]
"""What people act on: features that tell the same story share a driver."""

ACTIONS: Mapping[Driver, str] = {
    "silence": "get in touch before the usual day of purchase is long past",
    "fading": "remind of what they used to buy, and ask what changed",
    "habit": "win the next purchase: a reason to come back soon",
    "spend": "show more of what they like",
    "breadth": "introduce a second category or channel",
    "discounts": "reward without a discount: service, access, priority",
    "newness": "win the second purchase",
    "returns": "find out why it was sent back",
    "promises": "apologise, and give the next delivery priority",
    "satisfaction": "ask what went wrong, and put it right",
    "effort": "solve the issue at the first contact, and say that it is solved",
    "loyalty": "thank them, and let them recommend",
    "offers": "leave alone for a while",
    "season": "nothing: it is the time of the year",
}
"""What to do about each driver."""


@dataclass(frozen=True)
class Feature(Generic[View]):
    """One column of a snapshot, declared where it is calculated.

    Attributes:
        name: Column name, with the window in days at its end (`spend_90d`).
        unit: Unit of the value: "days", "currency", "1" for a pure number.
        meaning: What it says about the customer, for people.
        driver: The story it belongs to when reasons are told.
        value: The calculation on the family's view, shape (pairs,).
        window_days: Days before the cut-off it looks at; None for all.
        needs: Tables ("contacts") and columns ("transactions.discount") it cannot do without,
            beyond its family's; where one is missing, it steps aside.
    """

    name: str
    unit: str
    meaning: str
    driver: Driver
    value: Callable[[View], NDArray[Any]]
    window_days: int | None = None
    needs: tuple[str, ...] = ()

    @property
    def action(self) -> str:
        """What to do about it."""
        return ACTIONS[self.driver]


def version(features: Iterable[Feature[Any]], *learned: str) -> str:
    """Digest of the features' declarations: it changes when a name, unit or meaning does.

    Args:
        features: The features; and
        learned: digests of what some of them were learned from.
    """
    text = "\n".join((*(f"{f.name}|{f.unit}|{f.meaning}" for f in features), *learned))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
