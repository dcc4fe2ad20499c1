"""Which of a source's columns is which of a contract's: as named, as configured, or as proposed."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from typing import Literal

import duckdb

from features.errors import QuerenciaError
from features.records import Column, Contract
from features.settings import TableSettings
from features.sources import Source, attach, connect, identifier, readable
from features.synonyms import NAMES, PRICE, QUANTITY, SYNONYMS, WHEN

LOOKED_AT = 100_000
"""Rows of an unknown file that its columns are judged by."""

LIKE = 0.85
"""From this share of common letters on, a name is taken for another one, misspelt or inflected."""

DUPLICATES = 0.1
"""Up to this share of rows, an order that appears again is taken for a duplicate to be refused."""

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
    """

    name: str
    reading: Reading = TEXT
    filled: int = 0
    distinct: int = 0
    is_text: bool = True

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


def present(
    connection: duckdb.DuckDBPyConnection, source: Source, contract: Contract
) -> dict[str, str]:
    """SQL for each contract column that the view `source` has, by its name or as configured.

    Raises:
        QuerenciaError: where a column is missing that a row can't do without, naming those there
            are, with a mapping to copy; or where one is configured that the table does not have.
    """
    _require_known(source, contract)
    found = [name for name, *_ in connection.execute("DESCRIBE source").fetchall()]
    given = {name: identifier(own) if own in found else own for name, own in source.columns.items()}
    columns = {name: identifier(name) for name in found} | given
    missing = [name for name in _needed(contract) if name not in columns]
    if missing:
        raise QuerenciaError(
            f"{source} has no column for {', '.join(missing)}.\n"
            f"It has: {', '.join(found)}.\n"
            "Rename them, or say in querencia.toml which they are. Perhaps:\n\n"
            + _block(source, contract, propose(look(connection), contract))
        )
    return {name: columns[name] for name in contract.names if name in columns}


def _require_known(source: Source, contract: Contract) -> None:
    unknown = [name for name in source.columns if name not in contract.names]
    if unknown:
        raise QuerenciaError(
            f"tables.{contract.table}.columns names {unknown[0]}, which that table does not have. "
            f"Its columns: {', '.join(contract.names)}."
        )


def _needed(contract: Contract) -> list[str]:
    """The columns a source must have: not a key that only tells rows apart, which is made."""
    made = contract.key if contract.key != "customer_id" else None
    return [name for name in contract.required if name != made]


def suggest(source: Source, contract: Contract) -> str:
    """A mapping for an unknown file, as TOML to copy into querencia.toml.

    Raises:
        QuerenciaError: where the file is missing or can't be read.
    """
    with connect("UTC") as connection, readable(source):
        attach(connection, source)
        return _block(source, contract, propose(look(connection), contract))


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
    return Found(name, reading, filled, distinct, is_text)


def propose(found: Sequence[Found], contract: Contract) -> TableSettings:
    """A mapping of an unknown file: by what its columns are called, then by what they hold.

    Names are compared with those that companies use, in English and Spanish, whatever their case,
    accents and spaces. Dates may be written 31/05/2024, and amounts 1.234,50 €. Where an order has
    several rows but one amount, the rows without it are left out; where each of its rows has one,
    the rows are numbered.

    Args:
        found: The columns of the file.
        contract: The table it is to become.

    Returns:
        `columns` and `where`, as in the configuration, of what can be guessed.
    """
    found = [one for one in found if one.filled]
    chosen = _by_name(found, contract)
    if "amount" in contract.names and "amount" not in chosen:
        chosen |= _priced(found)
    chosen |= _by_content(found, contract, chosen)
    columns = {name: chosen[name].setting for name in contract.names if name in chosen}
    if {"transaction_id", "amount"} <= chosen.keys() and "recorded_at" not in chosen:
        rows = max(one.filled for one in found)
        return _by_order(columns, chosen["transaction_id"], chosen["amount"], rows=rows)
    return TableSettings(columns=columns)


def _by_order(columns: dict[str, str], order: Found, amount: Found, *, rows: int) -> TableSettings:
    """The mapping of a file in which an order may have several rows."""
    if order.distinct < amount.filled * (1 - DUPLICATES):
        numbered = f"{order.sql} || '-' || row_number() OVER ()"
        return TableSettings(columns=columns | {"transaction_id": numbered})
    one_total = order.distinct == amount.filled < rows
    return TableSettings(columns=columns, where=f"{amount.sql} IS NOT NULL" if one_total else None)


def _by_name(found: Sequence[Found], contract: Contract) -> dict[str, Found]:
    """The likeliest column for each contract column, each used once."""
    pairs = [
        (_likeness(one.name, _called(column.name, contract)), column.name, one)
        for column in contract.columns
        for one in found
        if _fits(column, one)
    ]
    chosen: dict[str, Found] = {}
    for likeness, name, one in sorted(pairs, key=lambda pair: -pair[0]):
        if likeness > 0 and name not in chosen and one not in chosen.values():
            chosen[name] = one
    return chosen


def _called(name: str, contract: Contract) -> tuple[str, ...]:
    """What a contract column may be called, the likeliest first."""
    anywhere = WHEN if name == contract.time else NAMES if name == contract.key else ()
    return (name, *SYNONYMS.get(name, ()), *anywhere)


def _fits(column: Column, one: Found) -> bool:
    if column.kind in ("money", "number"):
        return one.reading.holds == "number"
    return (column.kind == "instant") == (one.reading.holds == "instant")


def _likeness(name: str, names: Sequence[str]) -> float:
    """How much a name is like one of these, the first ones most: 0 for not at all, 1 the same."""
    letters = _letters(name)
    known = [_letters(other) for other in names]
    if letters in known:
        return 1 - known.index(letters) / 1000
    ratio = max(SequenceMatcher(None, letters, other).ratio() for other in known)
    return ratio * 0.9 if ratio >= LIKE else 0.0


@cache
def _letters(name: str) -> str:
    """Its letters and digits, without case and accents."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in plain if letter.isascii() and letter.isalnum())


def _priced(found: Sequence[Found]) -> dict[str, Found]:
    """The amount as quantity times price, or as the price where no quantity is told."""
    numbers = [one for one in found if one.reading.holds == "number"]
    prices = _alike(numbers, PRICE)
    if not prices:
        return {}
    factors = [*_alike(numbers, QUANTITY)[:1], prices[0]]
    if len(factors) == 1:
        return {"amount": prices[0]}
    product = Reading("number", " * ".join(one.number for one in factors))
    return {"amount": Found("", product, min(one.filled for one in factors))}


def _alike(found: Sequence[Found], names: Sequence[str]) -> list[Found]:
    likeness = {one: _likeness(one.name, names) for one in found}
    return sorted((one for one in found if likeness[one]), key=lambda one: -likeness[one])


def _by_content(
    found: Sequence[Found], contract: Contract, chosen: Mapping[str, Found]
) -> dict[str, Found]:
    """Columns still sought, where only one column left could be them."""
    guessed: dict[str, Found] = {}
    for column in sorted(contract.columns, key=lambda column: _ORDER.index(column.kind)):
        if column.name not in chosen and (column.required or column.name == contract.key):
            taken = [*chosen.values(), *guessed.values()]
            could = [one for one in found if one not in taken and _could_be(column, one, contract)]
            if len(could) == 1:
                guessed[column.name] = could[0]
    return guessed


_ORDER = ("instant", "money", "number", "id", "text", "flag")
"""Kinds by how surely what a column holds gives it away."""


def _could_be(column: Column, one: Found, contract: Contract) -> bool:
    if column.kind in ("text", "flag") or not _fits(column, one):
        return False
    if column.name == contract.key:
        return one.distinct == one.filled
    # A customer comes again, but is not one of a handful, like a country or a channel.
    return column.kind != "id" or one.filled**0.5 <= one.distinct < one.filled


def _block(source: Source, contract: Contract, proposed: TableSettings) -> str:
    """The configuration of a table, with what is given going before what is proposed."""
    table = f"tables.{contract.table}"
    columns = {**proposed.columns, **source.columns}
    settings = {
        "path": str(source.path) if source.path and source.query is None else None,
        "where": source.where or proposed.where,
    }
    return "\n".join(
        [
            f"[{table}]",
            *(f"{name} = {_quoted(value)}" for name, value in settings.items() if value),
            f"\n[{table}.columns]",
            *(
                f"{column.name} = {_quoted(columns.get(column.name, '...'))}"
                + (f"  # {column.meaning}" if column.name not in columns else "")
                for column in contract.columns
                if column.name in columns or column.name in _needed(contract)
            ),
        ]
    )


def _quoted(text: str) -> str:
    """A TOML string."""
    return json.dumps(text, ensure_ascii=False)


@cache
def _reserved() -> frozenset[str]:
    """Words that are no names in SQL without quotes."""
    words = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'"
    return frozenset(word for (word,) in duckdb.sql(words).fetchall())
