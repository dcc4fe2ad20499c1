"""What customers hold against the company, and the hazard of leaving that follows."""

import numpy as np
import pandas as pd

from features.company.arrays import LANE, Floats, Ints
from features.company.comments import THEMES
from features.company.effects import OFFERS, Effects


class Experience:
    """The grievances of all customers, to be asked for at any time."""

    def __init__(
        self,
        purchases: pd.DataFrame,
        tickets: pd.DataFrame,
        contacts: pd.DataFrame,
        effects: Effects,
    ) -> None:
        """Collect the grievances from what happened."""
        grievances = _grievances(purchases, tickets, contacts, effects)
        key = grievances["customer"].to_numpy() * LANE + grievances["day"].to_numpy()
        order = np.argsort(key, kind="stable")
        points = np.zeros((len(key) + 1, len(THEMES)))
        theme = grievances["theme"].to_numpy()[order]
        points[np.arange(1, len(key) + 1), theme] = grievances["points"].to_numpy()[order]
        self._key, self._total = key[order], points.cumsum(axis=0)
        self._memory_days = effects.memory_days

    def points(self, customer: Ints, day: Floats) -> Floats:
        """Points remembered just before `day`, one column for each of `THEMES`."""
        since = np.maximum(day - self._memory_days, 0.0)
        first = np.searchsorted(self._key, customer * LANE + since)
        last = np.searchsorted(self._key, customer * LANE + day)
        # A difference of running totals leaves a rounding error where nothing happened.
        points: Floats = (self._total[last] - self._total[first]).round(6)
        return points

    def upset(self, customer: Ints, day: Floats) -> Floats:
        """The sum of the points over the themes."""
        total: Floats = self.points(customer, day).sum(axis=1)
        return total


def _grievances(
    purchases: pd.DataFrame, tickets: pd.DataFrame, contacts: pd.DataFrame, effects: Effects
) -> pd.DataFrame:
    """Each thing held against the company, on the day it was first felt."""
    delivery, service = THEMES.index("delivery"), THEMES.index("service")
    topic = pd.Categorical(tickets["topic"], THEMES).codes
    slow_at = tickets["opened_at"] + effects.slow_hours / 24
    felt = (
        (purchases["promised_at"].where(purchases["is_late"]), delivery, effects.late_delivery),
        (tickets["opened_at"].where(topic != delivery), topic, effects.problem),
        (slow_at.mask(tickets["resolved_at"] <= slow_at), service, effects.slow_ticket),
        (tickets["reopened_at"], service, effects.reopened_ticket),
        (contacts["occurred_at"].where(contacts["is_repeat"]), service, effects.repeat_contact),
        (contacts["occurred_at"].where(contacts["is_switch"]), service, effects.channel_switch),
    )
    whose = (purchases, tickets, tickets, tickets, contacts, contacts)
    return pd.concat(
        pd.DataFrame({"customer": who["customer"], "day": day, "theme": theme, "points": points})
        for who, (day, theme, points) in zip(whose, felt, strict=True)
    ).dropna()


def hazard(base: Floats, upset: Floats, effects: Effects) -> Floats:
    """Hazard of leaving per day, no offer in force."""
    return base * np.exp(effects.experience_on_hazard * np.minimum(upset, effects.worst_upset))


def offer_log_hazard(
    people: pd.DataFrame, upset: Floats, effects: Effects, offer: str = "voucher"
) -> Floats:
    """Change of the log hazard by an offer made to customers who are this upset."""
    for_wronged, for_price_minded = OFFERS[offer]
    helped = for_wronged * effects.offer_on_wronged * -np.expm1(-upset)
    is_price_minded = people["is_price_minded"].to_numpy()
    helped = helped + for_price_minded * effects.offer_on_price_minded * is_price_minded
    change = np.where(people["is_driven_away"], effects.offer_on_driven_away, helped)
    return effects.offer_on_all + change
