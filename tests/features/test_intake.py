"""Good rows go on, bad rows are kept with a reason, and nothing is ever half-written."""

import csv
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.errors import QuerenciaError
from features.intake import Fault, Intake, refer, take_in
from features.records import CONTRACTS, UNITS
from features.settings import FeatureSettings
from features.sources import Source
from features.store import Store

HEADER = "transaction_id,customer_id,occurred_at,amount"
GOOD = f"{HEADER}\n1,ana,2024-01-01,5\n"

Reading = Callable[..., Intake]


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    """Read a CSV of this content into `tmp_path`."""

    def reading(
        content: str | bytes,
        *,
        table: str = "transactions",
        name: str = "file.csv",
        columns: Mapping[str, str] | None = None,
        **settings: str,
    ) -> Intake:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        source = Source(path, columns or {})
        return take_in(source, CONTRACTS[table], tmp_path, FeatureSettings(**settings))

    return reading


def records(folder: Path, table: str = "transactions") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / "records" / f"{table}.parquet").to_pylist()
    return rows


def quarantine(folder: Path, table: str = "transactions") -> list[dict[str, str]]:
    with (folder / "quarantine" / f"{table}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_good_rows_are_typed_and_sorted_by_customer_and_time(
    reading: Reading, tmp_path: Path
) -> None:
    intake = reading(
        f"{HEADER}\n1,bea,2024-01-02,5.10\n2,ana,2024-01-03 10:15,-2\n"
        "3,ana,2024-01-01T09:00:00Z, 0 \n"
    )
    assert intake == Intake("transactions", tuple(HEADER.split(",")), 3, 3, ())
    assert records(tmp_path) == [
        {
            "transaction_id": name,
            "customer_id": customer,
            "occurred_at": occurred_at.replace(tzinfo=UTC),
            "amount": amount,
            "day": occurred_at.date(),
        }
        for name, customer, occurred_at, amount in [
            ("3", "ana", datetime(2024, 1, 1, 9), 0),
            ("2", "ana", datetime(2024, 1, 3, 10, 15), -2),
            ("1", "bea", datetime(2024, 1, 2), 5.1),
        ]
    ]
    assert quarantine(tmp_path) == []


def test_in_one_instant_the_refund_comes_after_the_purchase(
    reading: Reading, tmp_path: Path
) -> None:
    reading(f"{HEADER}\n1,ana,2024-01-01,-5\n2,ana,2024-01-01,20\n")
    assert [row["amount"] for row in records(tmp_path)] == [20, -5]


def micros(*when: int) -> int:
    """An instant as timelines count it."""
    return int(datetime(*when, tzinfo=UTC).timestamp()) * 1_000_000  # type: ignore[arg-type, misc]


BAD_ROWS = [
    ("transactions", ",ana,2024-01-01,5", "transaction_id is missing", "give every row an id"),
    ("transactions", "9, ,2024-01-01,5", "customer_id is missing", "give every row an id"),
    ("transactions", "9,ana,,5", "occurred_at is missing", "write times as 2024-05-31"),
    ("transactions", "9,ana,31/05/2024,5", "occurred_at is not a time", "write times as 2024-05"),
    ("transactions", "9,ana,2024-02-30,5", "occurred_at is not a time", "write times as 2024-05"),
    ("transactions", "9,ana,infinity,5", "occurred_at is not a time", "write times as 2024-05"),
    ("transactions", "9,ana,20240-01-01,5", "occurred_at is not a time", "write times as 2024-05"),
    ("transactions", "9,ana,1899-12-30,5", "occurred_at is not a time", "write times as 2024-05"),
    ("transactions", "9,ana,2024-01-01,", "amount is missing", "write amounts as 1234.50"),
    ("transactions", '9,ana,2024-01-01,"1,50"', "amount is not an amount", "write amounts as 1234"),
    ("transactions", "9,ana,2024-01-01,5 €", "amount is not an amount", "write amounts as 1234.50"),
    ("transactions", "9,ana,2024-01-01,nan", "amount is not an amount", "write amounts as 1234.50"),
    ("transactions", "9", "customer_id is missing", "give every row an id"),
    ("transactions", "1,ana,2024-02-01,5", "transaction_id appears more than once", "an id of its"),
    ("deliveries", "9,ana,2024-01-02,5,2024-01-01,0", "delivered_at is before occurred_at", "corr"),
    ("deliveries", "9,ana,2024-01-02,5,soon,0", "delivered_at is not a time", "write times as"),
    ("deliveries", "9,ana,2024-01-02,5,,-1", "discount is negative", "correct it where it was"),
    ("surveys", "9,ana,mood,2024-01-01,5,,", "kind is none of the known surveys", "correct it"),
    ("surveys", "9,ana,nps,2024-01-01,11,,", "score is off its scale", "correct it where it was"),
    ("surveys", "9,ana,csat,2024-01-01,6,1,5", "score is off its scale", "correct it where it was"),
    ("surveys", "9,ana,csat,2024-01-01,many,1,5", "score is not a number", "write numbers as 12.5"),
    ("surveys", "9,ana,ces,2024-01-01,inf,,", "score is not a number", "write numbers as 12.5"),
    ("tickets", "9,ana,2024-01-01,perhaps", "is_complaint is not true or false", "write true or"),
]
TABLES = {
    "transactions": ("transactions", GOOD),
    "deliveries": (
        "transactions",
        f"{HEADER},delivered_at,discount\n1,ana,2024-01-01,5,2024-01-01,1\n",
    ),
    "surveys": (
        "surveys",
        "survey_id,customer_id,kind,asked_at,score,scale_min,scale_max\n"
        "1,ana,nps,2024-01-01,10,,\n2,ana,csat,2024-01-01,5,1,5\n",
    ),
    "tickets": ("tickets", "ticket_id,customer_id,opened_at,is_complaint\n1,ana,2024-01-01,yes\n"),
}


@pytest.mark.parametrize(("kind", "bad", "reason", "remedy"), BAD_ROWS)
def test_a_bad_row_is_kept_with_its_reason_and_good_rows_go_on(
    reading: Reading, tmp_path: Path, kind: str, bad: str, reason: str, remedy: str
) -> None:
    table, good = TABLES[kind]
    intake = reading(f"{good}{bad}\n", table=table)
    fault = next(fault for fault in intake.faults if fault.reason == reason)
    (row,) = csv.reader([bad])
    written = [text.strip() or None for text in row] + [None] * len(intake.columns)
    assert (intake.rows - intake.kept, fault.rows) == (1, 1)
    assert fault.example == {
        "row": intake.rows,
        **dict(zip(intake.columns, written, strict=False)),
    }
    assert remedy in fault.remedy
    (refused,) = quarantine(tmp_path, table)
    assert reason in refused["reasons"].split("; ")
    assert refused == {
        "source": str(tmp_path / "file.csv"),
        "row": str(intake.rows),
        "line": "",
        "reasons": refused["reasons"],
        **{name: text or "" for name, text in zip(intake.columns, written, strict=False)},
    }
    assert len(records(tmp_path, table)) == intake.kept == good.count("\n") - 1


@pytest.mark.parametrize("before", [1, 25_000])
def test_a_row_with_too_many_columns_is_refused_and_all_others_go_on(
    reading: Reading, tmp_path: Path, before: int
) -> None:
    plain = "".join(f"{row},ana,2024-01-01,5\n" for row in range(before))
    intake = reading(f"{HEADER}\n{plain}x,Doe, Jane,2024-01-01,5\ny,bea,2024-01-01,7\n")
    assert (intake.rows, intake.kept) == (before + 2, before + 1)
    fault = intake.faults[0]
    assert (fault.rows, fault.example["row"]) == (1, before + 1)
    (refused,) = quarantine(tmp_path)
    assert "the row has more columns than the header" in refused["reasons"]
    assert refused["row"] == str(before + 1)
    assert "Doe" in refused["line"] + refused["customer_id"]


def test_empty_cells_beyond_the_header_are_nothing(reading: Reading) -> None:
    assert reading(f"{HEADER},,\n1,ana,2024-01-01,5,, \n").faults == ()


def test_a_line_that_names_an_erased_customer_leaves_no_trace(
    reading: Reading, tmp_path: Path
) -> None:
    plain = "".join(f"{row},bea,2024-01-01,5\n" for row in range(25_000))
    reading("customer_id,erased_at\nana,2024-05-01\n", table="customers")
    reading(f'{HEADER}\n{plain}x, "ana",2024-01-01,5,6\ny,anabel,2024-01-01,5,6\n')
    assert [row["line"] for row in quarantine(tmp_path)] == ["y,anabel,2024-01-01,5,6"]


def test_the_example_is_the_first_such_row_as_it_was_written(reading: Reading) -> None:
    intake = reading(
        f"{HEADER},channel\n1,ana,2024-01-01,,\n2,bea,2024-01-02,,web\n3,eva,2024-01-03,5,web\n"
    )
    (fault,) = intake.faults
    assert (fault.reason, fault.rows) == ("amount is missing", 2)
    assert fault.example == {
        "row": 1,
        "transaction_id": "1",
        "customer_id": "ana",
        "occurred_at": "2024-01-01",
        "amount": None,
        "channel": None,
    }


def test_a_row_with_several_faults_tells_all_of_them(reading: Reading, tmp_path: Path) -> None:
    intake = reading(f"{GOOD}2,,yesterday,5 €\n3,,2024-01-01,5\n")
    assert [(fault.reason, fault.rows) for fault in intake.faults] == [
        ("customer_id is missing", 2),
        ("amount is not an amount", 1),
        ("occurred_at is not a time", 1),
    ]
    assert [row["reasons"] for row in quarantine(tmp_path)] == [
        "customer_id is missing; occurred_at is not a time; amount is not an amount",
        "customer_id is missing",
    ]


def test_a_fault_is_told_in_one_line() -> None:
    fault = Fault("amount is missing", 1_234, {"row": 7, "amount": None}, "fill it in")
    assert str(fault) == "1,234 rows: amount is missing (e.g. row=7, amount=None); fill it in"


def test_of_duplicates_the_first_good_row_is_kept(reading: Reading, tmp_path: Path) -> None:
    intake = reading(
        f"{HEADER}\n1,ana,2024-01-01,oops\n1,ana,2024-01-01,5\n1,ana,2024-01-01,7\n1,bea,2024-01-01,9\n"
    )
    assert {fault.reason: fault.rows for fault in intake.faults} == {
        "transaction_id appears more than once": 2,
        "amount is not an amount": 1,
    }
    assert [row["amount"] for row in records(tmp_path)] == [5]


def test_without_transaction_id_rows_are_numbered(reading: Reading, tmp_path: Path) -> None:
    intake = reading("customer_id,occurred_at,amount\nbea,2024-01-01,5\nana,2024-01-01,5\nana,,5\n")
    assert intake.columns == ("customer_id", "occurred_at", "amount")
    assert [(row["transaction_id"], row["customer_id"]) for row in records(tmp_path)] == [
        ("2", "ana"),
        ("1", "bea"),
    ]
    assert [row["row"] for row in quarantine(tmp_path)] == ["3"]


def test_customers_without_customer_id_are_no_customers(reading: Reading) -> None:
    with pytest.raises(QuerenciaError, match="has no column for customer_id"):
        reading("segment,country\nnew,ES\n", table="customers")


def test_foreign_column_names_are_mapped(reading: Reading, tmp_path: Path) -> None:
    columns = {"customer_id": "Cliente", "occurred_at": "Fecha", "amount": "Importe €"}
    intake = reading(
        "Fecha;Importe €;Cliente;Otra\n2024-01-01;5;ana;x\n;6;bea;y\n", columns=columns
    )
    assert intake.columns == tuple(columns)
    assert [row["customer_id"] for row in records(tmp_path)] == ["ana"]
    assert intake.faults[0].example == {
        "row": 2,
        "customer_id": "bea",
        "occurred_at": None,
        "amount": "6",
    }


def test_quotes_in_paths_and_column_names_are_only_letters(
    reading: Reading, tmp_path: Path
) -> None:
    intake = reading(
        """"cust""omer",when's,am'ount\nana,2024-01-01,5\n""",
        name="""it's a "file".csv""",
        columns={"customer_id": 'cust"omer', "occurred_at": "when's", "amount": "am'ount"},
    )
    assert intake.kept == 1
    assert records(tmp_path)[0]["amount"] == 5


@pytest.mark.parametrize(("before", "after"), [(0, 1), (25_000, 0)])
def test_line_breaks_inside_quotes_do_not_end_a_row(
    reading: Reading, tmp_path: Path, before: int, after: int
) -> None:
    plain = "{},ana,nps,2024-01-01,fine\n".format
    intake = reading(
        "survey_id,customer_id,kind,asked_at,comment\n"
        + "".join(map(plain, range(before)))
        + 'x,zoe,nps,2024-01-01,"""we""\nb"\n'
        + "".join(map(plain, range(after))),
        table="surveys",
    )
    assert (intake.kept, intake.faults) == (before + 1 + after, ())
    assert records(tmp_path, "surveys")[-1]["comment"] == '"we"\nb'


@pytest.mark.parametrize("content", [HEADER + "\n", f"{HEADER}\n1,ana,,5\n2,,2024-01-01,5\n"])
def test_without_a_good_row_the_old_records_stay(
    reading: Reading, tmp_path: Path, content: str
) -> None:
    reading(GOOD)
    with pytest.raises(QuerenciaError, match="No usable row") as refused:
        reading(content)
    assert ("occurred_at is missing" in str(refused.value)) == (content.count("\n") > 1)
    assert [row["customer_id"] for row in records(tmp_path)] == ["ana"]


def test_a_job_that_dies_leaves_the_last_good_records(
    reading: Reading, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_: int) -> None:
        raise OSError("no space left")

    reading(GOOD)
    before = {path: path.read_bytes() for path in tmp_path.glob("*/*")}
    monkeypatch.setattr("features.files.os.fsync", die)
    with pytest.raises(OSError, match="no space left"):
        reading(f"{GOOD}2,bea,2024-01-01,5\n3,,,\n")
    assert {path: path.read_bytes() for path in tmp_path.glob("*/*")} == before


def test_naive_times_and_days_are_those_of_the_zone(reading: Reading, tmp_path: Path) -> None:
    reading(
        f"{HEADER}\n1,ana,2024-07-01,5\n2,ana,2024-07-01T22:30:00Z,5\n"
        "3,ana,2024-10-27T02:30:00+02:00,5\n4,ana,2024-10-27T02:30:00+01:00,5\n",
        time_zone="Europe/Madrid",
    )
    assert [(row["occurred_at"].astimezone(UTC), row["day"]) for row in records(tmp_path)] == [
        (datetime(2024, 6, 30, 22, tzinfo=UTC), date(2024, 7, 1)),
        (datetime(2024, 7, 1, 22, 30, tzinfo=UTC), date(2024, 7, 2)),
        (datetime(2024, 10, 27, 0, 30, tzinfo=UTC), date(2024, 10, 27)),
        (datetime(2024, 10, 27, 1, 30, tzinfo=UTC), date(2024, 10, 27)),
    ]


@pytest.mark.parametrize("aware", [True, False])
def test_csv_and_parquet_give_the_same_records(tmp_path: Path, aware: bool) -> None:
    random = np.random.default_rng(3)
    size = 500
    seconds = random.integers(0, 700 * 86_400, size)
    rows = pd.DataFrame(
        {
            "transaction_id": [f"t{row}" for row in range(size)],
            "customer_id": random.integers(0, 40, size),
            "occurred_at": pd.Timestamp("2023-01-01", tz="UTC" if aware else None)
            + pd.to_timedelta(seconds, unit="s"),
            "amount": random.integers(-5_000, 50_000, size) / 100,
            "channel": random.choice(np.array(["web", "tienda, física", None]), size),
        }
    )
    rows.to_csv(tmp_path / "rows.csv", index=False)
    rows.to_parquet(tmp_path / "rows.parquet")
    found = []
    for kind in ("csv", "parquet"):
        intake = take_in(
            Source(tmp_path / f"rows.{kind}"),
            CONTRACTS["transactions"],
            tmp_path / kind,
            FeatureSettings(time_zone="Europe/Madrid"),
        )
        assert (intake.kept, intake.rows) == (size, size)
        found.append(records(tmp_path / kind))
    assert found[0] == found[1]


VERSIONS = (
    f"{HEADER},recorded_at\n"
    "1,ana,2024-01-01,5,\n"
    "1,ana,2024-01-01,4,2024-01-09\n"
    "1,bea,2024-01-02,3,2024-02-01\n"
    "1,bea,2024-01-02,9,2024-02-01\n"
    "1,bea,2024-01-02,oops,2024-03-01\n"
    "2,ana,2024-01-05,7,2024-01-04\n"
)


def test_a_later_version_supersedes_the_one_before(reading: Reading, tmp_path: Path) -> None:
    intake = reading(VERSIONS)
    assert {fault.reason: fault.rows for fault in intake.faults} == {
        "transaction_id appears more than once": 1,  # the same version twice
        "amount is not an amount": 1,  # corrects nothing
    }
    found = [(row["customer_id"], row["amount"], row["superseded_at"]) for row in records(tmp_path)]
    corrected, moved = (datetime(2024, month, day, tzinfo=UTC) for month, day in ((1, 9), (2, 1)))
    assert found == [("ana", 5, corrected), ("ana", 4, moved), ("ana", 7, None), ("bea", 3, None)]


def test_a_lasting_version_knows_what_was_known_when(reading: Reading, tmp_path: Path) -> None:
    reading(VERSIONS)
    (chunk,) = Store(tmp_path).records()
    sold = {
        (month, day): [
            int(amount) // UNITS
            for amount in chunk.known(micros(2024, month, day))["transactions"].column("amount")
        ]
        for month, day in ((1, 2), (1, 9), (1, 10), (2, 2))
    }
    assert sold == {(1, 2): [5], (1, 9): [5, 7], (1, 10): [4, 7], (2, 2): [7, 3]}


ERASED = (
    "customer_id,erased_at\nana,2024-05-01\nbea,\n17850,2024-05-01T00:00:00Z\n",
    f"{HEADER}\n1,ana,2024-01-01,5\n2,bea,2024-01-01,5\n3,17850.0,2024-01-01,5\n"
    "4, ana ,never,oops\n5,,2024-01-01,5\n",
    "referral_id,customer_id,occurred_at,referred_customer_id\n"
    "1,bea,2024-01-02,ana\n2,ana,2024-01-02,bea\n3,bea,2024-01-03,eva\n",
)


def test_erased_customers_leave_no_trace(reading: Reading, tmp_path: Path) -> None:
    customers, transactions, referrals = ERASED
    reading(customers, table="customers")
    intake = reading(transactions)
    assert (intake.rows, intake.kept) == (2, 1)
    assert [row["customer_id"] for row in records(tmp_path)] == ["bea"]
    assert [row["row"] for row in quarantine(tmp_path)] == ["5"]  # counted as in the file
    reading(referrals, table="referrals")
    assert [
        (row["customer_id"], row["referred_customer_id"]) for row in records(tmp_path, "referrals")
    ] == [("bea", None), ("bea", "eva")]


def test_whoever_is_not_erased_stays(reading: Reading) -> None:
    reading("customer_id,segment\nana,new\n", table="customers")
    assert reading(GOOD).kept == 1
    reading("customer_id,erased_at\nana,\n", table="customers")
    assert reading(GOOD).kept == 1


RATES = "currency,occurred_at,rate\nUSD,2024-01-10,0.9\nUSD,2024-02-01,0.5\nGBP,2024-01-01,1.2\n"
PRICED = (
    f"{HEADER},currency,margin,discount\n"
    "1,ana,2024-01-09,10,USD,1,1\n"
    "2,ana,2024-01-10,10,USD,1,1\n"
    "3,ana,2024-01-31T23:59:59Z,10,USD,,\n"
    "4,ana,2024-02-01,-10,USD,,\n"
    "5,bea,2024-03-01,10,GBP,,0\n"
    "6,bea,2024-03-01,10,EUR,,\n"
    "7,bea,2024-03-01,10, ,,\n"
    "8,bea,2024-03-01,10,CHF,,\n"
)


def test_amounts_are_converted_by_the_last_rate_before(reading: Reading, tmp_path: Path) -> None:
    reading(RATES, table="rates")
    intake = reading(PRICED)
    assert [(row["transaction_id"], row["amount"]) for row in records(tmp_path)] == [
        ("2", 9),
        ("3", 9),
        ("4", -5),
        ("5", 12),
        ("6", 10),
        ("7", 10),
    ]
    assert [(row["margin"], row["discount"]) for row in records(tmp_path)[:1]] == [(0.9, 0.9)]
    (fault,) = intake.faults
    assert (fault.reason, fault.rows) == ("currency has no rate for that day", 2)
    assert (fault.example["transaction_id"], fault.example["amount"]) == ("1", "10")
    assert fault.remedy.startswith("give its rates as a table: [tables.rates]")
    assert [row["amount"] for row in quarantine(tmp_path)] == ["10", "10"], "as it was written"


def test_without_rates_only_the_reporting_currency_counts(reading: Reading, tmp_path: Path) -> None:
    assert reading(PRICED, currency="USD").kept == 5
    assert {row["amount"] for row in records(tmp_path)} == {10, -10}


def test_rates_must_be_positive(reading: Reading) -> None:
    intake = reading(f"{RATES}JPY,2024-01-01,0\n,2024-01-01,1\n", table="rates")
    assert [fault.reason for fault in intake.faults] == [
        "currency is missing",
        "rate is not positive",
    ]


@pytest.mark.parametrize(
    ("written", "instant", "day"),
    [
        ("2024-03-31 01:59:59", datetime(2024, 3, 31, 0, 59, 59), date(2024, 3, 31)),
        ("2024-03-31 02:30:00", datetime(2024, 3, 31, 1, 30), date(2024, 3, 31)),  # never was
        ("2024-03-31 03:00:00", datetime(2024, 3, 31, 1), date(2024, 3, 31)),
        ("2024-10-27 02:30:00", datetime(2024, 10, 27, 1, 30), date(2024, 10, 27)),  # was twice
        ("2024-10-27 23:59:59", datetime(2024, 10, 27, 22, 59, 59), date(2024, 10, 27)),
        ("2024-12-31T23:30:00Z", datetime(2024, 12, 31, 23, 30), date(2025, 1, 1)),
        ("2024-12-31T18:30:00-05:00", datetime(2024, 12, 31, 23, 30), date(2025, 1, 1)),
    ],
)
def test_days_of_daylight_saving(
    reading: Reading, tmp_path: Path, written: str, instant: datetime, day: date
) -> None:
    reading(f"{HEADER}\n1,ana,{written},5\n", time_zone="Europe/Madrid")
    (row,) = records(tmp_path)
    assert (row["occurred_at"].astimezone(UTC), row["day"]) == (instant.replace(tzinfo=UTC), day)


def test_ids_that_were_numbers_with_gaps_are_whole_again(reading: Reading, tmp_path: Path) -> None:
    reading(f"{HEADER}\n1,17850.0,2024-01-01,5\n2,17850,2024-01-02,5\n3,1.50,2024-01-03,5\n")
    assert [row["customer_id"] for row in records(tmp_path)] == ["1.50", "17850", "17850"]


def test_columns_may_be_sql_over_the_source_s(reading: Reading, tmp_path: Path) -> None:
    columns = {
        "amount": "TRY_CAST(pieces AS DOUBLE) * TRY_CAST(price AS DOUBLE)",
        "channel": "'shop'",
        "customer_id": "upper(who)",
    }
    intake = reading(
        "who,occurred_at,pieces,price\nana,2024-01-01,3,1.5\nana,2024-01-01,x,1\n", columns=columns
    )
    assert [fault.reason for fault in intake.faults] == ["amount is missing"]
    (row,) = records(tmp_path)
    assert (row["customer_id"], row["amount"], row["channel"]) == ("ANA", 4.5, "shop")


def test_tickets_need_no_purchases(reading: Reading, tmp_path: Path) -> None:
    assert reading(TABLES["tickets"][1], table="tickets").kept == 1
    refer(tmp_path)
    assert [path.name for path in (tmp_path / "records").iterdir()] == ["tickets.parquet"]


def test_what_referred_customers_buy_counts_for_the_referrer(
    reading: Reading, tmp_path: Path
) -> None:
    reading(
        "referral_id,customer_id,occurred_at,referred_customer_id\n"
        "1,ana,2024-01-05,bea\n2,ana,2024-01-06,\n3,bea,2024-01-07,eva\n",
        table="referrals",
    )
    refer(tmp_path)
    assert not (tmp_path / "records" / "referred_purchases.parquet").exists()
    reading(
        f"{HEADER}\n1,bea,2024-01-01,5\n2,bea,2024-01-09,5\n3,bea,2024-01-10,-5\n4,ana,2024-01-01,5\n"
    )
    refer(tmp_path)
    assert [
        (row["customer_id"], row["occurred_at"].date())
        for row in records(tmp_path, "referred_purchases")
    ] == [("ana", date(2024, 1, 5)), ("ana", date(2024, 1, 9))]


def test_a_referred_purchase_counts_once_and_not_before_it_was_recorded(tmp_path: Path) -> None:
    bought = "2024-03-01T10:00:00Z"
    tables = {
        "referrals": "referral_id,customer_id,occurred_at,referred_customer_id\n"
        "r1,anna,2024-01-01T00:00:00Z,ben\n",
        "transactions": "transaction_id,customer_id,occurred_at,amount,recorded_at\n"
        f"1,ben,{bought},10,2024-03-02T00:00:00Z\n1,ben,{bought},12,2024-03-09T00:00:00Z\n"
        f"2,anna,{bought},5,\n",
    }
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text)
        source = Source(str(tmp_path / f"{name}.csv"))
        take_in(source, CONTRACTS[name], tmp_path, FeatureSettings())
    refer(tmp_path)
    rows = pd.read_parquet(tmp_path / "records" / "referred_purchases.parquet")
    assert rows["customer_id"].tolist() == ["anna"]
    assert rows["occurred_at"].tolist() == [pd.Timestamp("2024-03-09", tz="UTC")]


def test_referrals_that_name_nobody_bring_no_purchases(tmp_path: Path) -> None:
    tables = {
        "referrals": "referral_id,customer_id,occurred_at\nr1,anna,2024-01-01\n",
        "transactions": "customer_id,occurred_at,amount\nben,2024-03-01,10\n",
    }
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text)
        source = Source(str(tmp_path / f"{name}.csv"))
        take_in(source, CONTRACTS[name], tmp_path, FeatureSettings())
    refer(tmp_path)
    assert not (tmp_path / "records" / "referred_purchases.parquet").exists()
