"""How the columns of an unknown file are written, and what they hold."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

import duckdb

from features.sources import identifier

LOOKED_AT = 100_000
"""Rows of an unknown file that its columns are judged by."""

Holds = Literal["instant", "number", "text"]


@dataclass(frozen=True)
class Reading:
    """A way in which values are written: what they are, and SQL that reads a column of them.

    `pattern` is a regular expression that each of them matches.
    """

    holds: Holds
    sql: str = "{}"
    pattern: str = "(?s).*"

    def of(self, column: str) -> str:
        """SQL that reads this column."""
        return self.sql.replace("{}", column)

    def sound(self, column: str) -> str:
        """SQL of whether a value of this column makes sense when read so."""
        kind, limits = _SOUND[self.holds]
        return (
            f"regexp_full_match({column}, '{self.pattern}') AND "
            f"coalesce(TRY_CAST({self.of(column)} AS {kind}) BETWEEN {limits}, false)"
        )


_SOUND = {
    "number": ("DOUBLE", "-1e300 AND 1e300"),
    "instant": ("TIMESTAMPTZ", "'1900-01-01' AND '2999-12-31'"),
}
_DAYS = ("%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%m/%d/%y")
_HOURS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p")
_LAYOUTS = (*(day + hour for day in _DAYS for hour in _HOURS), "%Y-%m-%d %H:%M:%S %z")
_DATED = r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}.*"
_COMMA = r"[€$£\s-]*\d{1,3}(\.?\d{3})*(,\d{1,2})?[€$£\s]*"
_POINT = r"[€$£\s-]*\d{1,3}(,?\d{3})*(\.\d+)?[€$£\s]*"

READINGS = (
    Reading("number"),
    Reading("instant"),
    # 01/02/2024 reads either way: the day goes first almost everywhere, so it is tried first.
    *(Reading("instant", f"try_strptime({{}}, '{layout}')", _DATED) for layout in _LAYOUTS),
    Reading("number", "replace(regexp_replace({}, '[^0-9,-]', '', 'g'), ',', '.')", _COMMA),
    Reading("number", "regexp_replace({}, '[^0-9.-]', '', 'g')", _POINT),
)
TEXT = Reading("text")


@dataclass(frozen=True)
class Found:
    """A column of an unknown file.

    Attributes:
        name: What the file calls it.
        reading: How its values are written.
        filled: Rows that have a value.
        distinct: How many different values there are.
        is_text: Whether the file gives it as text, whatever it holds.
        example: A value, as written.
    """

    name: str
    reading: Reading = TEXT
    filled: int = 0
    distinct: int = 0
    is_text: bool = True
    example: str = ""

    @property
    def sql(self) -> str:
        """SQL that reads it, within an expression."""
        plain = re.fullmatch(r"[A-Za-z_]\w*", self.name) and self.name.lower() not in _reserved()
        return self.reading.of(self.name if plain else identifier(self.name))

    @property
    def number(self) -> str:
        """SQL of it as a number."""
        return f"TRY_CAST({self.sql} AS DOUBLE)" if self.is_text else self.sql

    @property
    def setting(self) -> str:
        """What the configuration says of it: its name, where that will do."""
        return self.name if self.reading.sql == "{}" else self.sql


def look(connection: duckdb.DuckDBPyConnection) -> list[Found]:
    """The columns of the view `source`, judged by its first rows."""
    described = connection.execute("DESCRIBE source").fetchall()
    texts = ", ".join(
        f"nullif(trim(CAST({identifier(name)} AS VARCHAR)), '') AS {identifier(name)}"
        for name, *_ in described
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE looked_at AS SELECT {texts} FROM source LIMIT {LOOKED_AT}"
    )
    return [_found(connection, name, is_text=kind == "VARCHAR") for name, kind, *_ in described]


def _found(connection: duckdb.DuckDBPyConnection, name: str, *, is_text: bool) -> Found:
    value = identifier(name)
    rows = f"(SELECT {value} FROM looked_at WHERE {value} IS NOT NULL)"
    filled, distinct, first = connection.execute(
        f"SELECT count(*), count(DISTINCT {value}), any_value({value}) FROM {rows}"
    ).fetchall()[0]

    def suits(reading: Reading) -> bool:
        # Most readings are ruled out by one value, and all but one by the first that is unsound.
        wrong = f"SELECT 1 FROM {rows} WHERE NOT ({reading.sound(value)}) LIMIT 1"
        likely = re.fullmatch(reading.pattern, first) is not None
        return likely and not connection.execute(wrong).fetchall()

    reading = next(filter(suits, READINGS if filled else ()), TEXT)
    return Found(name, reading, filled, distinct, is_text, first or "")


@cache
def _reserved() -> frozenset[str]:
    """Words that are no names in SQL without quotes."""
    words = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'"
    return frozenset(word for (word,) in duckdb.sql(words).fetchall())
