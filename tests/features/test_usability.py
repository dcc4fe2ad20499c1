"""What is said about records before a model is trained on them."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from features.intake import Intake
from features.settings import FeatureSettings
from features.store import Store
from features.usability import Summary, judge, summarise
from tests.features.histories import at, table
from tests.features.naive import Row

SOUND = Summary(5_000, 1_000, 400, date(2022, 1, 1), date(2024, 1, 19))
READ = Intake("transactions", ("transaction_id", "customer_id", "margin"), 5_000, 5_000, ())
TODAY = date(2024, 1, 25)


def findings(
    summary: Summary = SOUND, intake: Intake = READ, *, today: date = TODAY, horizon_days: int = 90
) -> list[tuple[str, str]]:
    found = judge(summary, intake, FeatureSettings(horizon_days=horizon_days), today=today)
    return [(finding.level, finding.text) for finding in found]


def test_nothing_is_said_of_sound_records() -> None:
    assert findings() == []


@pytest.mark.parametrize(
    ("summary", "level", "words"),
    [
        (replace(SOUND, first=date(2023, 4, 3)), "error", "292 days of history"),
        (replace(SOUND, repeat_buyers=49, customers=500), "error", "49 customers bought on more"),
        (replace(SOUND, customers=499), "warning", "499 customers"),
        (replace(SOUND, repeat_buyers=199), "advice", "80% of the customers bought once only"),
    ],
)
def test_what_the_records_hold_is_judged(summary: Summary, level: str, words: str) -> None:
    found = findings(summary)
    assert any(own == level and text.startswith(words) for own, text in found), found


@pytest.mark.parametrize(
    ("intake", "level", "words"),
    [
        (replace(READ, kept=4_949), "warning", "1.0% of the rows were refused"),
        (replace(READ, columns=("customer_id", "margin")), "advice", "no transaction_id"),
        (replace(READ, columns=("transaction_id",)), "advice", "no margin"),
    ],
)
def test_how_the_records_were_read_is_judged(intake: Intake, level: str, words: str) -> None:
    (finding,) = findings(SOUND, intake)
    assert finding[0] == level
    assert finding[1].startswith(words)


def test_a_few_rows_may_be_refused() -> None:
    assert findings(SOUND, replace(READ, kept=4_951)) == []


def test_history_is_too_short_exactly_when_there_is_no_plan() -> None:
    for days in range(200, 400, 3):
        summary = replace(SOUND, first=SOUND.last - timedelta(days=days))
        short = [text for level, text in findings(summary) if level == "error"]
        plan = FeatureSettings().plan(summary.first, summary.last + timedelta(days=1))
        assert bool(short) == (plan is None)


def test_a_shorter_horizon_needs_less_history() -> None:
    short = replace(SOUND, first=date(2023, 7, 1))
    assert [level for level, _ in findings(short)] == ["error"]
    assert findings(short, horizon_days=30) == []


def test_records_older_than_the_horizon_are_stale() -> None:
    assert findings(today=SOUND.last + timedelta(days=90)) == []
    (stale,) = findings(today=SOUND.last + timedelta(days=91))
    assert stale == (
        "warning",
        "the last record is 91 days old: whoever was about to leave has left.",
    )


def test_a_summary_counts_what_is_in_the_store(tmp_path: Path) -> None:
    rows = [
        *(Row("twice", at(day), 5) for day in (3, 3, 9)),
        *(Row("once", at(4, minute), 5) for minute in (1, 2)),
        *(Row("returner", at(day), amount) for day, amount in ((5, 5), (6, -5))),
        Row("taker", at(2), -1),
        *(Row("free", at(day), 0) for day in (7, 8)),
    ]
    store = Store(tmp_path / "it's a folder")
    store.path("transactions").parent.mkdir(parents=True)
    pq.write_table(table(rows, "UTC"), store.path("transactions"))
    assert summarise(store, "UTC") == Summary(10, 5, 2, at(2).date(), at(9).date())
