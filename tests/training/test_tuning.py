"""Tuning: at earlier cut-offs only, found again, never worse there, refused without Optuna."""

import sys
from collections.abc import Mapping

import numpy as np
import pytest

from features.errors import QuerenciaError
from features.snapshot import Snapshot
from training import tuning
from training.rehearsal import rehearse, settled
from training.settings import TrainingSettings, TreeSettings
from training.tuning import tuned

TRIALS = {"tune": 4, "trees": TreeSettings(rounds=50)}


@pytest.fixture(scope="module")
def settings(later: Snapshot, quick: TrainingSettings) -> TrainingSettings:
    return settled(quick, later).model_copy(update=TRIALS)


def test_without_optuna_the_extra_is_named(
    past: Snapshot, settings: TrainingSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(QuerenciaError, match=r"querencia\[tune\]"):
        tuned(past, settings)


def test_every_setting_of_the_trees_is_drawn_and_allowed() -> None:
    class Lowest:
        """Stands in for a trial: the lower end of everything."""

        def suggest_int(self, _name: str, low: float, _high: float, **_how: bool) -> float:
            return low

        suggest_float = suggest_int

    assert set(tuning._TREES) == set(TreeSettings.model_fields)
    drawn = tuning._drawn(Lowest(), TrainingSettings())
    assert (drawn.trees.rounds, drawn.trees.subsample, drawn.logistic_penalty) == (50, 0.5, 0.1)


def _losses(past: Snapshot, settings: TrainingSettings) -> float:
    of = [(each.churned == 1, each.blend) for each in rehearse(past, settings)]
    return float(np.mean([-np.log(np.where(left, p, 1 - p)).mean() for left, p in of]))


def test_what_is_found_is_no_worse_at_rehearsals_and_found_again(
    past: Snapshot, settings: TrainingSettings
) -> None:
    pytest.importorskip("optuna")
    found = tuned(past, settings)
    assert _losses(past, found) <= _losses(past, settings)
    assert tuned(past, settings) == found
    changed: Mapping[str, object] = {"trees": settings.trees, "logistic_penalty": 1.0}
    assert found.model_copy(update=changed) == settings


def test_without_earlier_cutoffs_nothing_is_changed(
    past: Snapshot, settings: TrainingSettings
) -> None:
    pytest.importorskip("optuna")
    assert tuned(past.at(past.provenance.cutoff), settings) == settings
