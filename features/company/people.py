"""Who the customers are, hidden traits included."""

import numpy as np
import pandas as pd

from features.company.arrays import pick
from features.company.effects import Effects
from features.company.purchases import CHANNEL_SHARES, CHANNELS

_COUNTRIES = ("ES", "MX", "GB", "US")
_COUNTRY_SHARES = (0.45, 0.15, 0.25, 0.15)

DRIVEN_AWAY_SHARES = (0.05, 0.3)
"""Of those who are not price-minded, by whether they are silent."""


def draw_people(
    count: int, days: int, effects: Effects, *, rng: np.random.Generator
) -> pd.DataFrame:
    """One row per customer, in the order of acquisition."""
    country = rng.choice(len(_COUNTRIES), count, p=_COUNTRY_SHARES)
    is_business = rng.random(count) < 0.15
    is_regular = rng.random(count) < effects.regular_share
    is_price_minded = rng.random(count) < 0.25
    is_silent = rng.random(count) < effects.silent_share
    loyalty = rng.normal(size=count)
    shape = effects.purchase_rate_shape
    shy_share = np.array(DRIVEN_AWAY_SHARES)[is_silent.astype(int)]
    return pd.DataFrame(
        {
            "acquired_at": np.sort(days * rng.random(count) ** 1.3),
            "segment": np.where(is_business, "business", "consumer"),
            "country": pick(_COUNTRIES, country),
            "speaks_english": (country > _COUNTRIES.index("MX")) ^ (rng.random(count) < 0.08),
            "favourite_channel": rng.choice(len(CHANNELS), count, p=CHANNEL_SHARES),
            "purchase_rate": rng.gamma(shape, effects.purchase_rate / shape, count),
            "gap_shape": np.where(is_regular, effects.regular_gap_shape, 1.0),
            "list_price": effects.spend * np.exp(0.6 * rng.normal(size=count) + 0.5 * is_business),
            "late_share": np.minimum(effects.late_share * rng.gamma(2.0, 0.5, count), 0.9),
            "trouble": rng.gamma(2.0, 0.5, count),
            "loyalty": loyalty,
            "base_hazard": effects.hazard * np.exp(-effects.loyalty_on_hazard * loyalty),
            "is_regular": is_regular,
            "is_price_minded": is_price_minded,
            "is_silent": is_silent,
            "is_driven_away": ~is_price_minded & (rng.random(count) < shy_share),
        }
    )
