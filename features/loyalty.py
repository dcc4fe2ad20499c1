"""Loyalty: whether the customer recommends, widens, and pays the full price."""

import numpy as np

from features.asof import AsOf, ratio
from features.family import Family, Look
from features.feature import Feature
from features.purchases import begins
from features.timeline import Floats, Ints

RECENT_DAYS = 180


class Loyalty:
    """Referrals, and what purchases tell of attachment."""

    def __init__(self, look: Look) -> None:
        sold = look.records["transactions"]
        bought = sold.select(sold.columns["amount"] >= 0)
        none = sold.none()
        self._bought = AsOf(bought, look.pairs)
        self._given = AsOf(look.records.tables.get("referrals", none), look.pairs)
        self._followed = AsOf(look.records.tables.get("referred_purchases", none), look.pairs)

    def referrals(self) -> Ints:
        """Referrals given."""
        return self._given.count()

    def referred_purchases(self) -> Ints:
        """Purchases by customers they referred."""
        return self._followed.count()

    def full_price(self) -> Floats:
        """Share of purchases without a discount; NaN where discounts are not recorded."""
        bought = self._bought.timeline
        known = self._bought.sum(bought.known("discount"))
        return ratio(self._bought.sum(bought.column("discount") == 0), known)

    def channels(self) -> Ints:
        """Channels bought through."""
        return self._bought.sum(self._bought.timeline.novel("channel"))

    def categories(self) -> Ints:
        """Categories bought."""
        return self._bought.sum(self._bought.timeline.novel("category"))

    def connection(self) -> Floats:
        """Emotional connection: the share of four signs that show, between 0 and 1.

        The customer bought on more days in the last 180 than in the 180 before; widened to a
        second category or channel; recommends; pays the full price more often than not.
        """
        days = self._bought.where(begins(self._bought.timeline))
        widened = self.categories() + self.channels() > 2
        signs = (
            2 * days.count(RECENT_DAYS) > days.count(2 * RECENT_DAYS),
            widened,
            self.referrals() > 0,
            self.full_price() > 0.5,
        )
        return np.asarray(np.mean(signs, axis=0))


FAMILY = Family(
    "loyalty",
    (),
    Loyalty,
    (
        Feature(
            "referrals", "1", "referrals given", "loyalty", Loyalty.referrals, needs=("referrals",)
        ),
        Feature(
            "referred_purchases",
            "1",
            "purchases of referred customers",
            "loyalty",
            Loyalty.referred_purchases,
            needs=("referred_purchases",),
        ),
        Feature(
            "full_price_share",
            "1",
            "share of purchases at full price",
            "discounts",
            Loyalty.full_price,
            needs=("transactions.discount",),
        ),
        Feature(
            "channels",
            "1",
            "channels bought through",
            "breadth",
            Loyalty.channels,
            needs=("transactions.channel",),
        ),
        Feature(
            "categories",
            "1",
            "categories bought",
            "breadth",
            Loyalty.categories,
            needs=("transactions.category",),
        ),
        Feature(
            "connection",
            "0-1",
            "signs of emotional connection",
            "loyalty",
            Loyalty.connection,
            needs=("referrals", "transactions.category", "transactions.discount"),
        ),
    ),
)
