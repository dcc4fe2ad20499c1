"""A file that is named otherwise is refused with a mapping that reads it, ready to copy."""

import tomllib
from pathlib import Path

import pytest

from features import mapping
from features.errors import QuerenciaError
from features.mapping import UnknownColumnsError
from features.records import TRANSACTIONS
from features.settings import TableSettings
from features.sources import Source
from tests.features.test_proposal import take


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    return tmp_path / "orders.csv"


def test_a_missing_column_is_told_with_a_mapping_that_reads_the_file(
    tmp_path: Path, csv: Path
) -> None:
    csv.write_text("Order,Client,When,Total\n1,ana,2024-05-31,12.5\n2,ana,2024-06-01,3\n")
    with pytest.raises(QuerenciaError) as refused:
        take(csv, TableSettings(), tmp_path)
    message, block = str(refused.value).split("\n\n", 1)
    assert "has no column for customer_id, occurred_at, amount." in message
    assert "It has: Order, Client, When, Total." in message
    (settings,) = tomllib.loads(block)["tables"].values()
    assert settings == {
        "path": str(csv),
        "columns": {
            "transaction_id": "Order",
            "customer_id": "Client",
            "occurred_at": "When",
            "amount": "Total",
        },
    }
    assert take(csv, TableSettings(columns=settings["columns"]), tmp_path).kept == 2


def test_what_was_configured_goes_before_what_is_proposed_and_dots_ask_for_the_rest(
    tmp_path: Path, csv: Path
) -> None:
    csv.write_text('Payer,Client,Words\nana,"b ""x""",c\n')
    with pytest.raises(QuerenciaError) as refused:
        take(csv, TableSettings(columns={"customer_id": "Payer"}), tmp_path)
    assert str(refused.value).endswith(
        f'[tables.transactions]\npath = "{csv}"\n\n[tables.transactions.columns]\n'
        'customer_id = "Payer"\n'
        'occurred_at = "..."  # when it was bought\n'
        'amount = "..."  # net amount; negative for a refund'
    )


def test_the_configuration_can_name_only_columns_of_the_table(tmp_path: Path, csv: Path) -> None:
    csv.write_text("a\n1\n")
    with pytest.raises(
        QuerenciaError, match=r"names custmer_id, which .* Its columns: .*customer_id"
    ):
        take(csv, TableSettings(columns={"custmer_id": "a"}), tmp_path)


def test_a_mapping_can_be_asked_for(tmp_path: Path, csv: Path) -> None:
    csv.write_text('Order "no",Client,Date,Total\n1,ana,2024-05-31,12.5\n')
    block = mapping.suggest(Source(csv), TRANSACTIONS).toml
    (settings,) = tomllib.loads(block)["tables"].values()
    assert settings["columns"] == {
        "transaction_id": 'Order "no"',
        "customer_id": "Client",
        "occurred_at": "Date",
        "amount": "Total",
    }
    with pytest.raises(QuerenciaError, match="There is no file"):
        mapping.suggest(Source(tmp_path / "nowhere.csv"), TRANSACTIONS)


def test_the_error_carries_what_is_missing_and_what_there_is(tmp_path: Path, csv: Path) -> None:
    csv.write_text("customer_id,When\nana,2024-05-31\n")
    with pytest.raises(UnknownColumnsError) as refused:
        take(csv, TableSettings(), tmp_path)
    assert refused.value.missing == ["occurred_at", "amount"]
    assert refused.value.found == ["customer_id", "When"]
    assert refused.value.proposal.columns["occurred_at"] == "When"
