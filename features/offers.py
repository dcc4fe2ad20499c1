"""Offers: what was offered before, and how it was taken."""

import numpy as np

from features.asof import AsOf, ratio
from features.family import Family, Look
from features.feature import Feature
from features.timeline import Floats, Ints

EXPOSURE_DAYS = 90
CONTROL = "control"


class Offers:
    """Offers made to the customer; being held out as control is not an offer."""

    def __init__(self, look: Look) -> None:
        decided = look.records["offers"]
        made = decided.select(~decided.says("arm", CONTROL))
        self._made = AsOf(made, look.pairs, look.windows)
        self._redeemed = AsOf(made.by(made.column("redeemed_at")), look.pairs)

    def received(self, days: int | None = None) -> Ints:
        """Offers made."""
        return self._made.count(days)

    def redeemed(self) -> Floats:
        """Share of them redeemed."""
        return ratio(self._redeemed.count(), self._made.count())

    def since(self) -> Floats:
        """Days since the last one."""
        return self._made.since()

    def exposed(self) -> Ints:
        """Whether an offer was made in the last 90 days, whose effect may still last."""
        return (self.received(EXPOSURE_DAYS) > 0).astype(np.int64)


FAMILY = Family(
    "offers",
    ("offers",),
    Offers,
    (
        Feature("offers", "1", "offers received", "offers", Offers.received),
        Feature("offers_redeemed", "1", "share of offers redeemed", "offers", Offers.redeemed),
        Feature("offer_since", "days", "days since the last offer", "offers", Offers.since),
        Feature(
            f"offered_{EXPOSURE_DAYS}d",
            "0/1",
            f"whether an offer was made in the last {EXPOSURE_DAYS} days",
            "offers",
            Offers.exposed,
            EXPOSURE_DAYS,
        ),
    ),
)
