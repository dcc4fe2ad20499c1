"""Stages of life: buyer, customer, frequent, fan; who moves on, how likely and how soon."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal, get_args

import duckdb
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from features.cutoffs import last_days
from features.indicators.figures import LEVEL, NAN, Figure, share
from features.indicators.known import known, literal
from features.indicators.period import Period
from features.purchases import FREQUENT
from features.settings import FeatureSettings
from features.store import Store

Stage = Literal["new", "buyer", "customer", "frequent", "fan"]
STAGES: tuple[Stage, ...] = get_args(Stage)
"""In their order; "new" is who has not bought yet."""

PROMOTER = 0.85
"""Share of the NPS scale from which an answer is a promoter's: 8.5 of 10."""

_RECOMMENDED = f"""
    SELECT customer_id, occurred_at AS known_at FROM referrals UNION ALL
    SELECT customer_id, answered_at FROM answers WHERE kind = 'nps' AND share >= {PROMOTER}"""


def sql(instant: datetime, time_zone: str) -> str:
    """SQL of customer_id and stage of those who had bought before an instant.

    Over the views of `features.indicators.known`. Buyers bought on one day, customers on more;
    frequent ones on four or more and stay within their own long gap; fans are frequent and
    recommend: they referred somebody, or their last NPS answer is a promoter's.
    """
    last_day = f"DATE '1970-01-01' + {last_days((instant,), time_zone)[0]}"
    before = literal(instant)
    return f"""
    SELECT customer_id, CASE WHEN days <= 1 THEN 'buyer'
        WHEN days <= {FREQUENT} OR {last_day} - last > long_gap THEN 'customer'
        WHEN customer_id IN (
            SELECT customer_id FROM referrals WHERE occurred_at < {before} UNION ALL
            SELECT customer_id FROM answers WHERE kind = 'nps' AND answered_at < {before}
            GROUP BY customer_id HAVING arg_max(share, (answered_at, share)) >= {PROMOTER})
        THEN 'fan' ELSE 'frequent' END AS stage
    FROM (SELECT customer_id, count(*) AS days, max(day) AS last,
                 quantile_cont(gap, 0.9) AS long_gap
          FROM (SELECT customer_id, day,
                       day - lag(day) OVER (PARTITION BY customer_id ORDER BY day) AS gap
                FROM purchase_days WHERE known_at < {before})
          GROUP BY customer_id)"""


def counts(store: Store, settings: FeatureSettings, *, at: datetime) -> Mapping[Stage, int]:
    """How many customers were in each stage before an instant."""
    with known(store, settings.time_zone, before=at) as connection:
        rows = connection.execute(
            f"SELECT stage, count(*) FROM ({sql(at, settings.time_zone)}) GROUP BY stage"
        ).fetchall()
    found = dict(rows)
    return {stage: found.get(stage, 0) for stage in STAGES[1:]}


def transitions(
    store: Store, settings: FeatureSettings, period: Period
) -> Mapping[tuple[Stage, Stage], Figure]:
    """Of the customers in each stage at a period's start, the share in each one at its end.

    Customers who came in the period are "new" at its start.
    """
    zone = settings.time_zone
    with known(store, zone, before=period.end) as connection:
        rows = connection.execute(f"""
            SELECT coalesce(early.stage, 'new'), late.stage, count(*)
            FROM ({sql(period.end, zone)}) late LEFT JOIN ({sql(period.start, zone)}) early
            USING (customer_id) GROUP BY ALL""").fetchall()
    moved = {(early, late): count for early, late, count in rows}
    totals = {
        stage: sum(count for (early, _), count in moved.items() if early == stage)
        for stage in STAGES
    }
    return {
        (early, late): share(totals[early], moved.get((early, late), 0))
        for early in STAGES
        for late in STAGES[1:]
        if totals[early]
    }


@dataclass(frozen=True)
class Step:
    """The step from a stage to the next.

    Attributes:
        stage: Where customers are.
        following: Where they go.
        chance: Of taking it within the horizon; n is how many entered the stage.
        median_days: Days until half have taken it; NaN where that is not yet so.
    """

    stage: Stage
    following: Stage
    chance: Figure
    median_days: float


_ENTRIES = f"""
    SELECT customer_id, days[1] AS buyer, days[2] AS customer, days[{FREQUENT + 1}] AS frequent,
           CASE WHEN r.first IS NOT NULL AND len(days) > {FREQUENT}
                THEN greatest(days[{FREQUENT + 1}], r.first) END AS fan
    FROM (SELECT customer_id, list(known_at ORDER BY known_at)[:{FREQUENT + 1}] AS days
          FROM purchase_days GROUP BY customer_id)
    LEFT JOIN (SELECT customer_id, min(known_at) AS first FROM ({_RECOMMENDED})
               GROUP BY customer_id) r USING (customer_id)"""


def steps(store: Store, settings: FeatureSettings, period: Period) -> tuple[Step, ...]:
    """Chance and time of the next stage, of customers who entered a stage in a period.

    By Kaplan and Meier (1958): who has not taken the step by the period's end counts as long as
    they were seen. A stage counts as entered the first time, whether or not it was lost again.
    """
    with known(store, settings.time_zone, before=period.end) as connection:
        connection.execute(f"CREATE TEMP TABLE entries AS {_ENTRIES}")
        return tuple(
            _step(connection, stage, following, period, settings.horizon_days)
            for stage, following in pairwise(STAGES[1:])
        )


def _step(
    connection: duckdb.DuckDBPyConnection,
    stage: Stage,
    following: Stage,
    period: Period,
    horizon_days: int,
) -> Step:
    end = literal(period.end)
    found = connection.execute(f"""
        SELECT epoch(coalesce({following}, {end}) - {stage}) / 86400 AS days,
               {following} IS NULL AS going_on
        FROM entries WHERE {stage} >= {literal(period.start)}""").fetchnumpy()
    days, going_on = np.asarray(found["days"], float), np.asarray(found["going_on"], bool)
    chance, median = _kaplan_meier(days, going_on, horizon_days)
    return Step(stage, following, chance, median)


def _kaplan_meier(
    days: NDArray[np.float64], going_on: NDArray[np.bool_], horizon_days: float
) -> tuple[Figure, float]:
    """Chance of the event within the horizon, and the median time to it."""
    if not len(days):
        return Figure(0), NAN
    events = stats.CensoredData(uncensored=days[~going_on], right=days[going_on])
    curve = stats.ecdf(events).cdf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # no interval where nobody or all have
        interval: Any = curve.confidence_interval(LEVEL, method="log-log")
    place = int(np.searchsorted(curve.quantiles, horizon_days, side="right")) - 1
    if place < 0:
        return Figure(len(days), 0.0), NAN
    ends = (each.probabilities[place] for each in (curve, interval.low, interval.high))
    half = np.flatnonzero(curve.probabilities >= 0.5)
    median = float(curve.quantiles[half[0]]) if len(half) else NAN
    return Figure(len(days), *map(float, ends)), median
