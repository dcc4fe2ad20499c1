"""Reception judges what is sent as reading a file would, and keeps it once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from features import intake
from features.errors import QuerenciaError
from features.forgotten import Forgotten
from features.inbox import Inbox
from features.records import CONTRACTS
from features.settings import FeatureSettings
from features.sources import Source
from querencia import jobs
from serving.reception import KeyReusedError, Reception
from serving.settings import Settings

SETTINGS = FeatureSettings()
BOUGHT: dict[str, Any] = {
    "transaction_id": "t-1",
    "customer_id": "ana",
    "occurred_at": "2024-05-01T10:00:00Z",
    "amount": 30,
}
MADE: dict[str, Any] = {
    "offer_id": "o-1",
    "customer_id": "ana",
    "campaign_id": "2024-05-01-1-voucher",
    "decided_at": "2024-05-01T00:00:00Z",
    "arm": "voucher",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pd.DataFrame([BOUGHT | {"transaction_id": "t-0"}]).to_parquet(tmp_path / "t.parquet")
    intake.take_in(Source(tmp_path / "t.parquet"), CONTRACTS["transactions"], tmp_path, SETTINGS)
    return tmp_path


@pytest.fixture
def desk(folder: Path) -> Reception:
    return Reception(folder, SETTINGS)


@pytest.fixture
def take_in(folder: Path) -> Callable[[], None]:
    settings = Settings.model_construct(data=folder, features=SETTINGS, tables={})

    def take() -> None:
        jobs.check(settings, {}, lambda _: None, append=True)

    return take


def rows(folder: Path, table: str = "transactions") -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = pq.read_table(folder / "records" / f"{table}.parquet").to_pylist()
    return read


def told(desk: Reception, *sent: dict[str, Any], key: str | None = None) -> tuple[int, int, Any]:
    receipt = desk.take({"transactions": sent}, key=key)
    return receipt.accepted, receipt.unchanged, {r.row: r.reasons for r in receipt.refused}


def test_good_rows_go_on_and_bad_ones_are_told_why(desk: Reception, folder: Path) -> None:
    bad = [
        BOUGHT | {"transaction_id": "t-2", "amount": "12 EUR"},
        BOUGHT | {"transaction_id": None},
        BOUGHT | {"transaction_id": "t-0", "amount": 31},
    ]
    assert told(desk, BOUGHT, *bad) == (
        1,
        0,
        {
            1: ["amount is not an amount"],
            2: ["transaction_id is missing"],
            3: ["transaction_id appears more than once"],
        },
    )
    assert len(Inbox(folder).waiting(0)[0]["transactions"]) == 4
    assert told(desk, *bad)[2].keys() == {0, 1, 2}  # told again, and not kept again
    assert len(Inbox(folder).waiting(0)[0]["transactions"]) == 4


def test_a_row_sent_again_is_counted_whether_it_waits_or_is_a_record(
    desk: Reception, take_in: Callable[[], None], folder: Path
) -> None:
    known = BOUGHT | {"transaction_id": "t-0", "amount": "30.00"}
    other = BOUGHT | {"transaction_id": "t-2"}
    assert told(desk, BOUGHT, known) == (1, 1, {})
    assert told(desk, BOUGHT | {"amount": "30.0"}) == (0, 1, {})
    assert told(desk, other, BOUGHT) == (1, 1, {})
    assert told(desk, BOUGHT | {"amount": 5}) == (
        0,
        0,
        {0: ["transaction_id appears more than once"]},
    )
    take_in()
    assert told(Reception(folder, SETTINGS), other, BOUGHT, known) == (0, 3, {})
    assert told(desk, other, BOUGHT, known) == (0, 3, {})


def test_what_was_sent_is_taken_in_once(
    desk: Reception, take_in: Callable[[], None], folder: Path
) -> None:
    told(desk, BOUGHT)
    take_in()
    told(desk, BOUGHT | {"transaction_id": "t-2", "amount": "x"})
    told(desk, BOUGHT | {"transaction_id": "t-3"})
    before = Inbox(folder).taken(folder)
    take_in()
    assert sorted(row["transaction_id"] for row in rows(folder)) == ["t-0", "t-1", "t-3"]
    refused = (folder / "quarantine" / "transactions.csv").read_text().splitlines()
    assert len(refused) == 2

    Inbox(folder).note(folder, before)  # as if the job had died before it noted what it took in
    take_in()
    assert sorted(row["transaction_id"] for row in rows(folder)) == ["t-0", "t-1", "t-3"]


def test_what_was_sent_stays_when_all_files_are_read_anew(desk: Reception, folder: Path) -> None:
    told(desk, BOUGHT)
    ticket = {"ticket_id": "k", "customer_id": "ana", "opened_at": "2024-05-02"}
    desk.take({"tickets": [ticket]})
    settings = Settings.model_construct(data=folder, features=SETTINGS, tables={})
    for _ in range(2):
        jobs.check(settings, {"transactions": folder / "t.parquet"}, lambda _: None)
        assert sorted(row["transaction_id"] for row in rows(folder)) == ["t-0", "t-1"]
        assert len(rows(folder, "tickets")) == 1
    assert told(desk, BOUGHT) == (0, 1, {})


def test_a_name_stands_for_one_parcel(
    desk: Reception, take_in: Callable[[], None], folder: Path
) -> None:
    first = told(desk, BOUGHT, key="monday")
    assert first == (1, 0, {})
    assert told(desk, BOUGHT, key="monday") == first
    with pytest.raises(KeyReusedError):
        told(desk, BOUGHT | {"amount": 5}, key="monday")
    take_in()
    assert told(desk, BOUGHT, key="monday") == first
    assert told(Reception(folder, SETTINGS), BOUGHT, key="monday") == first
    assert len([*Inbox(folder).lines()]) == 1


def test_several_workers_see_what_each_other_took(desk: Reception, folder: Path) -> None:
    other = Reception(folder, SETTINGS)
    assert told(desk, BOUGHT) == (1, 0, {})
    assert told(other, BOUGHT) == (0, 1, {})
    assert told(other, BOUGHT | {"transaction_id": "t-2"}, key="k") == (1, 0, {})
    assert told(desk, BOUGHT | {"transaction_id": "t-2"}, key="k") == (1, 0, {})


def test_rows_of_the_forgotten_are_refused_and_not_kept(desk: Reception, folder: Path) -> None:
    Forgotten(folder).ask("ana")
    assert told(desk, BOUGHT, BOUGHT | {"customer_id": "bea"}) == (1, 0, {0: ["erased"]})
    recommends = {"referral_id": "r", "customer_id": "bea", "occurred_at": "2024-05-02"}
    desk.take({"referrals": [recommends | {"referred_customer_id": "ana"}]})
    assert b'"ana"' not in Inbox(folder).path.read_bytes()


def test_what_is_told_of_a_customer_last_counts(
    desk: Reception, take_in: Callable[[], None], folder: Path
) -> None:
    for segment, expected in (("gold", (1, 0)), ("gold", (0, 1)), ("silver", (1, 0))):
        receipt = desk.take({"customers": [{"customer_id": "ana", "segment": segment}]})
        assert (receipt.accepted, receipt.unchanged) == expected
    take_in()
    assert [row["segment"] for row in rows(folder, "customers")] == ["silver"]
    receipt = desk.take({"customers": [{"customer_id": "ana", "segment": "silver"}]})
    assert (receipt.accepted, receipt.unchanged) == (0, 1)


def test_an_offer_that_is_known_needs_its_id_alone(
    desk: Reception, take_in: Callable[[], None], folder: Path
) -> None:
    redeemed = {"offer_id": "o-1", "redeemed_at": "2024-05-07T09:00:00Z", "cost": 9.5}
    assert desk.take(desk.complete([redeemed])).accepted == 0
    desk.take({"offers": [MADE]})
    assert desk.take(desk.complete([redeemed])).accepted == 1
    take_in()
    (row,) = rows(folder, "offers")
    assert (row["arm"], row["cost"], row["redeemed_at"].day) == ("voucher", 9.5, 7)
    assert desk.take(desk.complete([redeemed])).unchanged == 1
    contradicts = desk.take(desk.complete([redeemed | {"cost": 3}]))
    assert contradicts.refused[0].reasons == ["offer_id appears more than once"]


def test_rows_that_cannot_be_told_apart_from_those_there_are_are_refused(tmp_path: Path) -> None:
    bare = {name: BOUGHT[name] for name in ("customer_id", "occurred_at", "amount")}
    pd.DataFrame([bare]).to_parquet(tmp_path / "t.parquet")
    intake.take_in(Source(tmp_path / "t.parquet"), CONTRACTS["transactions"], tmp_path, SETTINGS)
    with pytest.raises(QuerenciaError, match="can't be told apart"):
        told(Reception(tmp_path, SETTINGS), BOUGHT)
    assert not Inbox(tmp_path).path.exists()
