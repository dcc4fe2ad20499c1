"""The promise of a campaign: what it costs, what it is expected to bring, what more would bring."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from features.offers import CONTROL
from features.provenance import Provenance
from serving.budget import Point
from serving.catalogue import ASK
from serving.decisions import Decisions, Desk


@dataclass(frozen=True)
class Promise:
    """What a campaign is expected to come to; money in currency, without the control's.

    Attributes:
        budget: What could be spent.
        spent: What is expected to be.
        contacts: Customers contacted, those asked among them.
        asked: Customers asked.
        control: Customers left alone by chance.
        leaving: Of those contacted, how many are expected to leave for good within the horizon.
        kept: How many of these the offers are expected to keep.
        expected_profit: Beyond what is spent.
        expected_profit_low: The same, if the offers do as little as they do one time in ten.
        next_euro: What one more of the currency would bring beyond itself.
        next_contact: What one more contact would bring.
        offers: Customers contacted, by offer.
        curve: Profit by budget for offers, control included.
    """

    budget: float
    spent: float
    contacts: int
    asked: int
    control: int
    leaving: float
    kept: float
    expected_profit: float
    expected_profit_low: float
    next_euro: float
    next_contact: float
    offers: dict[str, int]
    curve: list[Point]

    @classmethod
    def of(cls, decisions: Decisions, budget: float) -> Self:
        """What these decisions promise."""
        rows = decisions.rows
        made = rows[rows["arm"] != CONTROL]
        return cls(
            budget=budget,
            spent=float(made["cost"].sum()),
            contacts=len(made),
            asked=int((made["offer"] == ASK).sum()),
            control=len(rows) - len(made),
            leaving=float(made["leaves"].sum()),
            kept=float(made["saved"].sum()),
            expected_profit=float(made["expected_profit"].sum()),
            expected_profit_low=float(made["expected_profit_low"].sum()),
            next_euro=decisions.choice.next_euro,
            next_contact=decisions.choice.next_contact,
            offers={str(name): int(size) for name, size in made["offer"].value_counts().items()},
            curve=decisions.curve,
        )

    def summary(self, desk: Desk, origin: Provenance) -> dict[str, Any]:
        """All of it with what it was made by, for JSON."""
        return {
            **asdict(self),
            "cutoff": origin.cutoff.isoformat(),
            "churn": origin.churn,
            "horizon_days": origin.horizon_days,
            "currency": origin.currency,
            "model_version": origin.model_version,
            "settings": {
                "campaign": desk.limits.model_dump(),
                "offers": {name: each.model_dump() for name, each in desk.offers.items()},
                "ask": desk.question.model_dump(),
            },
        }
