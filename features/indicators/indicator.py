"""What an indicator is: a value of some facts, and the statistic that sums it up."""

import hashlib
from dataclasses import dataclass
from typing import Literal

from features.indicators.figures import Statistic

Unit = Literal["share", "points", "scale", "currency", "days", "hours", "minutes", "count", "ratio"]
"""Of a value: "points" are of a hundred, "scale" those of the scale that the definition names."""


@dataclass(frozen=True)
class Facts:
    """Rows that indicators are read off, one for each thing that counts.

    Attributes:
        sql: Gives `customer_id`, `known_at` (when it counts) and further columns, over the views of
            `features.indicators.known`. `{start}`, `{end}` stand for the period, `{horizon}` for
            the horizon, `{lives}` for the customers' lives under the churn definition.
        own: The columns by which the rows tell themselves apart.
        needs: Tables ("tickets") and columns ("tickets.resolved_at") they can't do without.
    """

    sql: str
    own: frozenset[str]
    needs: frozenset[str]


@dataclass(frozen=True)
class Indicator:
    """One figure of a company, declared.

    Attributes:
        name: What it is called in configuration, files and code.
        title: What people call it.
        definition: What it says, in words.
        unit: Of its value.
        facts: What it is read off.
        value: SQL of its value on each of them, NULL on those that don't count.
        statistic: How values become a figure.
        better: Which way is better.
        needs: What it can't do without, beyond its facts.
    """

    name: str
    title: str
    definition: str
    unit: Unit
    facts: Facts
    value: str
    statistic: Statistic
    better: Literal["higher", "lower"] = "higher"
    needs: frozenset[str] = frozenset()

    @property
    def version(self) -> str:
        """Digest of the definition: it changes when words, facts, value or statistic do."""
        parts = (self.name, self.definition, self.unit, self.facts.sql, self.value)
        text = "|".join((*parts, *self.statistic.aggregates))
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    @property
    def direction(self) -> int:
        """1 where higher is better, -1 where lower is."""
        return 1 if self.better == "higher" else -1
