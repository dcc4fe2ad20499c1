"""Levels: whether the total of what is expected is off by the same factor as before.

A factor is the total that came at a rehearsal over the total expected. It is applied only where
the one learned at the first of two rehearsals brought the total of the next clearly closer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from features.findings import Finding, tell
from training.amounts import Amount
from training.bootstrap import Interval, drawn_interval

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True)
class Level:
    """A correction of the total of one amount, and whether it is made.

    Attributes:
        factor: What came over what was expected at the last rehearsal.
        gain: By how much the factor of the rehearsal before brought that total closer to the
            truth, as a share of it.
        interval: Where that gain lies; the correction is made where all of it is above 0.
    """

    factor: float
    gain: float
    interval: Interval

    @property
    def clear(self) -> bool:
        """Whether it helped beyond doubt."""
        return self.interval.low > 0

    @property
    def applied(self) -> float:
        """By what the expected amount is multiplied."""
        return self.factor if self.clear else 1.0

    def finding(self, amount: str) -> Finding:
        """What came of it, in words."""
        figures = {"amount": amount, "gain": abs(self.gain), **self.interval._asdict()}
        learned = (
            "level of the {amount}: learned at one rehearsal it brought the total of the next "
        )
        interval = "the truth (gain {low:+.1%} to {high:+.1%}); it is "
        if self.clear:
            text = learned + "{gain:.1%} closer to " + interval + "done."
            return tell("advice", "level_done", text, **figures)
        if self.gain > 0:
            text = learned + "{gain:.1%} closer to " + interval + "left undone."
            return tell("advice", "level_left_undone", text, **figures)
        text = learned + "{gain:.1%} further from " + interval + "left undone."
        return tell("advice", "level_harmful", text, **figures)

    def to_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {"factor": self.factor, "gain": self.gain, "interval": list(self.interval)}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """What `to_dict` described."""
        return cls(state["factor"], state["gain"], Interval(*state["interval"]))


def learn(rehearsed: Sequence[Amount], *, random_state: int = 0) -> Level | None:
    """The level of an amount as the last two rehearsals of it tell.

    Args:
        rehearsed: Ascending; what came of each was known at the next.
        random_state: Seed of the interval.

    Returns:
        None where there are not two, or nothing came or was expected at one of them.
    """
    last = rehearsed[-2:]
    if len(last) < 2 or any(min(each.came.sum(), each.expected.sum()) <= 0 for each in last):
        return None
    before, factor = (float(each.came.sum() / each.expected.sum()) for each in last)
    came, expected = last[-1].came, last[-1].expected

    def gain(drawn: Ints) -> float:
        true, said = came[drawn].sum(), expected[drawn].sum()
        return float((abs(said - true) - abs(before * said - true)) / came.mean() / drawn.size)

    size = came.size
    return Level(
        factor, gain(np.arange(size)), drawn_interval(gain, size, random_state=random_state)
    )
