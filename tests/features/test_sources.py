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
from features.records import CONTRACTS
from features.sources import Fault, Intake, Source, read

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
        time_zone: str = "UTC",
    ) -> Intake:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        source = Source(path, columns or {})
        return read(source, CONTRACTS[table], tmp_path, time_zone=time_zone)

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
        "row": str(intake.rows),
        "reasons": refused["reasons"],
        **{name: text or "" for name, text in zip(intake.columns, written, strict=False)},
    }
    assert len(records(tmp_path, table)) == intake.kept == good.count("\n") - 1


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


def test_a_transaction_recorded_again_is_a_duplicate(reading: Reading, tmp_path: Path) -> None:
    """Counted twice, it would double the customer's spend."""
    reading(f"{HEADER},recorded_at\n1,ana,2024-01-01,5,2024-01-01\n1,ana,2024-01-01,4,2024-01-09\n")
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


def test_missing_columns_are_told_with_what_the_file_has_and_the_closest(
    reading: Reading,
) -> None:
    with pytest.raises(QuerenciaError) as refused:
        reading("CustomerID,Date,amount\nana,2024-01-01,5\n")
    message = str(refused.value)
    assert "has no column for customer_id, occurred_at." in message
    assert "It has: CustomerID, Date, amount." in message
    assert "[tables.transactions.columns]" in message
    assert '  customer_id = "CustomerID"' in message
    assert '  occurred_at = "..."' in message


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    for name in ("nowhere.csv", "."):
        with pytest.raises(QuerenciaError, match="There is no file"):
            read(Source(tmp_path / name), CONTRACTS["transactions"], tmp_path, time_zone="UTC")


MANY = GOOD + "".join(f"{row},ana,2024-01-01,5\n" for row in range(2, 25_000))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("file.parquet", b"no such thing"),
        ("file.csv", bytes(range(256))),
        ("latin.csv", f"{GOOD}2,María,2024-01-01,5\n".encode("latin-1")),
        ("late_latin.csv", f"{MANY}x,María,2024-01-01,5\n".encode("latin-1")),
        ("late_wide.csv", f"{MANY}x,ana,2024-01-01,5,6,7\n".encode()),
    ],
)
def test_an_unreadable_file_is_told_with_the_remedy(
    reading: Reading, tmp_path: Path, name: str, content: bytes
) -> None:
    with pytest.raises(QuerenciaError) as refused:
        reading(content, name=name)
    assert f"{name} can't be read as {Path(name).suffix}: " in str(refused.value)
    assert "Save it as CSV in UTF-8" in str(refused.value)
    assert not (tmp_path / "records").exists()


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


def test_an_unknown_time_zone_is_told(reading: Reading) -> None:
    with pytest.raises(QuerenciaError, match="time zone 'Mars/Olympus' is not known"):
        reading(GOOD, time_zone="Mars/Olympus")


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
        intake = read(
            Source(tmp_path / f"rows.{kind}"),
            CONTRACTS["transactions"],
            tmp_path / kind,
            time_zone="Europe/Madrid",
        )
        assert (intake.kept, intake.rows) == (size, size)
        found.append(records(tmp_path / kind))
    assert found[0] == found[1]
