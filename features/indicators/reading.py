"""Read indicators off the records: over a period, for everybody or apart by something."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any, TypeAlias

import duckdb

from features import stages
from features.errors import QuerenciaError
from features.indicators.catalogue import INDICATORS
from features.indicators.facts import LIVES
from features.indicators.figures import Figure
from features.indicators.indicator import Facts, Indicator
from features.indicators.known import has, hours, known, literal
from features.indicators.period import Period
from features.settings import FeatureSettings
from features.store import Store

LAST_OF = (
    "(SELECT customer_id, arg_max({name}, (occurred_at, {name})) AS {name} FROM {table} GROUP BY 1)"
)

DIMENSIONS: Mapping[str, str] = {
    "segment": "LEFT JOIN customers d ON facts.customer_id = d.customer_id",
    "country": "LEFT JOIN customers d ON facts.customer_id = d.customer_id",
    "stage": "LEFT JOIN stages d ON facts.customer_id = d.customer_id",
    "channel": f"LEFT JOIN {LAST_OF.format(name='channel', table='purchases')} d "
    "ON facts.customer_id = d.customer_id",
    "touchpoint": f"LEFT JOIN {LAST_OF.format(name='touchpoint', table='contacts')} d "
    "ON facts.customer_id = d.customer_id",
    "promise": """ASOF LEFT JOIN (
        SELECT customer_id, occurred_at,
               CASE WHEN delivered_at <= promised_at THEN 'kept'
                    WHEN delivered_at > promised_at THEN 'late'
                    WHEN promised_at < {end} THEN 'overdue' END AS promise
        FROM purchases WHERE promised_at IS NOT NULL) d
        ON facts.customer_id = d.customer_id AND facts.known_at >= d.occurred_at""",
    "topic": "",
    "category": "",
    "kind": "",
    "score": "",
}
"""What indicators can be told apart by, and SQL that finds it by the customer.

Facts are told apart by a column of their own where they have it: an answer by its own channel,
a purchase by its own category. Else by the customer's: segment and country; the stage at the
period's start; the channel of the last purchase; the touchpoint of the last contact; whether the
delivery last promised before it was kept, came late or is overdue.
"""


@dataclass(frozen=True)
class Reading:
    """What an indicator came to.

    Attributes:
        indicator: Which one, with its definition.
        group: Which segment, stage, ... it is of; None for those of whom it is not known, and
            where everybody is read together.
        figure: The value, n and interval.
        period: Over which it was read.
        target: What it should be.
    """

    indicator: Indicator
    group: str | None
    figure: Figure
    period: Period
    target: float | None = None

    @property
    def gap(self) -> float | None:
        """How far the value falls short of the target; negative where it is better."""
        if self.target is None:
            return None
        return self.indicator.direction * (self.target - self.figure.value)


def read(
    store: Store,
    settings: FeatureSettings,
    period: Period,
    *,
    by: str | None = None,
    customer: str | None = None,
    indicators: Iterable[str] = tuple(INDICATORS),
    targets: Mapping[str, float] | None = None,
) -> tuple[Reading, ...]:
    """Read indicators over a period, by what was known at its end.

    Indicators without the tables or columns they need step aside, as do those that can't be told
    apart by `by`, and those of which nothing counts.

    Args:
        store: The records.
        settings: The definitions: horizon, churn, time zone.
        period: Over which.
        by: One of `DIMENSIONS`; None for everybody together.
        customer: One customer's id; None for all.
        indicators: Names of those to read.
        targets: By name, what they should be.

    Raises:
        QuerenciaError: naming an indicator or dimension there is not.
    """
    names, aims = tuple(indicators), targets or {}
    _require((*names, *aims), INDICATORS, "indicator")
    _require(() if by is None else (by,), DIMENSIONS, "dimension")
    with known(store, settings.time_zone, before=period.end) as connection:
        query = _Query(connection, settings, period, by, customer)
        found = [
            Reading(indicator, group, figure, period, aims.get(indicator.name))
            for indicator, group, figure in query.all(names, has(store))
        ]
    places = {name: place for place, name in enumerate(INDICATORS)}
    return tuple(sorted(found, key=lambda reading: places[reading.indicator.name]))


def _require(asked: Iterable[str], names: Iterable[str], what: str) -> None:
    for name in asked:
        if name not in names:
            raise QuerenciaError(f"There is no {what} {name}. There are: {', '.join(names)}.")


def _by_facts(names: Iterable[str], there: Set[str]) -> dict[Facts, list[Indicator]]:
    """The indicators that the records carry, by the facts they rest on."""
    grouped: dict[Facts, list[Indicator]] = {}
    for indicator in map(INDICATORS.__getitem__, names):
        if indicator.facts.needs | indicator.needs <= there:
            grouped.setdefault(indicator.facts, []).append(indicator)
    return grouped


Found: TypeAlias = tuple[Indicator, str | None, Figure]


@dataclass(frozen=True)
class _Query:
    """Queries, one for all indicators on the same facts."""

    connection: duckdb.DuckDBPyConnection
    settings: FeatureSettings
    period: Period
    by: str | None
    customer: str | None

    def all(self, names: Iterable[str], there: Set[str]) -> Iterator[Found]:
        """What each indicator came to, of which anything counts."""
        if self.by == "stage":  # once for all facts
            early = stages.sql(self.period.start, self.settings.time_zone)
            self.connection.execute(f"CREATE TEMP TABLE stages AS {early}")
        for facts, indicators in _by_facts(names, there).items():
            if self._tells_apart(facts):
                yield from (each for each in self._read(facts, indicators) if each[2].n)

    def _tells_apart(self, facts: Facts) -> bool:
        return self.by is None or self.by in facts.own or bool(DIMENSIONS[self.by])

    def _read(self, facts: Facts, indicators: list[Indicator]) -> Iterator[Found]:
        sql = self._sql(facts, indicators)
        for group, *sums in self.connection.execute(sql, self._parameters).fetchall():
            values = iter(sums)
            for indicator in indicators:
                own = [next(values) for _ in indicator.statistic.aggregates]
                yield indicator, group, indicator.statistic.figure(*own)

    @property
    def _parameters(self) -> list[Any]:
        return [] if self.customer is None else [self.customer]

    def _sql(self, facts: Facts, indicators: list[Indicator]) -> str:
        group, join = self._group(facts)
        values = ", ".join(
            f"CAST(({each.value}) AS DOUBLE) AS v{place}" for place, each in enumerate(indicators)
        )
        sums = ", ".join(
            aggregate.format(v=f"v{place}", days=self.period.days)
            for place, each in enumerate(indicators)
            for aggregate in each.statistic.aggregates
        )
        start, end = literal(self.period.start), literal(self.period.end)
        own = "" if self.customer is None else "AND customer_id = ?"
        return f"""
            WITH facts AS (
                SELECT * FROM ({self._fill(facts.sql)})
                WHERE known_at >= {start} AND known_at < {end} {own}),
            told AS (SELECT {group} AS told_by, {values} FROM facts {join})
            SELECT told_by, {sums} FROM told GROUP BY told_by ORDER BY told_by NULLS LAST"""

    def _group(self, facts: Facts) -> tuple[str, str]:
        """SQL of what facts are told apart by, and of the join that it takes."""
        if self.by is None:
            return "NULL", ""
        if self.by in facts.own:
            return f"CAST(facts.{self.by} AS VARCHAR)", ""
        return f"d.{self.by}", self._fill(DIMENSIONS[self.by])

    def _fill(self, sql: str) -> str:
        start, end = literal(self.period.start), literal(self.period.end)
        horizon = hours(self.settings.horizon_days)
        lives = LIVES[self.settings.churn].format(start=start, end=end, horizon=horizon)
        return sql.format(start=start, end=end, horizon=horizon, lives=lives)
