"""What must hold of a record's values: said once, as SQL for many rows and in Python for one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
"""The values of a row that are told, by column."""


@dataclass(frozen=True)
class Rule:
    """A rule on one column of a table, asked only of rows where the column is told.

    Attributes:
        reason: What a row that breaks it is told.
        sql: The condition a row must meet; NULL, where what it asks of is missing, breaks nothing.
        holds: The same of one row.
    """

    reason: str
    sql: str
    holds: Callable[[Row], bool]


def not_before(column: str, earlier: str) -> Rule:
    """A time that does not come before another one, of a column that is always told."""
    return Rule(
        f"{column} is before {earlier}",
        f"{column} >= {earlier}",
        lambda row: row[column] >= row[earlier],
    )


def not_negative(column: str) -> Rule:
    """A number that is not below zero."""
    return Rule(f"{column} is negative", f"{column} >= 0", lambda row: row[column] >= 0)


def positive(column: str) -> Rule:
    """A number above zero."""
    return Rule(f"{column} is not positive", f"{column} > 0", lambda row: row[column] > 0)


def chance(column: str) -> Rule:
    """The probability of what has happened, so above zero."""
    return Rule(
        f"{column} is not in (0, 1]",
        f"{column} > 0 AND {column} <= 1",
        lambda row: 0 < row[column] <= 1,
    )


def one_of(column: str, words: tuple[str, ...], what: str) -> Rule:
    """One of several words, and what these are."""
    quoted = ", ".join(f"'{word}'" for word in words)
    return Rule(
        f"{column} is none of {what}", f"{column} IN ({quoted})", lambda row: row[column] in words
    )


def on_scale(score: str, lowest: str, highest: str) -> Rule:
    """An answer between two columns as far as these are told, in any order; an NPS from 0 to 10."""
    return Rule(
        f"{score} is off its scale",
        f"CASE WHEN {lowest} > {highest} THEN {score} BETWEEN {highest} AND {lowest} "
        f"ELSE {score} BETWEEN coalesce({lowest}, {score}) AND coalesce({highest}, {score}) END "
        f"AND (kind <> 'nps' OR {score} BETWEEN 0 AND 10)",
        lambda row: (
            _is_between(row[score], row.get(lowest), row.get(highest))
            and (row["kind"] != "nps" or 0 <= row[score] <= 10)
        ),
    )


def _is_between(score: float, lowest: float | None, highest: float | None) -> bool:
    if lowest is not None and highest is not None and lowest > highest:
        lowest, highest = highest, lowest
    return (lowest is None or score >= lowest) and (highest is None or score <= highest)
