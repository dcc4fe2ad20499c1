"""Jobs that read records: what each reads, writes, says, and refuses."""

import json
from pathlib import Path

import pandas as pd
import pytest

from features import company, snapshot
from features.errors import QuerenciaError
from features.files import locked
from features.store import Store
from features.usability import Report
from querencia import jobs
from serving.settings import Settings, load
from tests.querencia.jobs.orders import MONTHS, hush, purchases

pytestmark = pytest.mark.usefixtures("workplace")


def kept(report: Report) -> int:
    """Transactions that went on."""
    (read,) = (intake for intake in report.intakes if intake.table == "transactions")
    return read.kept


def test_check_reads_the_file_given() -> None:
    said: list[str] = []
    file = purchases(["a", "b"], MONTHS)
    found = jobs.check(load(), {"transactions": file}, said.append)

    assert said == ["reading transactions from orders.csv"]
    assert [intake.table for intake in found.intakes] == ["transactions"]
    bought = found.summary.purchases
    assert bought is not None
    assert (bought.customers, bought.transactions) == (2, 48)
    assert Store(Path("data")).path("transactions").is_file()


def test_check_reads_the_file_configured_under_its_own_names() -> None:
    table = pd.read_csv(purchases(["a"], MONTHS)).rename(columns={"amount": "Total"})
    table.to_csv("orders.csv", index=False)
    entry = {"path": "orders.csv", "columns": {"amount": "Total"}}
    assert kept(jobs.check(load(tables={"transactions": entry}), {}, hush)) == 24


def test_a_file_given_is_read_under_the_configured_names() -> None:
    table = pd.read_csv(purchases(["a"], MONTHS)).rename(columns={"amount": "Total"})
    table.to_csv("new.csv", index=False)
    entry = {"path": "gone.csv", "columns": {"amount": "Total"}}
    found = jobs.check(
        load(tables={"transactions": entry}), {"transactions": Path("new.csv")}, hush
    )
    assert kept(found) == 24


def test_check_reads_every_table_of_a_company() -> None:
    tables = jobs.built_in("company", Path("data"), customers=60)
    found = jobs.check(load(), tables, hush)

    simulated = company.simulate(60).tables
    assert {intake.table: intake.rows for intake in found.intakes} == {
        name: len(table) for name, table in simulated.items()
    }
    assert all(intake.kept == intake.rows for intake in found.intakes)


def test_check_reads_every_table_configured_in_the_order_they_need() -> None:
    """Rates come before the amounts they convert, though the file names them afterwards."""
    orders = pd.DataFrame(
        [["ann", "2024-01-05", 10.0, "USD"], ["bob", "2024-01-06", 20.0, "EUR"]],
        columns=["Customer", "occurred_at", "amount", "currency"],
    )
    orders.to_csv("orders.csv", index=False)
    Path("nps.csv").write_text("customer_id,when,points\nann,2024-02-01,9\nbob,2024-02-02,11\n")
    Path("rates.csv").write_text("currency,occurred_at,rate\nUSD,2024-01-01,0.5\n")
    Path("querencia.toml").write_text(
        """
        [tables.surveys]
        path = "nps.csv"
        columns.asked_at = "\\"when\\""
        columns.answered_at = "\\"when\\""
        columns.score = "points"
        columns.kind = "'nps'"
        [tables.transactions]
        path = "orders.csv"
        columns.customer_id = "Customer"
        [tables.rates]
        path = "rates.csv"
        """
    )
    said: list[str] = []
    found = jobs.check(load(), {}, said.append)

    assert [line.split()[1] for line in said] == ["rates", "transactions", "surveys"]
    kept = {intake.table: (intake.rows, intake.kept) for intake in found.intakes}
    assert kept == {"rates": (1, 1), "transactions": (2, 2), "surveys": (2, 1)}
    store = Store(Path("data"))
    assert pd.read_parquet(store.path("transactions"))["amount"].tolist() == [5.0, 20.0]
    assert pd.read_parquet(store.path("surveys"))["score"].tolist() == [9.0]
    assert "surveys.answered_at" in store.has


def test_the_same_file_added_again_tells_nothing_new_and_is_no_fault() -> None:
    table = pd.read_csv(purchases(["a", "b"], MONTHS))
    table.assign(transaction_id=table.index).to_csv("orders.csv", index=False)
    given = {"transactions": Path("orders.csv")}
    jobs.check(load(), given, hush)
    again = jobs.check(load(), given, hush, append=True)
    assert [(read.rows, read.refused, read.again) for read in again.intakes] == [(0, 0.0, 48)]
    assert "many_refused" not in {finding.name for finding in again.findings}


def test_check_finds_records_unusable_that_are_too_few() -> None:
    found = jobs.check(load(), {"transactions": purchases(["a", "b"], MONTHS)}, hush)
    assert not found.usable
    assert [finding.level for finding in found.findings].count("error") == 1


def test_check_finds_records_usable_that_are_enough() -> None:
    file = purchases([str(number) for number in range(60)], MONTHS)
    assert jobs.check(load(), {"transactions": file}, hush).usable


@pytest.mark.parametrize(
    ("tables", "why"),
    [
        ({}, r"No table given\. Name a file: querencia check FILE"),
        ({"orders": {"path": "o.csv"}}, r"no input table called orders\. Tables: customers, "),
    ],
)
def test_check_says_which_tables_there_are(tables: dict[str, object], why: str) -> None:
    with pytest.raises(QuerenciaError, match=why):
        jobs.check(load(tables=tables), {}, hush)


def tickets(path: str = "tickets.csv") -> Path:
    Path(path).write_text("ticket_id,customer_id,opened_at\n1,a,2024-05-01\n2,b,2024-06-01\n")
    return Path(path)


def tables() -> set[str]:
    return {path.stem for path in Path("data/records").iterdir()}


def test_tables_without_transactions_are_read_and_found_unusable() -> None:
    found = jobs.check(load(), {"tickets": tickets()}, hush)
    assert not found.usable
    assert [finding.name for finding in found.findings if finding.level == "error"] == [
        "no_transactions"
    ]
    assert tables() == {"tickets"}
    assert Path("data/usability.html").is_file()


def test_the_report_is_written_for_programs_and_for_people() -> None:
    found = jobs.check(load(), {"transactions": purchases(["a", "b"], MONTHS)}, hush)
    written = json.loads(Path("data/usability.json").read_text())
    assert written["summary"]["purchases"]["customers"] == 2
    assert [each["name"] for each in written["findings"]] == [
        finding.name for finding in found.findings
    ]
    assert written["intakes"][0]["rows"] == 48
    assert {each["family"] for each in written["families"] if each["features"]} == {"purchases"}
    assert "<!doctype html>" in Path("data/usability.html").read_text()


def test_the_records_are_what_was_read_last_and_nothing_else() -> None:
    orders = purchases(["a", "b"], MONTHS)
    jobs.check(load(), {"transactions": orders, "tickets": tickets()}, hush)
    assert tables() == {"transactions", "tickets"}
    again = jobs.check(load(), {"transactions": orders}, hush)
    assert tables() == {"transactions"}
    assert {path.stem for path in Path("data/quarantine").iterdir()} == {"transactions"}
    (finding,) = (each for each in again.findings if each.name == "left_out")
    assert finding.figures == {"tables": ("tickets",)}
    third = jobs.check(load(), {"transactions": orders}, hush)
    assert "left_out" not in {each.name for each in third.findings}


def test_a_file_appended_comes_to_the_same_as_all_at_once() -> None:
    jobs.check(load(), {"transactions": purchases(["a"], MONTHS[:3])}, hush)
    jobs.check(load(), {"tickets": tickets()}, hush, append=True)
    found = jobs.check(
        load(), {"transactions": purchases(["a", "b"], MONTHS[3:])}, hush, append=True
    )
    assert tables() == {"transactions", "tickets"}
    assert kept(found) == 2 * (len(MONTHS) - 3)
    assert found.summary.purchases is not None
    assert found.summary.purchases.transactions == 2 * len(MONTHS) - 3
    assert not any(finding.name == "left_out" for finding in found.findings)


def test_without_a_file_all_configured_tables_are_appended() -> None:
    purchases(["a"], MONTHS[:3])
    Path("querencia.toml").write_text('[tables.transactions]\npath = "orders.csv"\n')
    jobs.check(load(), {}, hush)
    purchases(["a"], MONTHS[3:5])
    assert kept(jobs.check(load(), {}, hush, append=True)) == 2


def test_one_job_at_a_time_reads_into_a_folder() -> None:
    orders = {"transactions": purchases(["a"], MONTHS)}
    with locked(Path("data")), pytest.raises(QuerenciaError, match="Another job is reading"):
        jobs.check(load(), orders, hush)
    assert kept(jobs.check(load(), orders, hush)) == len(MONTHS)


def test_rates_that_are_not_given_any_more_convert_nothing() -> None:
    Path("orders.csv").write_text(
        "customer_id,occurred_at,amount,currency\na,2024-01-05,10,USD\na,2024-01-06,10,EUR\n"
    )
    Path("rates.csv").write_text("currency,occurred_at,rate\nUSD,2024-01-01,0.5\n")
    given = {"transactions": Path("orders.csv"), "rates": Path("rates.csv")}
    assert kept(jobs.check(load(), given, hush)) == 2
    del given["rates"]
    assert kept(jobs.check(load(), given, hush)) == 1


def test_all_stays_as_it_was_where_a_table_cannot_be_read() -> None:
    orders = purchases(["a"], MONTHS)
    jobs.check(load(), {"transactions": orders}, hush)
    before = Store(Path("data")).path("transactions").read_bytes()
    purchases(["a", "b"], MONTHS)
    with pytest.raises(QuerenciaError, match=r"no file gone\.csv"):
        jobs.check(load(), {"transactions": orders, "tickets": Path("gone.csv")}, hush)
    assert Store(Path("data")).path("transactions").read_bytes() == before
    assert {path.name for path in Path("data").iterdir()} == {
        *(".lock", "records", "quarantine", "changes", "usability.json", "usability.html"),
    }


def test_transactions_are_not_removed_by_a_check_of_another_table() -> None:
    jobs.check(load(), {"transactions": purchases(["a"], MONTHS)}, hush)
    with pytest.raises(QuerenciaError, match=r"hold transactions, which are not given now"):
        jobs.check(load(), {"tickets": tickets()}, hush)
    assert tables() == {"transactions"}


def test_who_was_erased_does_not_come_back() -> None:
    orders = purchases(["a", "b"], MONTHS)
    Path("customers.csv").write_text("customer_id,erased_at\na,\nb,2024-03-01\n")
    given = {"transactions": orders, "customers": Path("customers.csv")}
    assert kept(jobs.check(load(), given, hush)) == 24
    with pytest.raises(QuerenciaError, match="know of 1 customers who were erased"):
        jobs.check(load(), {"transactions": orders}, hush)
    assert tables() == {"customers", "transactions"}


def test_customers_can_be_left_out_where_nobody_was_erased() -> None:
    orders = purchases(["a"], MONTHS)
    for head in ("customer_id,segment\na,x\n", "customer_id,erased_at\na,\n"):
        Path("customers.csv").write_text(head)
        jobs.check(load(), {"transactions": orders, "customers": Path("customers.csv")}, hush)
        jobs.check(load(), {"transactions": orders}, hush)
        assert tables() == {"transactions"}


def test_a_mapping_is_proposed_for_any_table() -> None:
    Path("quejas.csv").write_text("Num Incidencia,Cliente,Abierta\n1,ana,2024-06-01\n")
    found = jobs.propose(load(), {"tickets": Path("quejas.csv")}, "tickets")
    assert found.columns == {
        "ticket_id": "Num Incidencia",
        "customer_id": "Cliente",
        "opened_at": "Abierta",
    }
    with pytest.raises(QuerenciaError, match="No surveys given"):
        jobs.propose(load(), {"tickets": Path("quejas.csv")}, "surveys")


def test_all_features_are_carried_before_there_are_records() -> None:
    every = {feature.name for family in snapshot.FAMILIES for feature in family.features}
    found = jobs.carried(load())
    assert not jobs.has_records(load())
    assert {feature.name for columns in found.values() for feature in columns} == every | {
        *("winter", "spring"),
    }


def test_the_features_that_the_records_carry_are_those_of_a_snapshot(mine: Settings) -> None:
    assert jobs.has_records(mine)
    found = [feature.name for columns in jobs.carried(mine).values() for feature in columns]
    assert found == [feature.name for feature in snapshot.columns(Store(mine.data).has)]


def test_the_built_in_purchases_are_those_published(workplace: Path) -> None:
    tables = jobs.built_in("cdnow", workplace, customers=1)
    assert set(tables) == {"transactions"}
    rows = pd.read_parquet(tables["transactions"])
    assert (len(rows), rows["customer_id"].nunique()) == (69_659, 23_570)
    assert rows["amount"].sum() == pytest.approx(2_500_315.63)
