"""How long the customers stay, and the campaigns meant to keep them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from features.company.arrays import LANE, Floats, Ints, lane_keys, traits
from features.company.campaigns import NOBODY, STEP, Campaign, at_random
from features.company.effects import OFFER_DAYS, OFFERS, Effects
from features.company.experience import Experience, hazard, offer_log_hazard

_CAMPAIGN_EVERY = 120  # days, more than OFFER_DAYS: no two offers act at a time
_CAMPAIGN_RECENCY = 180  # days; only customers seen to buy this lately are contacted
_OFFER_SHARES = (0.5, 0.7)  # of those contacted; campaigns take turns
_REDEEM_DAYS = 30


class Lives:
    """The customers' lives, a few days at a time.

    A customer leaves when the hazard they have lived through exceeds a standard exponential draw;
    `_luck` is what is left of it.
    """

    def __init__(
        self,
        people: pd.DataFrame,
        purchases: pd.DataFrame,
        experience: Experience,
        effects: Effects,
        *,
        rng: np.random.Generator,
    ) -> None:
        """Start before anybody is acquired; `rng` decides who leaves when, and who is contacted."""
        self.left_at = np.full(len(people), np.inf)
        self._people, self._experience, self._effects, self._rng = people, experience, effects, rng
        self._acquired_at = people["acquired_at"].to_numpy()
        self._base_hazard = people["base_hazard"].to_numpy()
        self._purchase_keys = lane_keys(purchases, "occurred_at")
        self._luck = rng.exponential(size=len(people))
        self._offer_log_hazard = np.zeros(len(people))
        self._offer_ends_at = np.zeros(len(people))

    def run(self, days: int, campaigns: Sequence[Campaign] | None) -> pd.DataFrame:
        """Live through the window; return the offers made and withheld.

        Args:
            days: Length of the window.
            campaigns: Theirs; None for the company's own.
        """
        offers = [self._make(NOBODY)]
        for today in range(0, days, STEP):
            for campaign in self._decided(today, campaigns):
                name = f"campaign-{len(offers) - 1}"
                offers.append(self._make(campaign).assign(campaign_id=name))
            self._advance(today, min(today + STEP, days))
        return pd.concat(offers, ignore_index=True)

    def _decided(self, today: int, campaigns: Sequence[Campaign] | None) -> list[Campaign]:
        if campaigns is not None:
            return [each for each in campaigns if each.day == today]
        return [self._own(today)] if today % _CAMPAIGN_EVERY == 0 else []

    def _advance(self, today: int, tomorrow: int) -> None:
        here = np.flatnonzero((self._acquired_at < tomorrow) & np.isinf(self.left_at))
        pace = hazard(self._base_hazard[here], self._upset(here, today), self._effects)
        in_force = today < self._offer_ends_at[here]
        pace = pace * np.exp(np.where(in_force, self._offer_log_hazard[here], 0.0))
        self._luck[here] -= pace * (tomorrow - np.maximum(today, self._acquired_at[here]))
        is_leaving = self._luck[here] <= 0
        leaving = here[is_leaving]
        self.left_at[leaving] = tomorrow + self._luck[leaving] / pace[is_leaving]

    def _upset(self, customer: Ints, today: int) -> Floats:
        return self._experience.upset(customer, np.full(len(customer), float(today)))

    def _own(self, today: int) -> Campaign:
        contacted, number = self._contacted(today), today // _CAMPAIGN_EVERY
        share = _OFFER_SHARES[number % len(_OFFER_SHARES)]
        is_offered = self._rng.random(len(contacted)) < share
        return at_random(today, contacted, share=share, is_offered=is_offered)

    def _make(self, campaign: Campaign) -> pd.DataFrame:
        """Let the offers of a campaign act from today on, in place of what was offered before."""
        made = np.zeros(len(campaign.arm))
        for offer in OFFERS:
            chosen = campaign.arm == offer
            who = campaign.customers[chosen]
            upset = self._upset(who, campaign.day)
            change = offer_log_hazard(self._people.take(who), upset, self._effects, offer)
            self._offer_log_hazard[who] = change
            self._offer_ends_at[who] = campaign.day + OFFER_DAYS
            made[chosen] = self._effects.offer_cost
        return pd.DataFrame(
            {
                "customer": campaign.customers,
                "campaign_id": None,
                "decided_at": float(campaign.day),
                "arm": campaign.arm,
                "cost": made,
                "propensity": campaign.propensity,
            }
        )

    def _contacted(self, today: int) -> Ints:
        """A random share of those seen to buy lately, whether or not they have left since."""
        lanes = np.arange(len(self._people)) * LANE
        since = max(today - _CAMPAIGN_RECENCY, 0)
        before = np.searchsorted(self._purchase_keys, lanes + since)
        by_now = np.searchsorted(self._purchase_keys, lanes + np.minimum(today, self.left_at))
        is_drawn = self._rng.random(len(lanes)) < self._effects.contacted_share
        return np.flatnonzero((by_now > before) & is_drawn)


def redeem(
    offers: pd.DataFrame, purchases: pd.DataFrame, people: pd.DataFrame, *, rng: np.random.Generator
) -> pd.DataFrame:
    """The offers, and for some vouchers the purchase soon afterwards at which they were used."""
    purchase_keys = lane_keys(purchases, "occurred_at")
    after = np.searchsorted(purchase_keys, lane_keys(offers, "decided_at"))
    buyer = np.append(purchases["customer"].to_numpy(), -1)[after]
    bought_at = pd.Series(np.append(purchases["occurred_at"].to_numpy(), np.nan)[after])
    chance = np.where(traits(people, "is_price_minded", offers) > 0, 0.7, 0.3)
    is_used = (offers["arm"] != "control") & (rng.random(len(offers)) < chance)
    is_used &= (buyer == offers["customer"]) & (bought_at < offers["decided_at"] + _REDEEM_DAYS)
    return offers.assign(redeemed_at=bought_at.where(is_used))
