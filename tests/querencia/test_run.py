"""Runs: their order, what stops them, and that they survive being killed at any point."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features import cdnow
from features.errors import QuerenciaError
from features.files import locked
from features.findings import Finding
from features.settings import TableSettings
from querencia import jobs, run
from querencia.run import Came, State, Steps
from serving.batch import ScoreFile
from serving.campaigns import Campaigns
from serving.report import staying
from serving.settings import Settings
from serving.upkeep import ScheduleSettings, WatchSettings
from tests.folders import copied
from training.candidate import Say
from training.champion import Champion
from training.history import History
from training.settings import TrainingSettings, TreeSettings

pytestmark = pytest.mark.usefixtures("workplace")

NAMES = ("one", "two", "three")


def hush(_: str) -> None:
    """Say nothing."""


def settings(folder: Path) -> Settings:
    return Settings.model_construct(data=folder / "data", store=folder / "mlruns")


def noting(did: list[str]) -> dict[str, Callable[[Settings, Say], Came]]:
    """Steps that do nothing but note that they were done."""

    def step(name: str) -> Callable[[Settings, Say], Came]:
        def do(*_: object) -> Came:
            did.append(name)
            return Came({"name": name})

        return do

    return {name: step(name) for name in NAMES}


def made(asked: Settings, steps: Steps, *, due: datetime | None = None) -> State:
    state = run.run(asked, hush, due=due, steps=steps)
    assert state is not None
    return state


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_steps_are_done_in_order_and_written_down(tmp_path: Path) -> None:
    did: list[str] = []
    state = made(settings(tmp_path), noting(did))
    assert (did, state.outcome) == ([*NAMES], "done")
    assert run.read(tmp_path / "data") == state
    (told,) = lines(tmp_path / "data" / "runs.jsonl")
    assert State.model_validate(told) == state
    assert state.done == {name: {"name": name} for name in NAMES}


def test_a_run_stops_where_the_records_are_not_to_be_trusted(tmp_path: Path) -> None:
    did: list[str] = []
    fault = Finding("error", "prices are 100 times what they were", "amount_jump")
    steps = {**noting(did), "two": lambda *_: Came({}, (fault,), stop=True)}
    state = made(settings(tmp_path), steps)
    assert (did, state.outcome, state.findings) == (["one"], "stopped", (fault,))
    (alert,) = lines(tmp_path / "data" / "alerts.jsonl")
    assert alert["text"] == fault.text
    assert made(settings(tmp_path), noting(did)).outcome == "done"


def test_a_step_that_fails_is_told_of_and_the_next_run_begins_anew(tmp_path: Path) -> None:
    did: list[str] = []

    def full(*_: object) -> Came:
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space left"):
        run.run(settings(tmp_path), hush, steps={**noting(did), "two": full})
    (alert,) = lines(tmp_path / "data" / "alerts.jsonl")
    assert alert["text"] == "The step two failed: No space left on device"
    assert made(settings(tmp_path), noting(did)).outcome == "done"
    assert did == ["one", *NAMES]


def test_only_one_runs_at_a_time(tmp_path: Path) -> None:
    asked = settings(tmp_path)
    with locked(asked.store), pytest.raises(run.BusyError, match="Another run is at work"):
        run.run(asked, hush, steps=noting([]))
    assert not (asked.data / "run.json").exists()
    made(asked, noting([]))


def test_a_run_that_was_made_meanwhile_is_not_made_again(tmp_path: Path) -> None:
    did: list[str] = []
    now = datetime.now(UTC)
    made(settings(tmp_path), noting(did), due=now)
    assert run.run(settings(tmp_path), hush, due=now, steps=noting(did)) is None
    assert did == [*NAMES]
    made(settings(tmp_path), noting(did), due=datetime.now(UTC))


def test_a_run_killed_long_ago_is_made_anew(tmp_path: Path) -> None:
    did: list[str] = []
    asked = settings(tmp_path)
    for hours, expected in ((23, ["two", "three"]), (25, [*NAMES])):
        began = datetime.now(UTC) - timedelta(hours=hours)
        run._write(asked.data, State(began=began).after("one", Came()))
        did.clear()
        made(asked, noting(did))
        assert did == expected


def test_a_run_that_is_killed_each_time_is_given_up_and_told_of(tmp_path: Path) -> None:
    did: list[str] = []
    asked, now = settings(tmp_path), datetime.now(UTC)
    run._write(asked.data, State(began=now, tries=run.MOST_TRIES).after("one", Came()))
    state = made(asked, noting(did), due=now)
    assert (did, state.outcome) == ([], "failed")
    (alert,) = lines(asked.data / "alerts.jsonl")
    assert alert["text"].startswith("The run was killed 3 times, the last time after one.")
    assert made(asked, noting(did)).outcome == "done"


def test_a_state_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "run.json").write_text('{"began": ')
    assert made(settings(tmp_path), noting([])).outcome == "done"


# Killed

POINTS = 2 * 3 + 2 * 5 + 1
"""Before and after each of three steps, each time the state is written, and after the last line."""

KILLED = """
import os, signal, sys
from pathlib import Path
from querencia import run
from serving.settings import Settings

def die_at(at, folder):
    points = 0

    def point():
        nonlocal points
        points += 1
        if points == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(act):
        def do(*arguments):
            point()
            act(*arguments)
            point()
        return do

    def step(name):
        def do(*_):
            with (folder / "did").open("a") as file:
                file.write(name + "\\n")
        act = around(do)
        return lambda *_: act() or run.Came({"name": name})

    append = run.append_line
    run._write = around(run._write)
    run.append_line = lambda *arguments: append(*arguments) or point()
    settings = Settings.model_construct(data=folder / "data", store=folder / "mlruns")
    run.run(settings, str, steps={name: step(name) for name in ("one", "two", "three")})
    os._exit(points)

for at in range(int(sys.argv[1]) + 1):
    folder = Path(str(at))
    folder.mkdir()
    child = os.fork()
    if not child:
        die_at(at, folder)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_run_killed_anywhere_is_taken_up_where_it_was(workplace: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(POINTS)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    assert [int(each) for each in ended.stdout.split()] == [POINTS, *[-signal.SIGKILL] * POINTS]
    for at in range(1, POINTS + 1):
        folder = workplace / str(at)
        before = run.read(folder / "data")
        did = (folder / "did").read_text().split() if (folder / "did").exists() else []
        again: list[str] = []
        state = made(settings(folder), noting(again))
        assert (state.outcome, [*state.done]) == ("done", [*NAMES])
        if before and not before.ended:
            assert state.began == before.began
            assert again == [name for name in NAMES if name not in before.done]
        assert {*did, *again} == {*NAMES}


# The real thing


@pytest.fixture
def mine(trained: Settings, workplace: Path) -> Settings:
    """A copy of the trained folder that reads the purchases of the sample anew at each run."""
    rows = cdnow.transactions()
    rows = rows[rows["customer_id"].astype(int) % 10 == 4]
    rows = rows.assign(customer_id="customer-" + rows["customer_id"])
    rows.to_parquet(workplace / "sales.parquet", index=False)
    return copied(
        trained,
        workplace,
        tables={"transactions": TableSettings(path=str(workplace / "sales.parquet"))},
        training=TrainingSettings(trees=TreeSettings(rounds=10)),
        schedule=ScheduleSettings(train_every_days=0, evaluate_every_days=0),
        watch=WatchSettings(most_days_old={"transactions": 100_000}),
    )


def last_good(asked: Settings) -> tuple[int, bytes, list[str]]:
    """Who serves, the scores, and the lists."""
    number = Champion.require(asked.registry).version.number
    listed = [campaign.id for campaign in Campaigns(asked.data).all() if len(campaign.rows()) >= 0]
    return number, ScoreFile(asked.data).path.read_bytes(), listed


def records(asked: Settings) -> dict[str, bytes]:
    """Every file of the records."""
    return {path.name: path.read_bytes() for path in (asked.data / "records").iterdir()}


def test_a_run_reads_trains_scores_and_flags(mine: Settings) -> None:
    state = made(mine, run.STEPS)
    assert (state.outcome, [*state.done]) == ("done", [*run.STEPS])
    assert state.done["train"] == {"why": "age", "version": 2, "promoted": False, "champion": 1}
    assert state.done["score"]["customers"] == 2_357
    kept = pd.read_parquet(mine.data / "records" / "transactions.parquet")
    assert len(kept) == state.done["read"]["rows"]["transactions"]
    page = (mine.data / "report.html").read_text("utf-8")
    assert "For the board" in page
    assert "customer-" not in page
    (logged,) = mine.store.rglob("*_en.html")
    assert logged.parent.name == "reports"
    assert logged.read_text("utf-8").startswith("<!doctype html>")
    assert state.done["report"] == {"page": "report.html"}
    entries = History(mine.store).entries()
    assert [(each.what, each.version, each.by) for each in entries[-2:]] == [
        ("registered", 2, "run"),
        ("refused", 2, "run"),
    ]


def test_a_report_is_written_again_when_the_last_is_old_enough(mine: Settings) -> None:
    page = mine.data / "report.html"
    page.write_text("of yesterday")
    assert run.STEPS["report"](mine, hush).figures == {}
    assert page.read_text() == "of yesterday"
    week_ago = (datetime.now(UTC) - timedelta(days=7)).timestamp()
    os.utime(page, (week_ago, week_ago))
    assert run.STEPS["report"](mine, hush).figures == {"page": "report.html"}
    assert "For the board" in page.read_text("utf-8")


def test_a_run_looks_back_at_past_trainings_when_the_last_look_is_old_enough(
    mine: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "MOST_EVALUATED", 2)
    steps = {"evaluate": run.STEPS["evaluate"]}
    assert made(mine, steps).done["evaluate"] == {}
    every = ScheduleSettings(evaluate_every_days=30)
    quarterly = mine.model_copy(update={"schedule": every})
    state = made(quarterly, steps)
    assert state.done["evaluate"] == {"cutoffs": 2, "left_out": 0}
    assert [each.level for each in state.findings] == ["advice"]
    told = staying.read(mine.data, mine.features)
    assert told is not None
    assert (told.cutoffs, told.advice) == (2, state.findings[0])
    assert made(quarterly, steps).done["evaluate"] == {}
    month_later = state.model_copy(update={"began": state.began - timedelta(days=30)})
    (mine.data / "runs.jsonl").write_text(month_later.model_dump_json() + "\n")
    assert made(quarterly, steps).done["evaluate"] == {"cutoffs": 2, "left_out": 0}


def test_prices_times_a_hundred_leave_everything_as_it_was(mine: Settings) -> None:
    before, held = last_good(mine), records(mine)
    path = Path(str(mine.tables["transactions"].path))
    rows = pd.read_parquet(path)
    late = rows["occurred_at"] >= rows["occurred_at"].max() - pd.Timedelta(days=13)
    wrong = rows[late].assign(
        transaction_id=rows["transaction_id"][late] + "-again",
        amount=rows["amount"][late] * 100,
        occurred_at=rows["occurred_at"][late] + pd.Timedelta(days=28),
    )
    wrong.to_parquet(path, index=False)
    state = made(mine, run.STEPS)
    assert (state.outcome, [*state.done]) == ("stopped", ["read"])
    assert "amount_jump" in {finding.name for finding in state.findings}
    assert last_good(mine) == before
    assert state.findings[-1].name == "taken_back"
    assert records(mine) == held
    jobs.check(mine, {}, hush, append=True)
    by_hand = jobs.train(mine, hush).promotion
    assert (by_hand.promoted, by_hand.findings[0].name) == (False, "amount_jump")
    state = made(mine, run.STEPS)
    assert "taken_back" not in {finding.name for finding in state.findings}


@pytest.mark.parametrize("is_meant", [True, False])
def test_who_was_erased_in_a_batch_taken_back_is_erased_when_it_is_read_again_and_still_says_so(
    mine: Settings, workplace: Path, is_meant: bool
) -> None:
    path, people = Path(str(mine.tables["transactions"].path)), workplace / "people.parquet"
    rows = pd.read_parquet(path)
    gone = str(rows["customer_id"].iloc[0])
    told = pd.DataFrame(
        {"customer_id": [gone], "erased_at": [pd.Timestamp("1998-07-01", tz="UTC")]}
    )
    told.to_parquet(people, index=False)
    tables = mine.tables | {"customers": TableSettings(path=str(people))}
    asked = mine.model_copy(update={"tables": tables})
    late = rows["occurred_at"] >= rows["occurred_at"].max() - pd.Timedelta(days=60)
    rows.assign(amount=rows["amount"].where(~late, rows["amount"] * 100)).to_parquet(path)

    _, found = jobs.update(asked, hush, append=False)
    assert found[-1].name == "taken_back"
    assert gone in sold_to(asked)
    rows.to_parquet(path, index=False)
    told.loc[[not is_meant] * len(told), "erased_at"] = pd.NaT
    told.to_parquet(people, index=False)
    jobs.update(asked, hush, append=False)
    assert (gone not in sold_to(asked)) == is_meant


def sold_to(asked: Settings) -> set[str]:
    return set(pd.read_parquet(asked.data / "records" / "transactions.parquet")["customer_id"])


def test_a_day_that_is_appended_is_scored_as_if_all_had_been_read_at_once(
    mine: Settings, workplace: Path
) -> None:
    path = Path(str(mine.tables["transactions"].path))
    rows = pd.read_parquet(path)
    schedule = ScheduleSettings(train_every_days=7, evaluate_every_days=0)
    weekly = mine.model_copy(update={"data": workplace / "weekly", "schedule": schedule})
    for until in ("1998-06-01", "1998-06-20", "2000-01-01"):
        rows[rows["occurred_at"] < pd.Timestamp(until, tz="UTC")].to_parquet(path, index=False)
        state = made(weekly, run.STEPS)
        assert (state.outcome, state.done["train"]) == ("done", {"why": ""})
    jobs.check(mine, {}, hush)
    jobs.score(mine, hush)
    told, whole = (ScoreFile(each.data).read() for each in (weekly, mine))
    pd.testing.assert_frame_equal(told.rows, whole.rows, check_exact=True)


def test_rows_without_ids_are_not_added_to(mine: Settings) -> None:
    path = Path(str(mine.tables["transactions"].path))
    pd.read_parquet(path).drop(columns="transaction_id").to_parquet(path, index=False)
    jobs.check(mine, {}, hush)
    size = (mine.data / "records" / "transactions.parquet").stat().st_size
    with pytest.raises(QuerenciaError, match=r"transactions have no ids.*schedule\.read"):
        run.run(mine, hush)
    assert (mine.data / "records" / "transactions.parquet").stat().st_size == size


def test_a_training_killed_in_the_middle_is_made_up_for(mine: Settings) -> None:
    from querencia import shows

    before = last_good(mine)
    Path("querencia.toml").write_text(shows.configuration(mine))
    script = "from querencia.command import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", script, "run"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in _until(process.stdout, "rehearsals"):
        assert line
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    state = run.read(mine.data)
    assert state is not None
    assert (state.ended, [*state.done]) == (None, ["read"])
    assert last_good(mine) == before
    again = made(mine, run.STEPS)
    assert (again.began, again.outcome) == (state.began, "done")
    assert last_good(mine)[0] == 1


def _until(output: Iterator[str], word: str) -> Iterator[str]:
    for line in output:
        yield line
        if word in line:
            return
