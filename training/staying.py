"""Staying power: how a model's predictions get worse with its age, on the company's own past."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.findings import Finding, tell
from training.calibration import log_losses

Floats = NDArray[np.float64]

_SURE = 1.96


@dataclass(frozen=True)
class Aged:
    """An older model beside one trained as of the same cut-off, asked about the same customers.

    Attributes:
        age_days: By how much the training of the one lies before that of the other.
        loss: Log loss of the older less that of the newer: positive where age harms; and
        loss_se: its standard error over customers.
        profit: Campaign profit per customer of the older less that of the newer, in currency.
    """

    age_days: int
    loss: float
    loss_se: float
    profit: float

    @classmethod
    def of(
        cls, age_days: int, y_true: Floats, older: Floats, newer: Floats, *, profit: float
    ) -> "Aged":
        """Hold both risks against what came, each of shape (n,)."""
        apart = log_losses(y_true, older) - log_losses(y_true, newer)
        spread = float(apart.std(ddof=1) / np.sqrt(apart.size)) if apart.size > 1 else 0.0
        return cls(age_days, float(apart.mean()), spread, profit)


class AtAge(NamedTuple):
    """What models of one age came to: means over the cut-offs, and a 95 % interval.

    The interval is as wide as if all cut-offs told of the same customers, which they nearly do.
    """

    age_days: int
    cutoffs: int
    loss: float
    loss_low: float
    loss_high: float
    profit: float

    @property
    def is_worse(self) -> bool:
        """Whether models of this age are worse beyond doubt."""
        return self.loss_low > 0


def by_age(aged: Iterable[Aged], *, step_days: int) -> tuple[AtAge, ...]:
    """The means by age, ascending; ages that differ by less than half a step are one."""

    def steps(each: Aged) -> int:
        return round(each.age_days / step_days)

    return tuple(_at_age(tuple(group)) for _, group in groupby(sorted(aged, key=steps), key=steps))


def _at_age(group: Sequence[Aged]) -> AtAge:
    loss, se, profit, age = (
        float(np.mean([getattr(each, name) for each in group]))
        for name in ("loss", "loss_se", "profit", "age_days")
    )
    return AtAge(round(age), len(group), loss, loss - _SURE * se, loss + _SURE * se, profit)


def recommended(ages: Sequence[AtAge], *, currency: str) -> Finding | None:
    """How often to train, in words; None where no model of another age could be asked.

    The longest age before the first at which models are worse beyond doubt.
    """
    if not ages:
        return None
    worse = next((each for each in ages if each.is_worse), None)
    if worse is None:
        return tell(
            "advice",
            "stays",
            "Up to {days} days of age, models were not worse beyond doubt than those trained anew "
            "({loss:+.4f} log loss, {low:+.4f} to {high:+.4f}): training more often has not "
            "paid.",
            days=ages[-1].age_days,
            **_ends(ages[-1]),
        )
    before = [each.age_days for each in ages if each.age_days < worse.age_days]
    return tell(
        "advice",
        "fades",
        "Train at least every {every} days: models {days} days old were worse than those trained "
        "anew by {loss:+.4f} log loss ({low:+.4f} to {high:+.4f}) and {profit:+.4f} {currency} of "
        "campaign profit per customer (schedule.train_every_days).",
        every=before[-1] if before else worse.age_days,
        days=worse.age_days,
        profit=worse.profit,
        currency=currency,
        **_ends(worse),
    )


def _ends(age: AtAge) -> dict[str, float]:
    return {"loss": age.loss, "low": age.loss_low, "high": age.loss_high}


def to_dict(ages: Sequence[AtAge], advice: Finding | None) -> dict[str, Any]:
    """All of it, for JSON."""
    return {
        "ages": [each._asdict() for each in ages],
        "advice": asdict(advice) if advice else None,
    }
