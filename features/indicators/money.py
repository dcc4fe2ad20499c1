"""What a point of an indicator goes with in money: the spend of the horizon after it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from features.indicators import facts
from features.indicators.catalogue import INDICATORS
from features.indicators.figures import LEVEL, Figure
from features.indicators.indicator import Indicator
from features.indicators.known import has, hours, known, literal
from features.indicators.period import Period
from features.settings import FeatureSettings
from features.store import Store

Floats = NDArray[np.float64]

EXPERIENCES = (facts.ANSWERS, facts.PROMISES, facts.RESOLVED, facts.RESPONDED)
"""Facts that happen to a customer on a day, after which spend can be looked at."""

FEWEST = 20
"""Where fewer customers than this differ from the commonest value, nothing is told."""

CAUTION = (
    "goes with, not causes: who is content may spend more for other reasons, though customers are "
    "compared at the same spend before"
)
"""What to say beside every slope."""


@dataclass(frozen=True)
class Worth:
    """What one unit more of an indicator goes with.

    Attributes:
        indicator: Which one; a unit is one point of it, and from none to all of a share.
        spend: Currency of net spend in the horizon after, per customer; n counts customers.
    """

    indicator: Indicator
    spend: Figure


def worth(
    store: Store,
    settings: FeatureSettings,
    period: Period,
    *,
    indicators: Iterable[str] = tuple(INDICATORS),
) -> tuple[Worth, ...]:
    """What each indicator goes with in spend, by experiences whose horizon closed in the period.

    The last experience of each customer counts: the slope of the net spend in the horizon after it
    on its value, at equal net spend in the horizon before it (`slope`). See `CAUTION`.
    """
    there = has(store)
    read = [
        indicator
        for indicator in map(INDICATORS.__getitem__, indicators)
        if indicator.facts in EXPERIENCES
        and not indicator.name.endswith("_worst")
        and indicator.statistic.name != "spread"
        and indicator.facts.needs | indicator.needs <= there
    ]
    with known(store, settings.time_zone, before=period.end) as connection:
        found = []
        for indicator in read:
            sql = _sql(indicator, period, settings.horizon_days)
            columns = connection.execute(sql).fetchnumpy()
            x, past, ahead = (np.asarray(columns[n], float) for n in ("x", "past", "ahead"))
            if _differ(x) >= FEWEST:
                found.append(Worth(indicator, slope(x, past, ahead)))
        return tuple(found)


def _differ(x: Floats) -> int:
    """How many differ from the commonest value."""
    return len(x) - int(np.unique(x, return_counts=True)[1].max(initial=0))


def _sql(indicator: Indicator, period: Period, horizon_days: int) -> str:
    horizon, end = hours(horizon_days), literal(period.end)
    rows = indicator.facts.sql.format(start=literal(period.start), end=end, horizon=horizon)
    return f"""
        WITH last AS (
            SELECT customer_id, max({{'known_at': known_at, 'x': x}}) AS told
            FROM (SELECT *, CAST(({indicator.value}) AS DOUBLE) AS x FROM ({rows}))
            WHERE x IS NOT NULL AND known_at >= {literal(period.start)}
                  AND known_at <= {end} - {horizon}
            GROUP BY customer_id)
        SELECT told.x AS x,
               coalesce(sum(amount) FILTER (occurred_at <= told.known_at), 0) AS past,
               coalesce(sum(amount) FILTER (occurred_at > told.known_at), 0) AS ahead
        FROM last LEFT JOIN transactions t ON t.customer_id = last.customer_id
             AND t.occurred_at >= told.known_at - {horizon}
             AND t.occurred_at < told.known_at + {horizon}
        GROUP BY last.customer_id, told ORDER BY last.customer_id"""


def slope(x: Floats, past: Floats, ahead: Floats) -> Figure:
    """Least-squares slope of `ahead` on `x` at equal `past`, all of shape (customers,).

    The interval allows for any scatter, and for few customers having an uncommon x (HC3, MacKinnon
    and White 1985).
    """
    n = len(x)
    basis, triangle = np.linalg.qr(np.column_stack([np.ones(n), past, x]))
    if n < 4 or abs(triangle[2, 2]) <= 1e-9 * np.linalg.norm(x):
        return Figure(n)
    # x is last, so its coefficient rests on the last column of the basis alone.
    shares = basis.T @ ahead
    value = float(shares[2] / triangle[2, 2])
    leverage = np.minimum((basis**2).sum(axis=1), 1 - 1e-9)
    scatter = (ahead - basis @ shares) / (1 - leverage) * basis[:, 2]
    error = float(np.linalg.norm(scatter) / abs(triangle[2, 2]))
    reach = float(stats.t.ppf((1 + LEVEL) / 2, n - 3)) * error
    return Figure(n, value, value - reach, value + reach)
