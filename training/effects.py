"""What each offer does to each customer, as far as it is known, and whether to go on with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from features.findings import Finding
from features.snapshot import Snapshot
from training.churn import TreeRisk
from training.grievance import Grievance
from training.rows import Known
from training.save_rates import Rate, SaveRates
from training.sequential import StopRule
from training.settings import MoneySettings
from training.uplift import Uplift

Floats = NDArray[np.float64]
Strings = NDArray[np.str_]

LEAVING = "leaving.ubj"

BASE, RISK, GRIEVANCE = "leaving_within", "risk_told", "grievance"
"""What is looked at beside the features: the chances of leaving and of churn, and the part of the
former that a bad experience accounts for, where offers were tried."""


AS_TOLD = Rate(1.0, 0.0)


@dataclass(frozen=True)
class Saved:
    """What an offer does to customers.

    Attributes:
        mean: Fall of the chance of losing each one by the offer, in points of risk; negative where
            it drives away, shape (n,).
        sd: Standard deviation of what is believed of it, shape (n,).
    """

    mean: Floats
    sd: Floats


@dataclass(frozen=True)
class Lesson:
    """What the trials of one offer taught.

    Attributes:
        contacts: How many.
        rates: Which share of the leavers it keeps, by segment.
        stop: Whether to go on.
        uplift: What it does to each customer; None where segments tell as much.
        slope: By how much that is to be multiplied, as held-out contacts say.
        measures: Qini of the rankings with their 95 % intervals, on held-out contacts.
        findings: All this in words.
    """

    contacts: int
    rates: SaveRates
    stop: StopRule
    uplift: Uplift | None = None
    slope: Rate = AS_TOLD
    measures: Mapping[str, float] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def saved(self, inputs: Snapshot, segment: Strings) -> Saved:
        """What is believed of the offer; nobody is saved by one that was stopped."""
        base = inputs.columns[BASE]
        rate, sd = self.rates.of(segment, inputs.columns[GRIEVANCE])
        mean, sd = rate * base, sd * base
        if self.uplift is not None:
            told = self.uplift.predict(inputs)
            mean, sd = self.slope.mean * told, np.hypot(sd, self.slope.sd * told)
        return Saved(mean if self.stop.decision == "go on" else np.minimum(mean, 0.0), sd)


@dataclass(frozen=True)
class Effects:
    """What is known of all offers.

    Attributes:
        prior: The save rate of an offer that was never tried.
        leaving: Tells who leaves within the horizon, of those still there; None where churn is no
            silence, and the risk tells it.
        grievance: Tells what a bad experience accounts for; None where nothing was tried.
        offers: What the trials of each offer taught.
    """

    prior: Rate
    leaving: TreeRisk | None = None
    grievance: Grievance | None = None
    offers: Mapping[str, Lesson] = field(default_factory=dict)

    @classmethod
    def untried(cls, money: MoneySettings) -> Self:
        """The stated prior, and nothing learned."""
        return cls(Rate.beta(money.save_rate_alpha, money.save_rate_beta))

    def base(self, rows: Known, risk: Floats) -> Floats:
        """Chance that a customer is still there and leaves within the horizon, shape (n,).

        No offer can prevent more. Where churn is silence, the risk is another chance: it counts
        those who have left before, and none who buys once more and then leaves.
        """
        return risk if self.leaving is None else self.leaving.predict(rows)

    def inputs(self, rows: Snapshot, risk: Floats) -> Snapshot:
        """What learners look at: the features, and `BASE`, `RISK` and `GRIEVANCE` beside them."""
        told = rows.assign(**{BASE: self.base(rows, risk), RISK: risk})
        return told.assign(**{GRIEVANCE: self.grievance.part(rows)}) if self.grievance else told

    def saved(self, offer: str, inputs: Snapshot, *, segment: Strings) -> Saved:
        """What an offer does to each customer.

        Args:
            offer: Its name; one that was never tried does what the prior says.
            inputs: The customers, as `inputs` makes them.
            segment: The driver of each one's risk, as `training.scoring.drivers` tells it.
        """
        if offer in self.offers:
            return self.offers[offer].saved(inputs, segment)
        base = inputs.columns[BASE]
        return Saved(self.prior.mean * base, self.prior.sd * base)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was learned of all offers, in words."""
        return tuple(each for lesson in self.offers.values() for each in lesson.findings)

    def save(self, folder: Path) -> dict[str, Any]:
        """Write the trees; the rest is given back, for JSON."""
        if self.leaving is not None:
            self.leaving.save(folder / LEAVING)
        return {
            "prior": list(self.prior),
            "leaving": None if self.leaving is None else list(self.leaving.features),
            "typical": None if self.grievance is None else dict(self.grievance.typical),
            "offers": {
                offer: _state(lesson, folder, f"uplift-{number}")
                for number, (offer, lesson) in enumerate(self.offers.items())
            },
        }

    @classmethod
    def load(cls, folder: Path, state: Mapping[str, Any], *, trees: TreeRisk) -> Self:
        """What `save` wrote.

        Args:
            folder: Where to.
            state: What it gave back.
            trees: Those of the risk.
        """
        features, typical = state["leaving"], state["typical"]
        leaving = TreeRisk.load(folder / LEAVING, features=features) if features else None
        return cls(
            Rate(*state["prior"]),
            leaving,
            Grievance(leaving or trees, typical) if typical is not None else None,
            {
                offer: _lesson(each, folder, f"uplift-{number}")
                for number, (offer, each) in enumerate(state["offers"].items())
            },
        )


def _state(lesson: Lesson, folder: Path, name: str) -> dict[str, Any]:
    return {
        "contacts": lesson.contacts,
        "rates": lesson.rates.to_dict(),
        "stop": lesson.stop.to_dict(),
        "uplift": lesson.uplift.save(folder, name) if lesson.uplift else None,
        "slope": list(lesson.slope),
        "measures": dict(lesson.measures),
        "findings": [
            {"level": each.level, "text": each.text, "name": each.name, "figures": each.figures}
            for each in lesson.findings
        ],
    }


def _lesson(state: Mapping[str, Any], folder: Path, name: str) -> Lesson:
    return Lesson(
        state["contacts"],
        SaveRates.from_dict(state["rates"]),
        StopRule.from_dict(state["stop"]),
        Uplift.load(folder, name, state["uplift"]) if state["uplift"] else None,
        Rate(*state["slope"]),
        state["measures"],
        tuple(Finding(**each) for each in state["findings"]),
    )
