"""What is missing is told with what it takes, and nothing is asked for that is there."""

import pytest

from features.records import CONTRACTS
from serving.console.missing import EVERY, Missing, missing


def names(found: list[Missing]) -> set[str]:
    return {each.name for each in found}


def test_of_purchases_alone_every_table_is_missing() -> None:
    assert names(missing({"transactions"}, "journey")) == {
        *("contacts", "tickets", "surveys", "transactions.delivered_at")
    }
    assert names(missing({"transactions"}, "voice")) == {"surveys", "contacts"}


def test_a_column_is_missed_only_where_its_table_is_there() -> None:
    has = {"transactions", "surveys", "surveys.score", "contacts"}
    assert names(missing(has, "voice")) == {"surveys.comment"}


def test_what_is_there_is_not_asked_for() -> None:
    assert missing(set(EVERY), "data") == []


@pytest.mark.parametrize("name", EVERY)
def test_columns_are_those_of_the_contract(name: str) -> None:
    (found,) = (each for each in missing({*EVERY} - {name}, "data"))
    contract = CONTRACTS[found.table]
    assert set(found.columns) <= set(contract.names)
    assert name != found.table or set(contract.required) <= set(found.columns)
