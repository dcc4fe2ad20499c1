"""Whom the satisfied customers bring."""

import numpy as np
import pandas as pd

from features.company.arrays import Floats, Ints, Strings, traits, where_known
from features.company.experience import Experience
from features.company.window import ids

_REFERRALS_PER_DAY = 0.0008  # of a customer of average loyalty who is not upset
_JOINING_SHARE = 0.5
_DAYS_TO_JOIN = 20.0  # mean


def draw_referrals(
    people: pd.DataFrame, experience: Experience, days: int, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Referrals by customers who have not left; some of those referred become customers.

    They are drawn as if nobody left, so that who refers does not depend on who else stays.
    """
    stay = days - people["acquired_at"]
    count = rng.poisson(_REFERRALS_PER_DAY * np.exp(0.6 * people["loyalty"]) * stay)
    referrals = pd.DataFrame({"customer": np.repeat(np.arange(len(people)), count)})
    stayed = rng.random(len(referrals)) * stay.to_numpy()[referrals["customer"]]
    referrals["occurred_at"] = traits(people, "acquired_at", referrals) + stayed
    referrals = referrals.assign(**_referred(referrals, people, rng))
    upset = experience.upset(referrals["customer"].to_numpy(), referrals["occurred_at"].to_numpy())
    made = rng.random(len(referrals)) < np.exp(-upset)
    return referrals[made & (referrals["occurred_at"] < traits(people, "left_at", referrals))]


def _referred(
    made: pd.DataFrame, people: pd.DataFrame, rng: np.random.Generator
) -> dict[str, Strings | Floats]:
    """The id of the next customer acquired after the referral, for each customer once, and when."""
    joins_at = made["occurred_at"].to_numpy() + rng.exponential(_DAYS_TO_JOIN, len(made))
    joining: Ints = np.searchsorted(people["acquired_at"].to_numpy(), joins_at, side="right")
    joins = (rng.random(len(made)) < _JOINING_SHARE) & (joining < len(people))
    joins &= ~pd.Series(np.where(joins, joining, -1 - np.arange(len(made)))).duplicated().to_numpy()
    acquired_at = np.append(people["acquired_at"].to_numpy(), np.nan)[joining]
    return {
        "referred_customer_id": where_known(joins, ids("customers", joining)),
        "joined_at": np.where(joins, acquired_at, np.nan),
    }
