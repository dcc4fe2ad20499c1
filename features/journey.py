"""The journey: touchpoints, phase by channel, and what follows when customers meet us there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from scipy import stats

from features.errors import QuerenciaError
from features.indicators.figures import Figure, Z, mean, share
from features.indicators.known import frame, hours, known, literal
from features.indicators.period import Period
from features.satisfaction import KINDS
from features.settings import FeatureSettings
from features.store import Store

ANSWERED_WITHIN_DAYS = 30
"""An answer is about the customer's last touchpoint before the asking, if it was not longer ago."""

SURE = 0.05
"""Share of the moments of truth told that may be none."""

_TOUCHES = """
    CREATE TEMP VIEW touches AS
    SELECT customer_id, occurred_at AS met_at, coalesce(phase, 'contact') AS phase, channel
    FROM contacts UNION ALL
    SELECT customer_id, occurred_at, 'purchase', channel FROM purchases UNION ALL
    SELECT customer_id, delivered_at,
           CASE WHEN delivered_at > promised_at THEN 'late delivery' ELSE 'delivery' END, channel
    FROM purchases WHERE delivered_at IS NOT NULL UNION ALL
    SELECT customer_id, opened_at, 'ticket', channel FROM tickets UNION ALL
    SELECT customer_id, answered_at, 'survey', channel FROM surveys WHERE answered_at IS NOT NULL"""

_CELL = ["phase", "channel"]


@dataclass(frozen=True)
class Touchpoint:
    """Where company and customers meet, and what follows.

    Attributes:
        phase: Of the journey: that of a contact, or purchase, delivery, late delivery, ticket,
            survey.
        channel: Through which; None where it is not known.
        touches: How often they met in the period; and
        customers: how many customers they were.
        satisfaction: Mean answer after it, 0 to 100.
        effort: Mean effort answered after it (CES turned around), 0 to 100.
        drop_off: Share of the customers who were never met again by the period's end.
        churn: Share who did not buy in the horizon at the period's end, less that of customers
            who did not meet us here, matched on how often and how recently they bought.
        spend: Currency spent in that horizon by each, less that of the matched.
        per_buyer: Currency spent in that horizon by a customer who bought in it, on average.
        is_moment: Whether churn differs beyond chance, of all touchpoints looked at (Benjamini
            and Hochberg at 5 %): a moment of truth.
    """

    phase: str
    channel: str | None
    touches: int
    customers: int
    satisfaction: Figure
    effort: Figure
    drop_off: Figure
    churn: Figure
    spend: Figure
    per_buyer: float
    is_moment: bool = False

    @property
    def money(self) -> float:
        """Currency kept, or lost (below 0), through the customers who bought again or did not."""
        return -self.churn.n * self.churn.value * self.per_buyer if self.churn.n else 0.0


def touchpoints(store: Store, settings: FeatureSettings, period: Period) -> tuple[Touchpoint, ...]:
    """Every touchpoint of a period, moments of truth first, by the money that goes with them.

    What follows is judged in the horizon at the period's end, of customers met before it: drop-off,
    churn and spend. Customers met at a touchpoint are compared with those not met there who, as
    the horizon began, had bought as often and as recently; the differences of these strata are
    weighed by the customers met. It is a comparison of customers who are alike in their purchases,
    and in nothing else.

    Raises:
        QuerenciaError: where the period is no longer than the horizon.
    """
    horizon = timedelta(days=settings.horizon_days)
    if period.end - period.start <= horizon:
        raise QuerenciaError(
            f"A journey over {period.days:.0f} days leaves nothing before its horizon of "
            f"{settings.horizon_days} days. Take a longer period."
        )
    before = Period(period.start, period.end - horizon)
    with known(store, settings.time_zone, before=period.end) as connection:
        connection.execute(_TOUCHES)
        told = _volume(connection, period).merge(_opinions(connection, period), "left", on=_CELL)
        told = told.merge(_drop_off(connection, before), "left", on=_CELL)
        followed = _followed(connection, before, settings.horizon_days)
        per_buyer = _per_buyer(connection, before)
    found = [_touchpoint(row, followed, per_buyer) for row in told.to_dict("records")]
    return tuple(sorted(_marked(found), key=lambda each: (not each.is_moment, -abs(each.money))))


def _per_buyer(connection: duckdb.DuckDBPyConnection, period: Period) -> float:
    """Mean net spend after a period of the customers who bought after it."""
    ((spend,),) = connection.execute(f"""
        SELECT avg(spend) FROM (
            SELECT sum(amount) AS spend FROM transactions WHERE occurred_at >= {literal(period.end)}
            GROUP BY customer_id HAVING bool_or(amount >= 0))""").fetchall()
    return spend or 0.0


def _volume(connection: duckdb.DuckDBPyConnection, period: Period) -> pd.DataFrame:
    return frame(
        connection,
        f"""
        SELECT phase, channel, count(*) AS touches, count(DISTINCT customer_id) AS customers
        FROM touches WHERE {_met(period)} GROUP BY ALL ORDER BY ALL""",
    )


def _met(period: Period) -> str:
    return f"met_at >= {literal(period.start)} AND met_at < {literal(period.end)}"


def _opinions(connection: duckdb.DuckDBPyConnection, period: Period) -> pd.DataFrame:
    """n, mean and deviation of answers on satisfaction and on effort, by touchpoint."""
    kinds = ", ".join(f"'{kind}'" for kind in KINDS)
    values = {
        "satisfaction": f"CASE WHEN kind IN ({kinds}) THEN 100 * share END",
        "effort": "CASE WHEN kind = 'ces' THEN 100 * (1 - share) END",
    }
    sums = ", ".join(
        f"count({v}) AS {name}, avg({v}) AS {name}_mean, stddev_samp({v}) AS {name}_deviation"
        for name, v in values.items()
    )
    return frame(
        connection,
        f"""
        SELECT t.phase, t.channel, {sums}
        FROM answers a ASOF JOIN (
            SELECT DISTINCT customer_id, met_at FROM touches WHERE phase <> 'survey') last
        ON a.customer_id = last.customer_id AND a.asked_at >= last.met_at
        JOIN touches t ON t.customer_id = a.customer_id AND t.met_at = last.met_at
        WHERE a.answered_at >= {literal(period.start)} AND t.phase <> 'survey'
              AND last.met_at >= a.asked_at - {hours(ANSWERED_WITHIN_DAYS)}
        GROUP BY t.phase, t.channel""",
    )


def _drop_off(connection: duckdb.DuckDBPyConnection, period: Period) -> pd.DataFrame:
    """Customers met at each touchpoint, and how many of them never again anywhere."""
    return frame(
        connection,
        f"""
        SELECT phase, channel, count(*) AS met, count(*) FILTER (last_here = last) AS lost
        FROM (SELECT customer_id, phase, channel, max(met_at) AS last_here
              FROM touches WHERE {_met(period)} GROUP BY ALL)
        JOIN (SELECT customer_id, max(met_at) AS last FROM touches GROUP BY customer_id)
        USING (customer_id) GROUP BY phase, channel""",
    )


def _followed(
    connection: duckdb.DuckDBPyConnection, period: Period, horizon_days: int
) -> pd.DataFrame:
    """Sums of what followed, by touchpoint and stratum, beside those of all in the stratum."""
    end = literal(period.end)
    bought = f"FILTER (amount >= 0 AND occurred_at < {end})"
    return frame(
        connection,
        f"""
        WITH outcomes AS (
            SELECT customer_id, {_band("count(DISTINCT day) " + bought, _OFTEN)} AS often,
                   {
            _band(f"epoch({end} - max(occurred_at) {bought}) / 86400 / {horizon_days}", _SILENT)
        } AS silent,
                   (count(*) FILTER (amount >= 0 AND occurred_at >= {end}) = 0)::INT AS churn,
                   coalesce(sum(amount) FILTER (occurred_at >= {end}), 0) AS spend
            FROM transactions GROUP BY customer_id HAVING count(*) {bought} > 0),
        everybody AS (
            SELECT often, silent, count(*) AS of, {_sums("_of")}
            FROM outcomes GROUP BY often, silent)
        SELECT phase, channel, often, silent, count(*) AS n, {_sums("")},
               any_value(of) AS of, {_any("churn")}, {_any("spend")}
        FROM (SELECT DISTINCT customer_id, phase, channel FROM touches WHERE {_met(period)})
        JOIN outcomes USING (customer_id) JOIN everybody USING (often, silent)
        GROUP BY phase, channel, often, silent ORDER BY phase, channel, often, silent""",
    )


_OFTEN = (2, 3, 5, 9)
"""Purchase days from which a customer has bought so often that nobody below is alike."""

_SILENT = (0.1, 0.25, 0.5, 1, 2)
"""Horizons of silence from which nobody more recent is alike."""


def _band(value: str, bounds: tuple[float, ...]) -> str:
    """SQL of how many bounds a value has reached."""
    return " + ".join(f"({value} >= {bound})::INT" for bound in bounds)


def _sums(suffix: str) -> str:
    return ", ".join(
        f"sum({name}) AS {name}{suffix}, sum({name} * {name}) AS {name}_squares{suffix}"
        for name in ("churn", "spend")
    )


def _any(name: str) -> str:
    return f"any_value({name}_of) AS {name}_of, any_value({name}_squares_of) AS {name}_squares_of"


def _touchpoint(row: Mapping[Any, Any], followed: pd.DataFrame, per_buyer: float) -> Touchpoint:
    phase, channel = row["phase"], row["channel"]
    same = followed["channel"].isna() if pd.isna(channel) else followed["channel"] == channel
    strata = followed[same & (followed["phase"] == phase)]
    return Touchpoint(
        phase,
        None if pd.isna(channel) else channel,
        row["touches"],
        row["customers"],
        _mean(row, "satisfaction"),
        _mean(row, "effort"),
        Figure(0) if pd.isna(row["met"]) else share(int(row["met"]), row["lost"]),
        _difference(strata, "churn"),
        _difference(strata, "spend"),
        per_buyer,
    )


def _mean(row: Mapping[Any, Any], name: str) -> Figure:
    n, average, deviation = (float(row[f"{name}{end}"]) for end in ("", "_mean", "_deviation"))
    # n is missing where nobody answered, the deviation where one did.
    return mean(int(n), average, deviation if n > 1 else None) if n >= 1 else Figure(0)


def _difference(strata: pd.DataFrame, outcome: str) -> Figure:
    """Mean outcome of those met less that of those not met, weighed by those met."""
    rows = strata[strata["of"] > strata["n"]]
    n, everybody = rows["n"].to_numpy(float), rows["of"].to_numpy(float)
    if not len(rows):
        return Figure(0)
    own, all_of = rows[outcome].to_numpy(float), rows[f"{outcome}_of"].to_numpy(float)
    squares = rows[f"{outcome}_squares_of"].to_numpy(float)
    others = everybody - n
    weight = n / n.sum()
    value = float(weight @ (own / n - (all_of - own) / others))
    variance = np.maximum(squares - all_of**2 / everybody, 0) / (everybody - 1)
    reach = Z * float(np.sqrt(weight**2 @ (variance * (1 / n + 1 / others))))
    return Figure(int(n.sum()), value, value - reach, value + reach)


def _marked(found: list[Touchpoint]) -> Iterator[Touchpoint]:
    """The touchpoints with the moments of truth among them marked."""
    # Where nothing is known of churn, or it is all alike, there is no moment.
    widths = np.array([each.churn.high - each.churn.low for each in found])
    known_of = np.flatnonzero(widths > 0)
    z = 2 * Z * np.array([found[place].churn.value for place in known_of]) / widths[known_of]
    q_values = np.ones(len(found))
    if len(known_of):
        q_values[known_of] = stats.false_discovery_control(2 * stats.norm.sf(np.abs(z)))
    for each, q in zip(found, q_values, strict=True):
        yield replace(each, is_moment=bool(q < SURE))
