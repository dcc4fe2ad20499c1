"""The parts put together: one simulated company."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.company.effects import OFFER_DAYS, Effects
from features.company.experience import Experience, hazard, offer_log_hazard
from features.company.lives import Lives, redeem
from features.company.people import draw_people
from features.company.purchases import draw_purchases, draw_transactions, expected_money
from features.company.referrals import draw_referrals
from features.company.surveys import draw_surveys
from features.company.tickets import draw_purchase_contacts, draw_ticket_contacts, draw_tickets
from features.company.window import Window, ids

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
    """

    tables: dict[str, pd.DataFrame]
    truth: pd.DataFrame


def simulate(
    customers: int = 5_000,
    *,
    days: int = 730,
    start: str = "2024-01-01",
    random_state: int = 0,
    effects: Effects = _DEFAULTS,
) -> Company:
    """Simulate a company over `days` from midnight UTC of `start`.

    Customers are acquired throughout the window. Nothing that happens or becomes known at or after
    its end is in the tables. Equal arguments give equal companies.
    """
    rngs = iter(np.random.default_rng(random_state).spawn(10))
    window = Window(pd.Timestamp(start, tz="UTC"), days)
    people = draw_people(customers, days, effects, rng=next(rngs))
    purchases = draw_purchases(people, window, effects, rng=next(rngs))
    tickets = draw_tickets(purchases, people, window, effects, rng=next(rngs))
    contacts = draw_ticket_contacts(tickets, effects, rng=next(rngs))
    experience = Experience(purchases, tickets, contacts, effects)
    lives = Lives(people, purchases, experience, effects, rng=next(rngs))
    offers = lives.run(days)
    people["left_at"] = lives.left_at

    purchases = purchases[purchases["occurred_at"] < lives.left_at[purchases["customer"]]]
    tickets = window.number("tickets", tickets[tickets["purchase"].isin(purchases.index)])
    contacts = contacts[contacts["ticket"].isin(tickets.index)]
    experience = Experience(purchases, tickets, contacts, effects)
    around = draw_purchase_contacts(purchases, people, rng=next(rngs))
    contacts = pd.concat([contacts, around], ignore_index=True)
    tables = {
        "customers": people,
        "transactions": draw_transactions(purchases, window, effects, rng=next(rngs)),
        "surveys": draw_surveys(
            purchases, tickets, people, experience, window, effects, rng=next(rngs)
        ),
        "tickets": tickets,
        "contacts": contacts.assign(ticket_id=contacts["ticket"].map(tickets["ticket_id"])),
        "referrals": draw_referrals(people, experience, days, rng=next(rngs)),
        "offers": redeem(offers, purchases, people, rng=next(rngs)),
    }
    return Company(
        {name: window.publish(name, table) for name, table in tables.items()},
        window.with_instants(_truth(people, experience, days, effects)),
    )


def _truth(
    people: pd.DataFrame, experience: Experience, days: int, effects: Effects
) -> pd.DataFrame:
    everybody = np.arange(len(people))
    upset = experience.upset(everybody, np.minimum(people["left_at"].to_numpy(), days))
    last_hazard = hazard(people["base_hazard"].to_numpy(), upset, effects)
    change = offer_log_hazard(people, upset, effects)
    stays, stays_with_offer = (
        np.exp(-OFFER_DAYS * pace) for pace in (last_hazard, last_hazard * np.exp(change))
    )
    spend, margin = expected_money(people, effects)
    known = {
        "customer_id": ids("customers", everybody),
        **people[["purchase_rate", "gap_shape", "loyalty", "base_hazard", "left_at", *_TYPES]],
        "spend_per_purchase": spend,
        "margin_per_purchase": margin,
        "upset": upset,
        "last_hazard": last_hazard,
        "offer_log_hazard": change,
        "offer_effect": stays - stays_with_offer,
    }
    return pd.DataFrame(known)
