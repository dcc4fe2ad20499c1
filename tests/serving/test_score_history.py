"""Past scores: one batch a cut-off and version, the last so many, a customer's own in time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from features.provenance import Provenance
from serving import score_history
from serving.score_history import ScoreHistory
from training.scoring import COLUMNS, Scores

FIRST = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def origin(cdnow_snapshots: object) -> Provenance:
    provenance: Provenance = cdnow_snapshots.provenance  # type: ignore[attr-defined]
    return provenance


def scores(origin: Provenance, week: int, risk: float, version: str = "1") -> Scores:
    rows = pd.DataFrame(risk, range(2), [column.name for column in COLUMNS])
    cutoff = FIRST + timedelta(weeks=week)
    made = origin.model_copy(update={"cutoffs": (cutoff,), "model_version": version})
    return Scores(rows.assign(customer_id=["b", "a"]), made)


def test_a_customer_s_past_is_told_in_time(origin: Provenance, tmp_path: Path) -> None:
    history = ScoreHistory(tmp_path)
    for week, risk in ((1, 0.2), (0, 0.1), (2, 0.3)):
        history.keep(scores(origin, week, risk))
    told = history.of("a")
    assert [past.risk for past in told] == pytest.approx([0.1, 0.2, 0.3])
    assert told[0].cutoff == FIRST
    assert (told[0].model_version, told[0].horizon_days) == ("1", origin.horizon_days)
    assert history.of("nobody") == []


def test_scores_again_replace_those_of_the_same_version(origin: Provenance, tmp_path: Path) -> None:
    history = ScoreHistory(tmp_path)
    for risk, version in ((0.1, "1"), (0.2, "1"), (0.3, "2"), (0.4, "10")):
        history.keep(scores(origin, 0, risk, version))
    assert [past.risk for past in history.of("a")] == pytest.approx([0.2, 0.3, 0.4])
    assert [batch.name for batch in history.batches()] == [
        f"scores 2024-01-01 version {version}" for version in (1, 2, 10)
    ]


def test_the_oldest_batches_go(
    origin: Provenance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score_history, "MOST", 2)
    for week in range(4):
        ScoreHistory(tmp_path).keep(scores(origin, week, week / 10))
    left = ScoreHistory(tmp_path).batches()
    assert [batch.provenance.cutoff for batch in left] == [
        FIRST + timedelta(weeks=week) for week in (2, 3)
    ]
    assert left[0].closes == FIRST + timedelta(weeks=2, days=origin.horizon_days)
    assert left[0].rows().index.tolist() == ["a", "b"]
