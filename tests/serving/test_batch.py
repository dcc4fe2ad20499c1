"""Scores of everybody, in files that are whole and say where they come from."""

import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from features import snapshot
from features.errors import QuerenciaError
from features.provenance import DefinitionError
from features.store import Store
from serving import batch, words
from serving.batch import ScoreFile
from serving.decisions import DECIDED
from serving.settings import Settings
from training.champion import Champion
from training.scoring import COLUMNS, Scores, score


@pytest.fixture(scope="module")
def champion(trained: Settings) -> Champion:
    return Champion.require(trained.registry)


@pytest.fixture
def scores(trained: Settings) -> Scores:
    return ScoreFile(trained.data).read()


def at_version(scores: Scores, version: str) -> Scores:
    provenance = scores.provenance.model_copy(update={"model_version": version})
    return replace(scores, provenance=provenance)


def test_scores_everybody_as_of_the_day_after_the_last_record(
    trained: Settings, champion: Champion
) -> None:
    store = Store(trained.data)
    scores = batch.score_all(store, champion, trained.features)
    everybody = [name for group in store.records() for name in group.customers]

    assert scores.rows["customer_id"].tolist() == everybody
    assert scores.rows.columns.tolist() == [column.name for column in COLUMNS]
    assert scores.provenance.cutoffs == (datetime(1998, 7, 1, tzinfo=UTC),)
    assert scores.provenance.model_version == str(champion.version.number)
    assert scores.provenance.definitions() == champion.model.provenance.definitions()
    assert scores.rows["risk"].between(0, 1, inclusive="neither").all()


def test_scores_are_those_of_the_one_scoring_path(
    trained: Settings, champion: Champion, scores: Scores
) -> None:
    cutoff = datetime(1998, 7, 1, tzinfo=UTC)
    store = Store(trained.data)
    rows = snapshot.take(
        store.records(), [cutoff], trained.features, has=store.has, observed_until=cutoff
    )
    pd.testing.assert_frame_equal(scores.rows, score(champion.model, rows).rows)


@pytest.mark.parametrize(
    ("lost", "named"), [("surveys", "by surveys"), ("referrals", "by referrals")]
)
def test_a_table_that_the_champion_knows_and_the_records_lost_is_named(
    trained_company: Settings, tmp_path: Path, lost: str, named: str
) -> None:
    shutil.copytree(trained_company.data, tmp_path, dirs_exist_ok=True)
    store, champion = Store(tmp_path), Champion.require(trained_company.registry)
    store.path(lost).unlink()
    with pytest.raises(QuerenciaError, match=rf"Version 1 knows .* {named}.*querencia train"):
        batch.score_all(store, champion, trained_company.features)


def test_columns_that_the_champion_knows_and_the_records_lost_are_named(
    trained_company: Settings, tmp_path: Path
) -> None:
    shutil.copytree(trained_company.data, tmp_path, dirs_exist_ok=True)
    path = Store(tmp_path).path("transactions")
    pd.read_parquet(path).drop(columns=["discount", "delivered_at"]).to_parquet(path)
    with pytest.raises(QuerenciaError, match=r"transactions\.delivered_at, transactions\.discount"):
        batch.known(Store(tmp_path), Champion.require(trained_company.registry))


def test_tables_that_the_champion_does_not_know_change_nothing(
    trained: Settings, champion: Champion, scores: Scores, tmp_path: Path
) -> None:
    shutil.copytree(trained.data, tmp_path, dirs_exist_ok=True)
    store = Store(tmp_path)
    opened = pd.read_parquet(store.path("transactions"))[["customer_id", "occurred_at", "day"]]
    opened.rename(columns={"occurred_at": "opened_at"}).to_parquet(store.path("tickets"))
    assert "tickets" in store.has
    again = batch.score_all(store, champion, trained.features)
    pd.testing.assert_frame_equal(again.rows, scores.rows)


def test_refuses_to_score_under_definitions_the_champion_does_not_know(
    trained: Settings, champion: Champion
) -> None:
    settings = trained.features.model_copy(update={"horizon_days": 30})
    with pytest.raises(DefinitionError, match="horizon_days: 90 against 30"):
        batch.score_all(Store(trained.data), champion, settings)


def test_a_score_file_gives_back_rows_and_provenance(scores: Scores, tmp_path: Path) -> None:
    file = ScoreFile(tmp_path)
    file.write(scores)
    again = file.read()

    pd.testing.assert_frame_equal(again.rows, scores.rows)
    assert again.provenance == scores.provenance
    assert again.rows.attrs == scores.rows.attrs == {}


def test_new_scores_take_the_place_of_the_old(scores: Scores, tmp_path: Path) -> None:
    file = ScoreFile(tmp_path)
    file.write(scores)
    file.write(at_version(Scores(scores.rows.head(3), scores.provenance), "2"))

    assert len(file.read().rows) == 3
    assert file.read().provenance.model_version == "2"
    assert [path.name for path in file.path.parent.iterdir()] == ["scores.parquet"]


def test_without_scores_the_remedy_is_told(tmp_path: Path) -> None:
    with pytest.raises(QuerenciaError, match=r"no scores in .* yet\. Run: querencia score"):
        ScoreFile(tmp_path).read()


def test_writing_that_fails_leaves_the_last_good_scores_and_nothing_else(
    scores: Scores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = ScoreFile(tmp_path)
    file.write(scores)
    before = file.path.read_bytes()

    def fail(_: pd.DataFrame, path: Path, **__: object) -> None:
        path.write_bytes(before[:1000])
        raise OSError("No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", fail)
    with pytest.raises(OSError, match="No space left"):
        file.write(at_version(scores, "2"))

    assert file.path.read_bytes() == before
    assert [path.name for path in file.path.parent.iterdir()] == ["scores.parquet"]


KILLED_IN_THE_MIDDLE = """
import os, signal, sys
from pathlib import Path

import pandas as pd

from serving.batch import ScoreFile

def write_half(rows, path, **_):
    path.write_bytes(b"PAR1 and not much more")
    os.kill(os.getpid(), signal.SIGKILL)

file = ScoreFile(Path(sys.argv[1]))
scores = file.read()
pd.DataFrame.to_parquet = write_half
file.write(scores)
"""


def test_a_process_killed_while_writing_leaves_the_last_good_scores(
    scores: Scores, tmp_path: Path
) -> None:
    file = ScoreFile(tmp_path)
    file.write(scores)
    before = file.path.read_bytes()

    killed = subprocess.run(
        [sys.executable, "-c", KILLED_IN_THE_MIDDLE, str(tmp_path)], check=False
    )

    assert killed.returncode == -signal.SIGKILL
    assert len(list(file.path.parent.iterdir())) == 2  # what it was writing is still there
    assert file.path.read_bytes() == before
    file.write(at_version(scores, "2"))
    assert file.read().provenance.model_version == "2"


def test_the_last_scores_must_be_the_champions(
    trained: Settings, champion: Champion, scores: Scores, tmp_path: Path
) -> None:
    with pytest.raises(QuerenciaError, match="querencia score"):
        batch.last(tmp_path, champion, trained.features)

    ScoreFile(tmp_path).write(at_version(scores, "7"))
    with pytest.raises(
        QuerenciaError, match=r"by version 7, but version 1 serves.*querencia score"
    ):
        batch.last(tmp_path, champion, trained.features)

    ScoreFile(tmp_path).write(scores)
    assert batch.last(tmp_path, champion, trained.features).provenance == scores.provenance


@pytest.mark.parametrize("changed", [{"horizon_days": 30}, {"currency": "EUR"}])
def test_the_last_scores_must_be_made_under_the_settings(
    trained: Settings, champion: Champion, changed: dict[str, object]
) -> None:
    settings = trained.features.model_copy(update=changed)
    with pytest.raises(DefinitionError, match=next(iter(changed))):
        batch.last(trained.data, champion, settings)


@pytest.fixture
def listed(scores: Scores) -> pd.DataFrame:
    """The list of the first ten customers, the second of them control."""
    rows = scores.rows.head(10).assign(**dict.fromkeys(DECIDED, 0.0))
    rows = rows.assign(offer="call", channel="phone", arm=["call", "control", *["call"] * 8])
    return batch.listed(rows, scores.provenance, campaign="2026-01-01-1", language="es")


def test_a_list_holds_what_to_do_every_score_and_the_reason_in_words(
    listed: pd.DataFrame, scores: Scores
) -> None:
    rows = scores.rows.head(10)
    told = ["customer_id", "action", *DECIDED]
    assert listed.columns[: len(told)].tolist() == told
    pd.testing.assert_frame_equal(listed[rows.columns], rows)
    assert listed["action"].tolist()[:2] == ["call por phone", "control: no contactar"]
    assert listed["reason"].tolist() == words.reasons(rows, "es")


def test_a_list_carries_its_definitions_in_every_row(listed: pd.DataFrame) -> None:
    definitions = {
        "campaign": "2026-01-01-1",
        "cutoff": pd.Timestamp("1998-07-01", tz="UTC"),
        "churn": "inactivity",
        "horizon_days": 90,
        "currency": "USD",
        "model_version": "1",
    }
    for name, value in definitions.items():
        assert (listed[name] == value).all()
