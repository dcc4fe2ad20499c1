"""Trends: what happens more or less often than in the period before, beyond chance."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from features.indicators.figures import Figure, odds
from features.indicators.known import known, literal
from features.indicators.period import Period
from features.settings import FeatureSettings
from features.store import Store


@dataclass(frozen=True)
class Trend:
    """How often something happened, beside the period before.

    Attributes:
        name: What: a topic, a theme.
        before: How often in the period before; and
        now: in this one.
        ratio: Now per before, for the same exposure; no value where it never happened before.
        p_value: Chance of counts this far apart if nothing changed.
        q_value: The same after so many looks (Benjamini and Hochberg 1995): of what is told as
            changed at 5 %, at most 5 % has not.
    """

    name: str
    before: int
    now: int
    ratio: Figure
    p_value: float
    q_value: float

    @property
    def changed(self) -> bool:
        """Whether it is beyond chance."""
        return self.q_value < 0.05


def trends(counts: Mapping[str, tuple[int, int]], *, exposure: float = 1.0) -> tuple[Trend, ...]:
    """Compare counts of two periods, the surest changes first.

    Given their sum, the later of two Poisson counts of the same rate is binomial (Przyborowski and
    Wilenski 1940), which makes the test exact. Counts that come in bursts vary more than Poisson's
    and are told as changed too often.

    Args:
        counts: By name, how often before and now; names without any are left out.
        exposure: Exposure now per exposure before: of days, customers or comments.
    """
    some = {name: pair for name, pair in counts.items() if sum(pair)}
    if not some:
        return ()
    expected = exposure / (1 + exposure)
    p_values = [stats.binomtest(b, a + b, expected).pvalue for a, b in some.values()]
    q_values = stats.false_discovery_control(np.minimum(p_values, 1.0))
    found = [
        Trend(name, early, late, _ratio(early, late, exposure), float(p), float(q))
        for (name, (early, late)), p, q in zip(some.items(), p_values, q_values, strict=True)
    ]
    return tuple(sorted(found, key=lambda trend: (trend.p_value, trend.name)))


def _ratio(before: int, now: int, exposure: float) -> Figure:
    per = odds(before + now, now)
    return Figure(per.n, *(each / exposure for each in per[1:]))


def ticket_trends(store: Store, settings: FeatureSettings, period: Period) -> tuple[Trend, ...]:
    """Tickets opened by topic, beside the period of the same length before."""
    start, middle = literal(period.before.start), literal(period.start)
    with known(store, settings.time_zone, before=period.end) as connection:
        rows = connection.execute(f"""
            SELECT topic, count(*) FILTER (opened_at < {middle}),
                   count(*) FILTER (opened_at >= {middle})
            FROM tickets WHERE opened_at >= {start} AND topic IS NOT NULL
            GROUP BY topic ORDER BY topic""").fetchall()
    return trends({topic: (early, late) for topic, early, late in rows})
