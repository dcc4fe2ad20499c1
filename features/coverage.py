"""Which features the records carry, and what each table and column they lack would add."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Any

from features import snapshot
from features.feature import Feature
from features.records import CONTRACTS, Contract

FOLLOWS = {"referrals.referred_customer_id": "referred_purchases"}
"""Tables that are derived where a column is there."""

_SOURCES = {table: column for column, table in FOLLOWS.items()}


@dataclass(frozen=True)
class Carried:
    """How much of a feature family the records carry.

    Attributes:
        family: Its name.
        features: Names of the features they carry; none where the family steps aside.
        of: How many it has in all.
        lacking: Tables ("surveys") and columns ("transactions.promised_at") that it needs in order
            not to step aside, or that the other features need.
    """

    family: str
    features: tuple[str, ...]
    of: int
    lacking: tuple[str, ...]


@dataclass(frozen=True)
class Missing:
    """A table or column the records lack.

    Attributes:
        name: What it is called.
        meaning: What it says; for a table, the columns that it must have.
        adds: Names of the features that it alone would add.
    """

    name: str
    meaning: str
    adds: tuple[str, ...]


def families(has: Set[str]) -> tuple[Carried, ...]:
    """Each feature family, as far as these tables and columns carry it."""
    return tuple(
        Carried(
            family.name,
            tuple(feature.name for feature in family.present(has)),
            len(family.features),
            _lacking({*family.needs} - has or _needs(family.features) - has),
        )
        for family in snapshot.FAMILIES
    )


def _lacking(names: Set[str]) -> tuple[str, ...]:
    """What a user can bring: whole tables, and columns of tables there are."""
    brought = {_SOURCES.get(name, name) for name in names}
    return tuple(sorted(name for name in brought if name.partition(".")[0] not in brought - {name}))


def _needs(features: Iterable[Feature[Any]]) -> set[str]:
    return {need for feature in features for need in feature.needs}


def missing_columns(contract: Contract, found: Set[str], has: Set[str]) -> tuple[Missing, ...]:
    """The columns that a table lacks.

    Args:
        contract: The table.
        found: The columns it has.
        has: The tables and columns of all records, as `Store.has` tells.
    """
    return tuple(
        Missing(column.name, column.meaning, _adds({f"{contract.table}.{column.name}"}, has))
        for column in contract.columns
        if column.name not in found
    )


def missing_tables(found: Set[str], has: Set[str]) -> tuple[Missing, ...]:
    """The tables that the records lack, each as if it came with all its columns."""
    return tuple(
        Missing(table, ", ".join(contract.required), _adds(_whole(contract), has))
        for table, contract in CONTRACTS.items()
        if table not in found
    )


def _whole(contract: Contract) -> set[str]:
    return {contract.table, *(f"{contract.table}.{name}" for name in contract.names)}


def _adds(given: Set[str], has: Set[str]) -> tuple[str, ...]:
    """The features there would be with these tables and columns, and are not."""
    derived = {FOLLOWS[name] for name in FOLLOWS if name in given}
    before = {feature.name for feature in snapshot.present(has)}
    after = snapshot.present({*has, *given, *derived})
    return tuple(feature.name for feature in after if feature.name not in before)
