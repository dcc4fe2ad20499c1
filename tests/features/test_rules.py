"""The contracts' rules: the same in SQL, which judges files, and in Python, which judges a row."""

from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.ledger import SQL_TYPES
from features.records import CONTRACTS, SURVEY_KINDS, Contract

START = datetime(2025, 1, 1, tzinfo=UTC)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "instant": st.integers(0, 2).map(lambda day: START + timedelta(days=day)),
    "money": st.integers(-2, 2),
    "number": st.integers(-2, 12) | st.just(0.5),
    "text": st.sampled_from(["nps", "csat", "mood"]),
}
RULED = [c for c in CONTRACTS.values() if any(column.rule for column in c.columns)]


@pytest.mark.parametrize("contract", RULED, ids=lambda contract: contract.table)
@given(data=st.data())
def test_a_row_keeps_and_breaks_the_same_rules_in_sql_and_in_python(
    contract: Contract, data: st.DataObject
) -> None:
    columns = [column for column in contract.columns if column.kind in VALUES]
    row = {
        column.name: data.draw(
            VALUES[column.kind] if column.required else st.none() | VALUES[column.kind]
        )
        for column in columns
    }
    given_ = ", ".join(f"CAST(? AS {SQL_TYPES[c.kind]}) AS {c.name}" for c in columns)
    ruled = [(column.name, column.rule) for column in columns if column.rule]
    conditions = ", ".join(f"coalesce({rule.sql}, true)" for _, rule in ruled)
    with duckdb.connect() as connection:
        (sql,) = connection.execute(
            f"SELECT {conditions} FROM (SELECT {given_})", list(row.values())
        ).fetchall()
    told = {name: value for name, value in row.items() if value is not None}
    assert list(sql) == [name not in told or rule.holds(told) for name, rule in ruled]


def test_every_kind_of_survey_is_known() -> None:
    (rule,) = (c.rule for c in CONTRACTS["surveys"].columns if c.name == "kind")
    assert rule
    assert all(rule.holds({"kind": kind}) for kind in SURVEY_KINDS)
    assert rule.reason == "kind is none of the known surveys"
