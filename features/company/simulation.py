"""The parts put together: one simulated company."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.company.campaigns import Campaign, require_possible
from features.company.effects import OFFER_DAYS, OFFERS, Effects
from features.company.experience import Experience, hazard, offer_log_hazard
from features.company.lives import Lives, redeem
from features.company.people import draw_people
from features.company.purchases import draw_purchases, draw_transactions, expected_money
from features.company.referrals import draw_referrals
from features.company.surveys import draw_surveys
from features.company.tickets import draw_purchase_contacts, draw_ticket_contacts, draw_tickets
from features.company.window import Window, ids, number

_DEFAULTS = Effects()
_TYPES = ["is_regular", "is_price_minded", "is_silent", "is_driven_away"]


@dataclass(frozen=True)
class Company:
    """The records of a simulated company up to the end of its window, and the truth about it.

    `tables` holds customers, transactions, surveys, tickets, contacts, referrals and offers as a
    user would hand them in, sorted by time. CES is 1-7, high when it was easy. `resolved_at` is
    the first resolution, which a reopening follows. `propensity` is the probability of the arm
    that was drawn, control included. `cost` is spent at the decision.

    `truth` has one row per customer, in the order of `customers`. *Last* means at the end of the
    window or, for those who left, just before leaving.

    - customer_id
    - purchase_rate: purchases per day while with the company
    - gap_shape: gamma shape of the gaps between purchases; 1 is a Poisson process
    - spend_per_purchase, margin_per_purchase: expected, discounts and refunds taken off
    - loyalty: standard normal
    - base_hazard: hazard of leaving per day when not upset
    - upset: last points of remembered grievances
    - last_hazard: last hazard of leaving per day, no offer in force
    - left_at: when the customer left; NaT for those who did not in the window
    - is_regular, is_price_minded, is_silent, is_driven_away: the types that `Effects` explains
    - offer_log_hazard: change of the log hazard for `OFFER_DAYS` by an offer in the last state
    - offer_effect: change of P(leaving within `OFFER_DAYS`) by that offer, last_hazard held;
      negative saves, positive drives away
    - call_effect, discount_effect: the same by the other `OFFERS`
    """

    tables: dict[str, pd.DataFrame]
    truth: pd.DataFrame


def simulate(
    customers: int = 5_000,
    *,
    days: int = 730,
    until: int | None = None,
    start: str = "2024-01-01",
    random_state: int = 0,
    effects: Effects = _DEFAULTS,
    campaigns: Sequence[Campaign] | None = None,
) -> Company:
    """Simulate a company over `days` from midnight UTC of `start`.

    Customers are acquired throughout these days. Nothing that happens or becomes known on the day
    `until` or later is in the tables: the last day unless another is given. Equal arguments give
    equal companies; with another `until` it is the same company, looked at earlier. Companies that
    differ in `campaigns` alone differ only by what the offers do.

    Args:
        customers: How many are acquired.
        days: Length of the window.
        until: The day the company is seen.
        start: Its first day.
        random_state: Seed of everything random.
        effects: What makes the customers buy, complain, answer and leave.
        campaigns: The offers made and withheld; left out: the company's own, at random.

    Raises:
        QuerenciaError: where a campaign is not decided every `STEP` days, or makes an offer that
            `OFFERS` does not know, or to a customer there is not.
    """
    rngs = iter(np.random.default_rng(random_state).spawn(10))
    window = Window(pd.Timestamp(start, tz="UTC"), days if until is None else until)
    people = draw_people(customers, days, effects, rng=next(rngs))
    purchases = draw_purchases(people, Window(window.start, days), effects, rng=next(rngs))
    tickets = draw_tickets(purchases, people, effects, rng=next(rngs))
    contacts = draw_ticket_contacts(tickets, effects, rng=next(rngs))
    experience = Experience(purchases, tickets, contacts, effects)
    lives = Lives(people, purchases, experience, effects, rng=next(rngs))
    require_possible(campaigns or (), customers)
    offers = lives.run(days, campaigns)
    people["left_at"] = lives.left_at

    is_made = np.append(purchases["occurred_at"] < lives.left_at[purchases["customer"]], True)

    def kept(rows: pd.DataFrame) -> pd.DataFrame:
        return rows[is_made[rows["purchase"]]]

    numbered = number("tickets", kept(tickets))
    experience = Experience(kept(purchases), numbered, kept(contacts), effects)
    # Drawn about every purchase, made or not, so that nobody's luck hangs on who leaves.
    around = draw_purchase_contacts(purchases, people, rng=next(rngs))
    contacts = pd.concat([contacts, around], ignore_index=True)
    transactions = draw_transactions(purchases, effects, rng=next(rngs))
    surveys = draw_surveys(purchases, tickets, people, experience, days, effects, rng=next(rngs))
    tables = {
        "customers": people,
        "transactions": kept(transactions),
        "surveys": kept(surveys),
        "tickets": numbered,
        "contacts": kept(contacts).assign(ticket_id=contacts["ticket"].map(numbered["ticket_id"])),
        "referrals": draw_referrals(people, experience, days, rng=next(rngs)),
        "offers": redeem(offers, kept(purchases), people, rng=next(rngs)),
    }
    return Company(
        {name: window.publish(name, table) for name, table in tables.items()},
        window.with_instants(_truth(people, experience, window, effects)),
    )


def _truth(
    people: pd.DataFrame, experience: Experience, window: Window, effects: Effects
) -> pd.DataFrame:
    people = people[people["acquired_at"] < window.days]
    everybody = np.arange(len(people))
    upset = experience.upset(everybody, np.minimum(people["left_at"].to_numpy(), window.days))
    last_hazard = hazard(people["base_hazard"].to_numpy(), upset, effects)
    change = {name: offer_log_hazard(people, upset, effects, name) for name in OFFERS}
    stays = np.exp(-OFFER_DAYS * last_hazard)
    effect = {
        name: stays - np.exp(-OFFER_DAYS * last_hazard * np.exp(by)) for name, by in change.items()
    }
    spend, margin = expected_money(people, effects)
    known = {
        "customer_id": ids("customers", everybody),
        **people[["purchase_rate", "gap_shape", "loyalty", "base_hazard", *_TYPES]],
        "left_at": window.hide(people["left_at"]),
        "spend_per_purchase": spend,
        "margin_per_purchase": margin,
        "upset": upset,
        "last_hazard": last_hazard,
        "offer_log_hazard": change["voucher"],
        "offer_effect": effect["voucher"],
        "call_effect": effect["call"],
        "discount_effect": effect["discount"],
    }
    return pd.DataFrame(known)
