"""Whoever is forgotten is nowhere, stays away, and is in no later training."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features import changes
from features.errors import QuerenciaError
from features.files import locked
from features.forgotten import Forgotten
from features.inbox import Inbox
from features.store import Store
from querencia import jobs
from querencia.jobs import models
from serving import batch
from serving.batch import ScoreFile
from serving.campaigns import Campaigns
from serving.forgetting import REMAINS
from serving.http import answers, listing
from serving.http.asked import CustomerRequest, ListRequest, ScoreRequest
from serving.reception import Reception
from serving.score_history import ScoreHistory
from serving.settings import Settings
from serving.watch import Watch
from tests.folders import copied
from training import candidate
from training.retrain import lay_plan, retrain

pytestmark = [pytest.mark.usefixtures("workplace"), pytest.mark.timeout(600)]


def hush(_: str) -> None:
    """Say nothing."""


@pytest.fixture
def mine(trained_company: Settings, workplace: Path) -> Settings:
    """A place of its own."""
    return copied(trained_company, workplace)


def first_listed(settings: Settings) -> str:
    return str(Campaigns(settings.data).drafts()[0].rows()["customer_id"].iloc[0])


def places(data: Path, customer_id: str) -> list[str]:
    """The files in which a customer still is, but for those that the company itself gave."""
    files = (path for path in data.rglob("*/*") if path.is_file())
    return [str(path.relative_to(data)) for path in files if is_in(path, customer_id)]


def is_in(path: Path, customer_id: str) -> bool:
    if path.suffix != ".parquet":
        return customer_id.encode() in path.read_bytes()
    rows = pd.read_parquet(path).select_dtypes(exclude="number")
    return any((rows[name].astype(str) == customer_id).any() for name in rows)


def spread(settings: Settings, customer_id: str) -> None:
    """Have the customer wherever customers can be."""
    jobs.features(settings, hush)
    ScoreHistory(settings.data).keep(ScoreFile(settings.data).read())
    sold = {"customer_id": customer_id, "occurred_at": "2025-09-01T00:00:00Z", "amount": 5}
    desk = Reception(settings.data, settings.features)
    good, bad = {"transaction_id": "sent", **sold}, {**sold, "transaction_id": ""}
    friend = {
        "referral_id": "sent",
        "customer_id": "cus-new",
        "occurred_at": "2025-09-01T00:00:00Z",
    }
    desk.take({"transactions": [good, bad]})
    jobs.check(settings, {}, hush, append=True)
    desk.take({"transactions": [good | {"transaction_id": "later"}]})
    desk.take({"referrals": [friend | {"referred_customer_id": customer_id}]})


def test_nothing_is_left_but_a_hash(mine: Settings) -> None:
    gone = first_listed(mine)
    spread(mine, gone)
    before = places(mine.data, gone)
    expected = {
        *("records/transactions.parquet", "quarantine/transactions.csv", "inbox/records.jsonl"),
        *("scores/scores.parquet", "changes/transactions.parquet"),
    }
    assert expected <= set(before)
    assert {path.split("/")[0] for path in before} >= {"campaigns", "snapshots", "scores"}

    proof = jobs.forget(mine, gone)

    assert places(mine.data, gone) == []
    assert proof.done_at is not None
    assert proof.customer_id is None
    assert (proof.versions, proof.remains) == ([1], [*REMAINS])
    for place in ("inbox", "records/transactions", "quarantine/transactions", "snapshots"):
        assert proof.removed[place] > 0, place
    for place in ("scores", "scores/history", "campaigns", "changes"):
        assert proof.removed[place] > 0, place
    stored = json.loads((mine.data / "forgotten" / f"{proof.sha256}.json").read_text())
    assert stored["customer_id"] is None
    assert gone not in json.dumps(stored)
    assert jobs.forget(mine, gone) == proof


def test_nobody_else_is_touched(mine: Settings) -> None:
    gone = first_listed(mine)
    store = Store(mine.data)
    before = {t: pd.read_parquet(store.path(t)) for t in ("transactions", "surveys", "offers")}
    jobs.forget(mine, gone)
    for table, rows in before.items():
        left = rows[rows["customer_id"] != gone].reset_index(drop=True)
        pd.testing.assert_frame_equal(pd.read_parquet(store.path(table)), left)
    changed = changes.changed(mine.data)
    assert changed is None or gone not in changed["customer_id"].to_pylist()


def test_whoever_is_forgotten_stays_away_unless_admitted_again(mine: Settings) -> None:
    gone = first_listed(mine)
    rows = pd.DataFrame(
        {
            "transaction_id": ["n-1", "n-2"],
            "customer_id": [gone, "cus-other"],
            "occurred_at": pd.Timestamp("2025-09-01", tz="UTC"),
            "amount": 7.0,
        }
    )
    rows.to_csv("new.csv", index=False)
    Path("people.csv").write_text(f"customer_id,segment\n{gone},gold\ncus-other,gold\n")
    Path("torn.csv").write_text(
        f"transaction_id,customer_id,occurred_at,amount\nn-3,{gone},2025-09-01,1,2,3\n"
    )
    jobs.forget(mine, gone)
    for table, file in (("transactions", "new.csv"), ("customers", "people.csv")):
        jobs.check(mine, {table: Path(file)}, hush, append=True)
    jobs.check(mine, {"transactions": Path("torn.csv")}, hush, append=True)
    assert places(mine.data, gone) == []
    assert len(places(mine.data, "cus-other")) >= 2

    jobs.check(mine, {t: Store(mine.data).path(t) for t in ("transactions", "customers")}, hush)
    jobs.check(mine, {"transactions": Path("new.csv")}, hush)
    assert places(mine.data, gone) == []

    forgotten = Forgotten(mine.data)
    forgotten.admit(gone)
    with pytest.raises(QuerenciaError, match="not forgotten"):
        forgotten.admit(gone)
    jobs.check(mine, {"transactions": Path("new.csv")}, hush)
    assert "records/transactions.parquet" in places(mine.data, gone)


def test_one_that_died_is_taken_up_by_the_next_job(
    mine: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = first_listed(mine)

    def die(*_: object) -> int:
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr(Campaigns, "forget", die)
        with pytest.raises(MemoryError):
            jobs.forget(mine, gone)
    (pending,) = Forgotten(mine.data).pending()
    assert pending.removed["records/transactions"] > 0
    assert [path.split("/")[0] for path in places(mine.data, gone)].count("campaigns") == 2

    jobs.score(mine, hush)
    assert places(mine.data, gone) == []
    done = Forgotten(mine.data).find(gone)
    assert done is not None
    assert done.removed["records/transactions"] == pending.removed["records/transactions"]
    assert done.versions == [1]


def test_while_another_job_is_at_work_it_is_noted(mine: Settings) -> None:
    gone = first_listed(mine)
    with locked(mine.data), pytest.raises(QuerenciaError, match="It is noted"):
        jobs.forget(mine, gone)
    assert Forgotten(mine.data).pending()
    jobs.flag(mine)
    assert places(mine.data, gone) == []


def test_while_a_training_runs_it_is_noted_and_the_version_is_told(
    mine: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = first_listed(mine)

    def forgotten_meanwhile(*args: Any, **how: Any) -> Any:
        with pytest.raises(QuerenciaError, match="It is noted"):
            jobs.forget(mine, gone)
        return retrain(*args, **how)

    monkeypatch.setattr(models, "retrain", forgotten_meanwhile)
    version = jobs.train(mine, hush).version.number
    jobs.features(mine, hush)
    done = Forgotten(mine.data).find(gone)
    assert done is not None
    assert done.versions == [1, version]
    assert places(mine.data, gone) == []


def test_a_campaign_that_was_sent_keeps_the_ids_of_its_offers(mine: Settings) -> None:
    draft = Campaigns(mine.data).drafts()[0]
    jobs.send(mine, draft.id)
    before = Campaigns(mine.data).find(draft.id).decided().set_index("customer_id")["offer_id"]
    gone = str(before.index[3])
    jobs.forget(mine, gone)
    campaign = Campaigns(mine.data).find(draft.id)
    after = campaign.decided().set_index("customer_id")["offer_id"]
    pd.testing.assert_series_equal(after, before.drop(gone))
    jobs.forget(mine, str(before.index[0]))
    assert Campaigns(mine.data).find(draft.id).decided()["offer_id"].tolist() == [
        *before.iloc[1:3],
        *before.iloc[4:],
    ]
    jobs.check(mine, {"offers": campaign.offers}, hush, append=True)
    assert places(mine.data, gone) == []


@pytest.fixture
def watches(mine: Settings) -> tuple[Watch, Watch]:
    return Watch(mine), Watch(mine)


def test_every_worker_stops_answering(mine: Settings, watches: tuple[Watch, Watch]) -> None:
    wanted = ListRequest(most=1000, top_share=1, min_risk=0)
    listed = [each["customer_id"] for each in told(listing.at_risk(watches[0].edition, wanted))]
    gone, kept = listed[0], listed[1]
    Forgotten(mine.data).ask(gone)
    for watch in watches:
        watch.look()
        both = ScoreRequest(customer_ids=[gone, kept])
        assert [each["known"] for each in told(answers.score(watch.edition, both))] == [False, True]
        again = told(listing.at_risk(watch.edition, wanted))
        assert gone not in [each["customer_id"] for each in again]
        one = json.loads(answers.customer(watch.edition, CustomerRequest(customer_id=gone)))
        assert not one["explanation"]["known"]
        assert (one["history"], set(one["features"].values())) == ([], {None})
    assert gone not in Watch(mine).edition.places


def told(answer: bytes) -> list[dict[str, Any]]:
    customers: list[dict[str, Any]] = json.loads(answer)["customers"]
    return customers


def test_a_later_training_has_no_row_of_theirs(mine: Settings) -> None:
    store = Store(mine.data)
    plan = lay_plan(store, mine.features)
    gone = first_listed(mine)
    trained = candidate.train(store, plan, mine.features, mine.training, say=hush)
    assert gone in trained.snapshots.ids
    jobs.forget(mine, gone)
    store = Store(mine.data)
    again = candidate.train(store, plan, mine.features, mine.training, say=hush)
    assert gone not in again.snapshots.ids
    lost = (trained.past.ids[trained.past.customer] == gone).sum()
    assert lost > 0
    assert len(again.past) == len(trained.past) - lost


def test_scores_that_were_being_made_leave_the_forgotten_out(
    mine: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, look = first_listed(mine), batch.look

    def forgotten_meanwhile(*args: Any) -> Any:
        present = look(*args)
        jobs.forget(mine, gone)
        return present

    monkeypatch.setattr(batch, "look", forgotten_meanwhile)
    jobs.score(mine, hush)
    assert places(mine.data, gone) == []
    assert not Inbox(mine.data).path.exists()


ENDS_AMID = """
import sys, time
from pathlib import Path
import duckdb
from serving import forgetting
from serving.settings import Settings

def settle(settings, goes_on):
    print("begun", flush=True)
    until = time.monotonic() + 1
    while time.monotonic() < until:
        duckdb.sql("SELECT sum(range) FROM range(1000000)").fetchall()
    print("done", flush=True)

forgetting.settle = settle
forgetting.settle_soon(Settings(data=Path(sys.argv[1])))
time.sleep(0.3)
"""


def test_a_process_that_ends_finishes_what_it_forgets(tmp_path: Path) -> None:
    Forgotten(tmp_path).ask("somebody")
    command = [sys.executable, "-c", ENDS_AMID, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.split() == ["begun", "done"]  # and does not wait for another chance
