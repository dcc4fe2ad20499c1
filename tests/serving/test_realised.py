"""What came of past scores: held against the records once their horizon has closed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features import snapshot
from features.settings import FeatureSettings
from features.store import Store
from serving import realised
from serving.score_history import ScoreHistory
from training.scoring import COLUMNS, Scores
from training.settings import PromotionSettings

CLOSED = datetime(1998, 3, 1, tzinfo=UTC)


def scores(store: Store, settings: FeatureSettings, at: datetime, risk: float | None) -> Scores:
    """Everybody's, all of one risk; left out: the outcome itself."""
    taken = snapshot.take(
        store.records(),
        [at],
        settings,
        has=store.has,
        observed_until=datetime(1998, 7, 1, tzinfo=UTC),
    )
    told = taken.churned if risk is None else np.full(len(taken), risk)
    rows = pd.DataFrame(1.0, range(len(taken)), [column.name for column in COLUMNS])
    rows = rows.assign(customer_id=taken.ids[taken.customer], risk=told)
    return Scores(rows, taken.provenance.model_copy(update={"model_version": "7"}))


def test_scores_are_held_against_what_came(
    cdnow_store: Store, cdnow_settings: FeatureSettings, tmp_path: Path
) -> None:
    ScoreHistory(tmp_path).keep(scores(cdnow_store, cdnow_settings, CLOSED, None))
    found = realised.latest(ScoreHistory(tmp_path), cdnow_store, cdnow_settings)
    assert found is not None
    assert found.risk.size == 2_357
    np.testing.assert_array_equal(found.churned, found.risk)
    finding = found.finding(PromotionSettings())
    assert (finding.level, finding.figures["version"], finding.figures["loss"]) == (
        "advice",
        "7",
        pytest.approx(0, abs=1e-9),
    )


def test_a_risk_that_was_off_is_a_warning(
    cdnow_store: Store, cdnow_settings: FeatureSettings, tmp_path: Path
) -> None:
    ScoreHistory(tmp_path).keep(scores(cdnow_store, cdnow_settings, CLOSED, 0.2))
    found = realised.latest(ScoreHistory(tmp_path), cdnow_store, cdnow_settings)
    assert found is not None
    finding = found.finding(PromotionSettings())
    assert (finding.level, finding.figures["promised"]) == ("warning", pytest.approx(0.2))
    assert finding.figures["came"] == pytest.approx(found.churned.mean())


def test_the_latest_closed_scores_count_and_open_ones_wait(
    cdnow_store: Store, cdnow_settings: FeatureSettings, tmp_path: Path
) -> None:
    assert realised.latest(ScoreHistory(tmp_path), cdnow_store, cdnow_settings) is None
    for days, risk in ((-30, 0.1), (0, 0.2), (60, 0.3)):
        at = CLOSED + timedelta(days=days)
        ScoreHistory(tmp_path).keep(scores(cdnow_store, cdnow_settings, at, risk))
    found = realised.latest(ScoreHistory(tmp_path), cdnow_store, cdnow_settings)
    assert found is not None
    assert found.risk[0] == pytest.approx(0.2)


def test_figures_tell_risk_and_amounts(cdnow_store: Store, cdnow_settings: FeatureSettings) -> None:
    """Three customers, one without an interval; of the others one is within it."""
    origin = scores(cdnow_store, cdnow_settings, CLOSED, None).provenance
    came, low = np.array([0.0, 20.0, 40.0]), np.array([0.0, 30.0, np.nan])
    spend = {"came": came, "expected": np.full(3, 30.0), "low": low, "high": low + 10}
    found = realised.Realised(origin, np.array([1.0, 0, 0]), np.full(3, 0.5), {"spend": spend})
    told = found.figures()
    assert (told["customers"], told["said"], told["left"]) == (3, 0.5, pytest.approx(1 / 3))
    assert told["log_loss"] == pytest.approx(np.log(2))
    assert told["brier_loss"] == pytest.approx(0.25)
    assert (told["spend_covered"], told["spend_bias"]) == (0.5, pytest.approx(0.5))
