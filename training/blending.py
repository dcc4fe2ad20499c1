"""How members become the served risk: their weights, and a correction of what comes of them.

Equal weights and no correction, unless rehearsals show clearly that something else is better:
learned at one cut-off and judged at the next, as it would have been lived through.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import softmax

from training.bootstrap import Interval, mean_interval
from training.calibration import UNCHANGED, Correction, clipped, log_losses
from training.rehearsal import Rehearsal

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Blending:
    """A weighted mean of members, corrected.

    Attributes:
        weights: Of each member; they add up to 1.
        correction: Of the mean.
    """

    weights: Mapping[str, float]
    correction: Correction = UNCHANGED

    @classmethod
    def equal(cls, members: Sequence[str]) -> Self:
        """The mean of the members as it is."""
        return cls(dict.fromkeys(members, 1 / len(members)))

    def mean(self, members: Mapping[str, Floats]) -> Floats:
        """The weighted mean of what the members say."""
        return np.asarray(sum(weight * members[name] for name, weight in self.weights.items()))

    def __call__(self, members: Mapping[str, Floats]) -> Floats:
        """The served risk."""
        return self.correction(self.mean(members))

    def to_dict(self) -> dict[str, Any]:
        """Weights and correction, for JSON."""
        return {"weights": dict(self.weights), "correction": self.correction.to_dict()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """What `to_dict` described."""
        return cls(state["weights"], Correction(**state["correction"]))


@dataclass(frozen=True)
class Choice:
    """Something that could be done to the mean of the members, and whether it is.

    Attributes:
        what: It.
        gain: Log loss per customer that it took off, learned at one rehearsal, judged at the next.
        interval: Where that gain lies; it is done where all of it is above 0.
    """

    what: str
    gain: float
    interval: Interval

    @property
    def clear(self) -> bool:
        """Whether it helped beyond doubt."""
        return self.interval.low > 0

    @property
    def text(self) -> str:
        """The choice in words."""
        helped = "took off" if self.gain > 0 else "added"
        return (
            f"{self.what}: learned at one rehearsal it {helped} {abs(self.gain):.4f} log loss at "
            f"the next (gain {self.interval.low:+.4f} to {self.interval.high:+.4f})"
        )


WEIGHTS, DRIFT, BETA = "weights of the members", "shift of the base rate", "beta calibration"

_LEARN: Mapping[str, Callable[[Floats, Floats], Correction]] = {
    DRIFT: Correction.shift,
    BETA: Correction.beta,
}


@dataclass(frozen=True)
class Verdict:
    """What two rehearsals say should be done to the mean of the members.

    Attributes:
        blending: It, learned anew at the last of them.
        choices: What was tried.
        kept: What of it is done: the weights if they are clearly better, and at most one
            correction.
    """

    blending: Blending
    choices: tuple[Choice, ...]
    kept: tuple[Choice, ...]


def choose(rehearsals: Sequence[Rehearsal], *, random_state: int = 0) -> Verdict | None:
    """Decide on weights and on a correction.

    Args:
        rehearsals: Ascending; the labels of each were known at the next.
        random_state: Seed of the intervals.

    Returns:
        What the last two say; None where there are not two, and nothing to learn it by.
    """
    if len(rehearsals) < 2:
        return None
    first, second = rehearsals[-2:]

    def judged(what: str, plain: Blending, other: Blending) -> Choice:
        return _choice(what, second, plain, other, random_state)

    weighed = judged(WEIGHTS, _equal(second), _stacked(first))
    weigh = _stacked if weighed.clear else _equal
    plain = weigh(first)
    corrected = [judged(what, plain, _corrected(first, plain, what)) for what in _LEARN]
    best = max(corrected, key=lambda choice: choice.interval.low)
    final = weigh(second)
    if best.clear:
        final = _corrected(second, final, best.what)
    kept = tuple(choice for choice in (weighed, best) if choice.clear)
    return Verdict(final, (weighed, *corrected), kept)


def _choice(
    what: str, judged: Rehearsal, plain: Blending, other: Blending, random_state: int
) -> Choice:
    before, after = (
        log_losses(judged.churned, blending(judged.members)) for blending in (plain, other)
    )
    interval = mean_interval(before - after, random_state=random_state)
    return Choice(what, float((before - after).mean()), interval)


def _equal(rehearsal: Rehearsal) -> Blending:
    return Blending.equal(tuple(rehearsal.members))


def _stacked(rehearsal: Rehearsal) -> Blending:
    """The weights, none negative, of the lowest log loss (linear pool; Breiman 1996)."""
    said = np.stack(list(rehearsal.members.values()))
    churned = rehearsal.churned

    def loss(free: Floats) -> tuple[float, Floats]:
        weights = softmax(free)
        p = clipped(weights @ said)
        slope = said @ ((p - churned) / (p * (1 - p))) / churned.size
        return float(log_losses(churned, p).mean()), weights * (slope - weights @ slope)

    found = minimize(loss, np.zeros(len(said)), jac=True, method="L-BFGS-B")
    return Blending(dict(zip(rehearsal.members, softmax(found.x).tolist(), strict=True)))


def _corrected(rehearsal: Rehearsal, plain: Blending, what: str) -> Blending:
    learned = _LEARN[what](rehearsal.churned, plain.mean(rehearsal.members))
    return Blending(plain.weights, learned)
