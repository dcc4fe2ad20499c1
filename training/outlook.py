"""The outlook: what rehearsals teach about expected amounts, their level and their intervals."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from features.findings import Finding, tell
from training import levels
from training.amounts import AMOUNTS, Amount
from training.hindsight import Hindsight
from training.intervals import COVERAGES, Spread, coverage_score
from training.levels import Level
from training.rehearsal import Rehearsal
from training.spend import SpendModel

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Outlook:
    """Levels and intervals of the amounts of `training.amounts`; empty without rehearsals.

    Attributes:
        levels: By amount, where two rehearsals tell it.
        spreads: By amount, one for each of `COVERAGES`, where one rehearsal tells it.
        hindsight: How value and its intervals did at an earlier cut-off (`Hindsight.measures`),
            where one allows to check it; of later cut-offs than anything else here, and not served.
    """

    levels: Mapping[str, Level] = field(default_factory=dict)
    spreads: Mapping[str, tuple[Spread, ...]] = field(default_factory=dict)
    hindsight: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def learn(
        cls,
        rehearsals: Sequence[Rehearsal],
        *,
        hindsight: Hindsight | None = None,
        random_state: int = 0,
    ) -> Self:
        """From what was expected at rehearsals, ascending, and what came.

        Intervals are those of the last one, whose customers are most like those of today.
        """
        found = {
            name: levels.learn(_rehearsed(rehearsals, name), random_state=random_state)
            for name in AMOUNTS
        }
        known = {name: level for name, level in found.items() if level}
        checked = hindsight.measures() if hindsight else {}
        return cls(known, cls(known)._spreads(rehearsals), checked)

    def _spreads(self, rehearsals: Sequence[Rehearsal]) -> dict[str, tuple[Spread, ...]]:
        return {
            name: tuple(
                Spread.learn(amount.came, self.level(name) * amount.expected, coverage=coverage)
                for coverage in COVERAGES
            )
            for name in AMOUNTS
            for amount in _rehearsed(rehearsals, name)[-1:]
        }

    def level(self, amount: str) -> float:
        """By what this amount is multiplied."""
        return self.levels[amount].applied if amount in self.levels else 1.0

    def corrected(self, expected: Mapping[str, Floats]) -> dict[str, Floats]:
        """The expected amounts at their levels."""
        return {name: self.level(name) * values for name, values in expected.items()}

    def interval(self, amount: str, expected: Floats) -> tuple[Floats, Floats]:
        """The ends between which 80 % of such customers end up; NaN where nothing tells them.

        An amount over another horizon is taken to vary as one of the same size over the horizon
        of the rehearsals: what matters most is how many purchases are expected.
        """
        if amount not in self.spreads:
            unknown = np.full(expected.shape, np.nan)
            return unknown, unknown
        return self.spreads[amount][0](expected)

    def coverage(self, judged: Mapping[str, Amount]) -> dict[str, float]:
        """Share of later customers between the ends, by amount and nominal coverage."""
        return {
            f"{name}_{measure}": share
            for name, spreads in self.spreads.items()
            for spread in spreads
            for measure, share in coverage_score(
                judged[name].came, judged[name].expected, spread
            ).items()
        }

    def to_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "levels": {name: level.to_dict() for name, level in self.levels.items()},
            "spreads": {n: [each.to_dict() for each in s] for n, s in self.spreads.items()},
            "hindsight": dict(self.hindsight),
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """What `to_dict` described."""
        return cls(
            {name: Level.from_dict(each) for name, each in state["levels"].items()},
            {
                name: tuple(Spread.from_dict(each) for each in spreads)
                for name, spreads in state["spreads"].items()
            },
            state["hindsight"],
        )


def _rehearsed(rehearsals: Sequence[Rehearsal], amount: str) -> list[Amount]:
    return [each.amounts[amount] for each in rehearsals if amount in each.amounts]


def found(outlook: Outlook, spend: SpendModel) -> Iterator[Finding]:
    """What is done to the level of what is expected, and whether spend depends on frequency."""
    for name, level in outlook.levels.items():
        yield level.finding(name)
    if not outlook.spreads:
        yield tell(
            "advice",
            "no_intervals",
            "There is no interval of purchases, spend and value: no earlier cut-off was there to "
            "learn it at. Bring more history.",
        )
    yield _of_value(outlook.hindsight)
    if not math.isnan(spend.correlation_[0]):
        yield _of_spend(spend)


def _of_spend(spend: SpendModel) -> Finding:
    rho, low, high = spend.correlation_
    figures = {"rho": rho, "low": low, "high": high}
    told = (
        "Spend per purchase and frequency have a rank correlation of {rho:+.2f} ({low:+.2f} to "
        "{high:+.2f}) among repeat buyers: value takes them for independent, which "
    )
    if spend.dependent:
        wrong = told + "is wrong; model kinds of customers apart."
        return tell("warning", "spend_dependent", wrong, **figures)
    return tell("advice", "spend_independent", told + "does little harm.", **figures)


def _of_value(hindsight: Mapping[str, float]) -> Finding:
    if not hindsight:
        return tell(
            "advice",
            "value_unchecked",
            "The value and its interval are not checked on your own past: it takes two earlier "
            "cut-offs, and a value horizon that reaches beyond what has closed since the second. "
            "Bring more history.",
        )
    return tell(
        "advice",
        "value_checked",
        "Value was checked on your own past, over the {value_days_checked:.0f} days that have "
        "closed since an earlier cut-off: its total was {value_total_bias:+.1%} off, and its 80 % "
        "interval held {value_coverage_80:.0%} of the customers and "
        "{value_coverage_80_top_decile:.0%} of the top tenth.",
        **hindsight,
    )
