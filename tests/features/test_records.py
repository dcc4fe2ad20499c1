"""The contracts agree with themselves and with the tables the simulated company makes."""

from itertools import permutations
from pathlib import Path

import pytest

from features.company import simulate
from features.intake import take_in
from features.records import CONTRACTS, TIMELINES, Contract
from features.settings import FeatureSettings
from features.sources import Source

every_contract = pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)


@every_contract
def test_a_contract_names_key_customer_and_time(contract: Contract) -> None:
    assert len(set(contract.names)) == len(contract.names)
    assert contract.key in (None, contract.names[0])
    kinds = {column.name: column.kind for column in contract.columns}
    assert kinds[contract.time] == "instant"


@pytest.mark.parametrize("contract", TIMELINES.values(), ids=TIMELINES)
def test_rows_of_a_timeline_are_somebodys_and_have_a_time(contract: Contract) -> None:
    assert {"customer_id", contract.time} <= set(contract.required)
    assert {column.name: column.kind for column in contract.columns}["customer_id"] == "id"
    assert contract.key is None or contract.key in contract.required


@every_contract
def test_a_reason_begins_with_the_name_of_its_column(contract: Contract) -> None:
    """The remedy is found by it."""
    for column in contract.columns:
        assert column.rule is None or column.rule.reason.startswith(f"{column.name} ")
    assert not any(one.startswith(other) for one, other in permutations(contract.names, 2))


def test_the_tables_of_the_simulated_company_are_good_to_the_last_row(tmp_path: Path) -> None:
    tables = simulate(150, days=200).tables
    assert set(tables) == set(CONTRACTS) - {"rates"}
    for name, rows in tables.items():
        rows.to_parquet(tmp_path / f"{name}.parquet")
        source = Source(tmp_path / f"{name}.parquet")
        intake = take_in(source, CONTRACTS[name], tmp_path, FeatureSettings())
        assert intake.faults == ()
        assert intake.kept == intake.rows == len(rows)
        assert set(rows.columns) <= set(CONTRACTS[name].names)
