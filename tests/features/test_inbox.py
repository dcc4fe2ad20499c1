"""The inbox keeps what was sent, in order, whatever happens to those who write to it."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from features.inbox import Inbox, Parcel, as_written
from features.records import CONTRACTS

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from features.inbox import Inbox, Parcel
inbox, writer = Inbox(Path(sys.argv[1])), sys.argv[2]
for i in range(1_000_000):
    row = {"transaction_id": f"{writer}-{i}", "customer_id": "ana", "amount": "1" * 5_000}
    with inbox.held():
        inbox.add(Parcel(at=datetime.now(UTC), digest="d", tables={"transactions": [row]}))
    print(i, flush=True)
"""


def parcel(*rows: dict[str, str | None], table: str = "transactions") -> Parcel:
    return Parcel(at=datetime(2025, 1, 1, tzinfo=UTC), digest="d", tables={table: [*rows]})


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path)


def test_rows_wait_by_table_in_the_order_they_came(inbox: Inbox) -> None:
    inbox.add(parcel({"customer_id": "a"}))
    inbox.add(parcel({"customer_id": "b"}, table="tickets"))
    inbox.add(parcel({"customer_id": "c"}))
    tables, parcels = inbox.waiting(0)
    assert parcels == 3
    assert tables == {
        "transactions": [{"customer_id": "a"}, {"customer_id": "c"}],
        "tickets": [{"customer_id": "b"}],
    }
    assert inbox.waiting(2) == ({"transactions": [{"customer_id": "c"}]}, 3)


def test_how_many_are_taken_in_stands_with_the_records(inbox: Inbox, tmp_path: Path) -> None:
    other = tmp_path / "other"
    inbox.note(tmp_path, 3)
    assert (inbox.taken(tmp_path), inbox.taken(other)) == (3, 0)


def test_a_torn_line_is_passed_over(inbox: Inbox) -> None:
    inbox.add(parcel({"customer_id": "a"}))
    with inbox.path.open("ab") as file:
        file.write(b'{"at": "2025-01-01T00:00:00Z", "dig')
    assert inbox.waiting(0)[1] == 1
    inbox.add(parcel({"customer_id": "b"}))
    tables, parcels = inbox.waiting(0)
    assert ([row["customer_id"] for row in tables["transactions"]], parcels) == (["a", "b"], 3)


def test_a_file_has_a_column_for_all_that_is_needed(inbox: Inbox) -> None:
    path = inbox.file("tickets", [{"topic": "late"}, {"channel": "web"}])
    assert pq.read_table(path).to_pylist() == [
        {"ticket_id": None, "customer_id": None, "opened_at": None, "topic": t, "channel": c}
        for t, c in (("late", None), (None, "web"))
    ]
    assert as_written(CONTRACTS["customers"], [{}]).column_names == ["customer_id"]


def test_whoever_is_forgotten_is_in_no_parcel_and_all_keep_their_place(inbox: Inbox) -> None:
    inbox.add(parcel({"customer_id": "ana", "amount": "1"}))
    friend: dict[str, str | None] = {"customer_id": "bea", "referred_customer_id": "ana"}
    inbox.add(parcel(friend, {"customer_id": "ana"}, table="referrals"))
    inbox.add(parcel({"customer_id": "bea", "category": "ana"}))
    assert inbox.forget("ana") == 3
    assert inbox.forget("ana") == 0
    tables, parcels = inbox.waiting(0)
    assert parcels == 3
    assert tables["transactions"] == [{"customer_id": "bea", "category": "ana"}]
    assert tables["referrals"] == [friend | {"referred_customer_id": None}]


def test_what_was_acknowledged_survives_the_death_of_writers(inbox: Inbox, tmp_path: Path) -> None:
    told: set[str] = set()
    for round_number in range(8):
        writers = {
            f"{round_number}{name}": start(tmp_path, f"{round_number}{name}") for name in "ab"
        }
        for name, process in writers.items():
            assert process.stdout
            for _ in range(3 + round_number):
                told.add(f"{name}-{process.stdout.readline().strip()}")
        for name, process in writers.items():
            os.kill(process.pid, signal.SIGKILL)
            rest = process.communicate()[0].splitlines()
            told |= {f"{name}-{number}" for number in rest if number}

    kept = [row["transaction_id"] for row in inbox.waiting(0)[0]["transactions"]]
    assert len(told) >= 8 * 6
    assert told <= set(kept)
    assert len(kept) == len(set(kept))
    assert len(kept) - len(told) <= 16  # one of each writer at most was kept and not told of


def start(folder: Path, name: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", WRITER, str(folder), name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
