"""What customers need help with, how it is dealt with, and every contact on the way."""

import numpy as np
import pandas as pd

from features.company.arrays import Floats, pick, traits
from features.company.comments import THEMES
from features.company.effects import Effects

_CHANNELS = ("email", "phone", "chat", "shop")
_CHANNEL_SHARES = (0.35, 0.40, 0.20, 0.05)
_AGENTS = tuple(f"agent {number:02d}" for number in range(1, 41))

# Resolution hours at quantiles of the UCI ServiceNow incident log (24,918 tickets), interpolated
# in logarithms between. In the log 35 % take more than 72 h, and the mean is 178 h (here 193 h).
_QUANTILES = (0.0, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 1.0)
_RESOLUTION_HOURS = (0.02, 0.1, 0.42, 22.1, 148.5, 381.5, 710.5, 2843.0, 8070.0)

_PHASES = ("discover", "buy", "deliver", "use")
_TOUCHPOINTS = ("catalogue", "checkout", "tracking", "guides")
_PHASE_SHARES = (0.25, 0.45, 0.20, 0.10)
_PHASE_DELAYS = np.array([-0.5, 0.0, 3.0, 20.0])  # mean days from the purchase to the contact


def draw_tickets(
    purchases: pd.DataFrame,
    people: pd.DataFrame,
    effects: Effects,
    *,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The tickets purchases lead to; `slowness` is the rank of the resolution time."""
    chance = np.where(purchases["is_late"], effects.late_ticket_share, effects.ticket_share)
    is_silent = traits(people, "is_silent", purchases) > 0
    chance = chance * np.where(is_silent, effects.silent_ticket_ratio, 1.0)
    chance = chance * traits(people, "trouble", purchases)
    causes = purchases[rng.random(len(purchases)) < chance]
    count, is_late = len(causes), causes["is_late"].to_numpy()
    since = np.where(is_late, causes["promised_at"], causes["occurred_at"])
    tickets = pd.DataFrame(
        {
            "purchase": causes.index,
            "customer": causes["customer"].to_numpy(),
            "opened_at": since + rng.exponential(np.where(is_late, 1.0, 4.0)),
            "slowness": rng.random(count),
            "topic": np.where(is_late, "delivery", pick(THEMES[1:], rng.integers(4, size=count))),
            "channel": pick(_CHANNELS, rng.choice(len(_CHANNELS), count, p=_CHANNEL_SHARES)),
            "is_complaint": rng.random(count) < np.where(is_late, 0.7, 0.25),
        }
    )
    return tickets.assign(**_resolution(tickets, effects, rng))


def _resolution(
    tickets: pd.DataFrame, effects: Effects, rng: np.random.Generator
) -> dict[str, Floats]:
    count, opened = len(tickets), tickets["opened_at"].to_numpy()
    slowness = tickets["slowness"].to_numpy()
    hours = np.exp(np.interp(slowness, _QUANTILES, np.log(_RESOLUTION_HOURS)))
    lasts = np.where(rng.random(count) < effects.unresolved_share, np.inf, hours / 24)
    resolved = opened + lasts
    response = np.minimum(0.1 * np.exp(1.2 * rng.normal(size=count)), lasts)
    comes_back = np.where(rng.random(count) < effects.reopened_share, 1.0, np.nan)
    minutes = 12 * np.exp(slowness + 0.6 * rng.normal(size=count))
    return {
        "first_response_at": opened + response,
        "resolved_at": resolved,
        "reopened_at": resolved + comes_back * rng.exponential(5.0, count),
        "handling_minutes": minutes.round(1),
    }


def draw_ticket_contacts(
    tickets: pd.DataFrame, effects: Effects, *, rng: np.random.Generator
) -> pd.DataFrame:
    """One contact when a ticket is opened, and more while it is open, the slower the more."""
    extra = rng.poisson(2 * effects.extra_contacts * tickets["slowness"])
    about = tickets.loc[np.repeat(tickets.index, 1 + extra)]
    count, is_repeat = len(about), about.index.duplicated()
    other = pick(_CHANNELS, rng.integers(len(_CHANNELS), size=count))
    is_switch = is_repeat & (rng.random(count) < effects.switch_share) & (other != about["channel"])
    open_days = (about["resolved_at"] - about["opened_at"]).fillna(np.inf).clip(upper=30.0)
    return pd.DataFrame(
        {
            "ticket": about.index,
            "purchase": about["purchase"],
            "customer": about["customer"],
            "occurred_at": about["opened_at"] + is_repeat * rng.random(count) * open_days,
            "channel": np.where(is_switch, other, about["channel"]),
            "phase": "support",
            "touchpoint": "help desk",
            "agent": pick(_AGENTS, rng.integers(len(_AGENTS), size=count)),
            "is_repeat": is_repeat,
            "is_switch": is_switch,
        }
    )


def draw_purchase_contacts(
    purchases: pd.DataFrame, people: pd.DataFrame, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Contacts around some purchases, in every phase but support."""
    around = purchases[rng.random(len(purchases)) < 0.4]
    phase = rng.choice(len(_PHASES), len(around), p=_PHASE_SHARES)
    day = around["occurred_at"] + _PHASE_DELAYS[phase] * rng.exponential(size=len(around))
    return pd.DataFrame(
        {
            "ticket": -1,
            "purchase": around["purchase"],
            "customer": around["customer"],
            "occurred_at": np.maximum(day, traits(people, "acquired_at", around)),
            "channel": around["channel"],
            "phase": pick(_PHASES, phase),
            "touchpoint": pick(_TOUCHPOINTS, phase),
        }
    )
