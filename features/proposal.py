"""A mapping for an unknown file: by what its columns are called, then by what they hold."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from typing import Literal

from features.encodings import UTF_8
from features.reading import Found, Reading
from features.records import Column, Contract
from features.sources import Source, is_address
from features.synonyms import NAMES, PRICE, QUANTITY, SYNONYMS, WHEN

LIKE = 0.85
"""From this share of common letters on, a name is taken for another one, misspelt or inflected."""

DUPLICATES = 0.1
"""Up to this share of rows, an order that appears again is taken for a duplicate to be refused."""

Why = Literal["given", "name", "content", "price", "lines"]
"""Configured so; by its name; by what it holds; quantity times price; a line of an order."""


@dataclass(frozen=True)
class Guess:
    """Which of the file's columns is one of the contract's.

    Attributes:
        column: The contract's column.
        setting: What the configuration says of it: a name, or SQL.
        theirs: What the file calls it.
        example: A value, as written.
        why: What the guess rests on.
    """

    column: str
    setting: str
    theirs: str
    example: str
    why: Why


@dataclass(frozen=True)
class Proposal:
    """A mapping of a file that is not named as the contract is.

    Attributes:
        source: The file.
        contract: The table it is to become.
        guesses: The columns that can be guessed, in the contract's order.
        where: Condition on the rows.
    """

    source: Source
    contract: Contract
    guesses: tuple[Guess, ...]
    where: str | None = None

    @property
    def columns(self) -> dict[str, str]:
        """The mapping, as in the configuration."""
        return {guess.column: guess.setting for guess in self.guesses}

    @property
    def missing(self) -> tuple[Column, ...]:
        """The columns that a source must have and that nothing could be guessed for."""
        sought = needed(self.contract)
        return tuple(
            column
            for column in self.contract.columns
            if column.name in sought and column.name not in self.columns
        )

    @property
    def toml(self) -> str:
        """The mapping as the table's part of a configuration, with `...` where it is missing."""
        source, table = self.source, f"tables.{self.contract.table}"
        # An address may hold a password, and this is shown.
        path = "..." if is_address(source.path) else source.path
        encoding = source.encoding if source.encoding != UTF_8 else None
        settings = {
            "path": path,
            "encoding": encoding,
            "where": self.where,
            "query": source.query,
        }
        files = {f"files.{name}": path for name, path in source.files.items()}
        return "\n".join(
            [
                f"[{table}]",
                *(f"{name} = {_quoted(str(v))}" for name, v in {**settings, **files}.items() if v),
                f"\n[{table}.columns]",
                *(f"{name} = {_quoted(setting)}" for name, setting in self.columns.items()),
                *(f'{column.name} = "..."  # {column.meaning}' for column in self.missing),
            ]
        )


def needed(contract: Contract) -> list[str]:
    """The columns a source must have: not a key that only tells rows apart, which is made."""
    made = contract.key if contract.key != "customer_id" else None
    return [name for name in contract.required if name != made]


def propose(found: Sequence[Found], contract: Contract, source: Source) -> Proposal:
    """A mapping of an unknown file: by what its columns are called, then by what they hold.

    Names are compared with those that companies use, in English and Spanish, whatever their case,
    accents and spaces. Dates may be written 31/05/2024, and amounts 1.234,50 €. Where an order has
    several rows but one amount, the rows without it are left out; where each of its rows has one,
    the rows are numbered.

    Args:
        found: The columns of the file.
        contract: The table it is to become.
        source: The file; what is configured of it goes before what is guessed.
    """
    found = [one for one in found if one.filled]
    named = _by_name(found, contract)
    unpriced = "amount" in contract.names and "amount" not in named
    priced = _priced(found) if unpriced else {}
    held = _by_content(found, contract, {**named, **priced})
    lines, where = _by_order({**named, **priced, **held}, found)
    guesses = {
        **_guesses(named, "name"),
        **_guesses(priced, "price"),
        **_guesses(held, "content"),
        **lines,
        **{name: Guess(name, own, own, "", "given") for name, own in source.columns.items()},
    }
    ordered = tuple(guesses[name] for name in contract.names if name in guesses)
    return Proposal(source, contract, ordered, source.where or where)


def _guesses(chosen: Mapping[str, Found], why: Why) -> dict[str, Guess]:
    return {
        name: Guess(name, one.setting, one.name, one.example, why) for name, one in chosen.items()
    }


def _by_order(
    chosen: Mapping[str, Found], found: Sequence[Found]
) -> tuple[dict[str, Guess], str | None]:
    """How to read a file in which an order may have several rows: its key, and which rows."""
    if not {"transaction_id", "amount"} <= chosen.keys() or "recorded_at" in chosen:
        return {}, None
    key, amount = "transaction_id", chosen["amount"]
    order = chosen[key]
    if order.distinct < amount.filled * (1 - DUPLICATES):
        numbered = f"{order.sql} || '-' || row_number() OVER ()"
        return {key: Guess(key, numbered, order.name, order.example, "lines")}, None
    one_total = order.distinct == amount.filled < max(one.filled for one in found)
    return {}, f"{amount.sql} IS NOT NULL" if one_total else None


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
    return {
        "amount": Found(
            " * ".join(one.name for one in factors),
            product,
            min(one.filled for one in factors),
            example=" * ".join(one.example for one in factors),
        )
    }


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


def _quoted(text: str) -> str:
    """A TOML string."""
    return json.dumps(text, ensure_ascii=False)
