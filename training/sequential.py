"""When to stop an offer: intervals that hold however often one looks.

An interval of a fixed size is right once. Looked at after every campaign it excludes the truth
sooner or later. A confidence sequence is right at all times at once, so that one may look, and
stop, whenever one likes.

References:
    Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2021, "Time-uniform central limit theory and
    asymptotic confidence sequences", theorem 2.2; Robbins 1970, the normal mixture.
"""

from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

ALPHA = 0.05
"""Chance that a sequence ever excludes the truth."""

FEWEST = 100
"""Contacts before which nothing is said: the sequence holds for many."""

_TIGHTEST = 2_000
"""Contacts at which it is tightest."""

_SPREAD = (-2 * np.log(ALPHA) + np.log(-2 * np.log(ALPHA) + 1)) / _TIGHTEST
"""The square of rho, the one parameter of the mixture (appendix B.2 of the paper)."""


@dataclass(frozen=True)
class Sequence:
    """The mean of what has been seen so far, of contacts in the order they became known.

    Attributes:
        contacts: How many.
        mean: Their mean.
        sd: Their standard deviation.
    """

    contacts: int
    mean: float
    sd: float

    @classmethod
    def of(cls, values: ArrayLike) -> Self:
        """The sequence after these values."""
        seen = np.asarray(values, float)
        return cls(seen.size, float(seen.mean()), float(seen.std()))

    @property
    def known(self) -> bool:
        """Whether there is enough to say anything."""
        return self.contacts >= FEWEST and self.sd > 0

    def interval(self, *, alpha: float = ALPHA) -> tuple[float, float]:
        """Where the mean lies, at this and every other look, with a chance of 1 - alpha."""
        if not self.known:
            return -np.inf, np.inf
        grown = self.contacts * _SPREAD + 1
        margin = np.sqrt(2 * grown / _SPREAD * np.log(np.sqrt(grown) / alpha)) / self.contacts
        return self.mean - self.sd * margin, self.mean + self.sd * margin

    def sure(self) -> float:
        """The surest 1 - alpha at which the interval leaves out 0; 0 where none does."""
        if not self.known:
            return 0.0
        grown = self.contacts * _SPREAD + 1
        away = self.contacts * self.mean / self.sd
        return max(0.0, 1 - float(np.sqrt(grown) * np.exp(-(away**2) * _SPREAD / (2 * grown))))


Decision = Literal["go on", "stop: harms", "stop: does nothing"]


@dataclass(frozen=True)
class StopRule:
    """Whether an offer is to be made again.

    Attributes:
        saved: What it saves, per contact, in points of risk.
        profit: What it earns, per contact that the plan would make, in currency.
    """

    saved: Sequence
    profit: Sequence

    @property
    def decision(self) -> Decision:
        """Stop where it is sure that the offer drives away, or does not earn back its cost."""
        if self.saved.interval()[1] < 0:
            return "stop: harms"
        if self.profit.interval()[1] < 0:
            return "stop: does nothing"
        return "go on"

    @property
    def sure(self) -> float:
        """How sure it is of a stop."""
        return (self.saved if self.decision == "stop: harms" else self.profit).sure()

    def to_dict(self) -> dict[str, Any]:
        """The figures, for JSON."""
        return {"saved": vars(self.saved).copy(), "profit": vars(self.profit).copy()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The rule with these figures."""
        return cls(Sequence(**state["saved"]), Sequence(**state["profit"]))
