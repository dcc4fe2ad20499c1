"""When the customers buy, for how much, and what they are promised."""

import numpy as np
import pandas as pd

from features.company.arrays import Bools, Floats, Ints, pick, traits
from features.company.effects import Effects
from features.company.window import Window

CHANNELS = ("web", "shop", "app", "phone")
"""Where customers buy; only the shop delivers at once and promises nothing."""
CHANNEL_SHARES = (0.45, 0.25, 0.20, 0.10)
"""The share of customers who favour each."""

_SHOP = CHANNELS.index("shop")
_CATEGORIES = ("home", "fashion", "electronics", "grocery", "beauty")
_CATEGORY_SHARES = np.array([0.25, 0.25, 0.15, 0.25, 0.10])
_RELATIVE_PRICES = np.array([1.2, 0.9, 1.9, 0.5, 0.8])
_RELATIVE_PRICES /= _CATEGORY_SHARES @ _RELATIVE_PRICES
_MARGIN_RATES = np.array([0.40, 0.50, 0.25, 0.30, 0.55])
_DISCOUNT_CHANCES = np.array([0.10, 0.50])  # by is_price_minded
_DISCOUNT_RANGE = (0.05, 0.25)  # share of the list price
_LOWEST_PRICE = 0.5


def draw_purchases(
    people: pd.DataFrame, window: Window, effects: Effects, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Every purchase if nobody left, by customer and time."""
    customer, day = _purchase_times(people, window, effects.seasonality, rng)
    purchases = pd.DataFrame({"customer": customer, "occurred_at": day})
    category = rng.choice(len(_CATEGORIES), len(day), p=_CATEGORY_SHARES)
    channel = np.where(
        rng.random(len(day)) < 0.75,
        people["favourite_channel"].to_numpy()[customer],
        rng.choice(len(CHANNELS), len(day), p=CHANNEL_SHARES),
    )
    return purchases.assign(
        purchase=purchases.index,
        channel=pick(CHANNELS, channel),
        category=pick(_CATEGORIES, category),
        **_money(people, purchases, category, rng),
        **_promises(people, purchases, channel == _SHOP, effects, rng),
    )


def _purchase_times(
    people: pd.DataFrame, window: Window, seasonality: float, rng: np.random.Generator
) -> tuple[Ints, Floats]:
    calendar, clock = _busy_clock(window, seasonality)
    shape = people["gap_shape"].to_numpy()
    scale = 1 / (shape * people["purchase_rate"].to_numpy())
    first = people["acquired_at"].to_numpy() + rng.exponential(0.1, len(people))
    customer, time = np.arange(len(people)), np.interp(first, calendar, clock, right=np.inf)
    rounds = []
    while customer.size:
        inside = time < clock[-1]
        customer, time = customer[inside], time[inside]
        rounds.append((customer, time))
        time = time + rng.gamma(shape[customer]) * scale[customer]
    customers, times = (np.concatenate(parts) for parts in zip(*rounds, strict=True))
    order = np.lexsort((times, customers))
    return customers[order], np.interp(times[order], clock, calendar)


def _busy_clock(window: Window, seasonality: float) -> tuple[Floats, Floats]:
    """Days of the calendar and, for each, a clock that runs fastest in mid December."""
    calendar = np.arange(window.days + 1.0)
    year = 2 * np.pi / 365.25
    phase = year * (calendar + window.start.day_of_year - 350)
    return calendar, calendar + seasonality / year * (np.sin(phase) - np.sin(phase[0]))


def _money(
    people: pd.DataFrame, purchases: pd.DataFrame, category: Ints, rng: np.random.Generator
) -> dict[str, Floats]:
    count = len(purchases)
    price = traits(people, "list_price", purchases) * _RELATIVE_PRICES[category]
    price = np.maximum(price * rng.gamma(4.0, 0.25, count), _LOWEST_PRICE)
    chance = _DISCOUNT_CHANCES[traits(people, "is_price_minded", purchases).astype(int)]
    discount = price * (rng.random(count) < chance) * rng.uniform(*_DISCOUNT_RANGE, count)
    margin = price * _MARGIN_RATES[category] - discount
    money = {"amount": price - discount, "margin": margin, "discount": discount}
    return {name: value.round(2) for name, value in money.items()}


def expected_money(people: pd.DataFrame, effects: Effects) -> tuple[Floats, Floats]:
    """Expected amount and margin per purchase of each customer, refunds taken off."""
    kept = people["list_price"].to_numpy() * (1 - effects.refund_share)
    chance = _DISCOUNT_CHANCES[people["is_price_minded"].to_numpy(int)]
    discount = chance * np.mean(_DISCOUNT_RANGE)
    margin_rate = _CATEGORY_SHARES * _RELATIVE_PRICES @ _MARGIN_RATES
    return kept * (1 - discount), kept * (margin_rate - discount)


def _promises(
    people: pd.DataFrame,
    purchases: pd.DataFrame,
    in_shop: Bools,
    effects: Effects,
    rng: np.random.Generator,
) -> dict[str, Floats | Bools]:
    """The end of the promised day, the delivery, and whether it is or will be late."""
    count, day = len(purchases), purchases["occurred_at"].to_numpy()
    promised = np.where(in_shop, np.nan, np.ceil(day) + rng.integers(4, 12, count))
    is_late = (rng.random(count) < traits(people, "late_share", purchases)) & ~in_shop
    on_time = day + (promised - day) * rng.beta(2.5, 2.2, count)
    late = promised + effects.days_late * np.exp(0.97 * rng.normal(size=count))
    delivered = np.where(is_late, late, on_time)
    return {"promised_at": promised, "delivered_at": delivered, "is_late": is_late}


def draw_transactions(
    purchases: pd.DataFrame, effects: Effects, *, rng: np.random.Generator
) -> pd.DataFrame:
    """The purchases and their refunds."""
    refunds = purchases[rng.random(len(purchases)) < effects.refund_share]
    refunds = refunds.assign(
        occurred_at=refunds["occurred_at"] + rng.uniform(1, 20, len(refunds)),
        amount=-refunds["amount"],
        margin=-refunds["margin"],
        discount=0.0,
        promised_at=np.nan,
        delivered_at=np.nan,
    )
    rows = pd.concat([purchases, refunds], ignore_index=True)
    is_delayed = rng.random(len(rows)) < effects.late_recorded_share
    rows["recorded_at"] = rows["occurred_at"] + is_delayed * rng.uniform(0.1, 3, len(rows))
    return rows
