"""Hindsight: value as of an earlier cut-off beside the margin that came, discounted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from features.snapshot import Snapshot
from training.hindsight import Hindsight, look_back
from training.intervals import Spread
from training.rehearsal import Rehearsal, rehearse, settled
from training.settings import MoneySettings, TrainingSettings

FREE = MoneySettings(discount_rate=0)


@pytest.fixture(scope="module")
def settings(later: Snapshot, quick: TrainingSettings) -> TrainingSettings:
    return settled(quick, later)


@pytest.fixture(scope="module")
def rehearsals(past: Snapshot, settings: TrainingSettings) -> Sequence[Rehearsal]:
    return rehearse(past, settings)


@pytest.fixture(scope="module")
def seen(
    rehearsals: Sequence[Rehearsal], past: Snapshot, later: Snapshot, settings: TrainingSettings
) -> Hindsight:
    found = look_back(rehearsals, past, later, settings)
    assert found is not None
    return found


def test_it_spans_from_the_last_rehearsal_to_the_end_of_the_horizon(
    seen: Hindsight, rehearsals: Sequence[Rehearsal], later: Snapshot
) -> None:
    end = later.provenance.cutoff + timedelta(days=later.provenance.horizon_days)
    assert seen.days == (end - rehearsals[-1].cutoff).days == 180
    assert seen.came.size == seen.expected.size == rehearsals[-1].churned.size


def test_what_came_is_all_that_was_spent_until_then_less_the_discount(
    seen: Hindsight,
    rehearsals: Sequence[Rehearsal],
    past: Snapshot,
    later: Snapshot,
    settings: TrainingSettings,
) -> None:
    known = past.at(rehearsals[-1].cutoff).rows.set_index("customer_id")
    now = later.rows.set_index("customer_id").loc[known.index]
    spent = (now["spend"] + now["spend_ahead"] - known["spend"]).to_numpy()
    free = settings.model_copy(update={"money": FREE})
    plain = look_back(rehearsals, past, later, free)
    assert plain is not None
    assert plain.came == pytest.approx(spent)
    assert (seen.came <= plain.came + 1e-9).all()
    assert 0.95 < seen.came.sum() / spent.sum() < 1


def test_value_and_its_interval_were_about_right_on_cdnow(seen: Hindsight) -> None:
    measures = seen.measures()
    assert abs(measures["value_total_bias"]) < 0.2
    assert 0.75 <= measures["value_coverage_80"] <= 0.95
    assert 0.7 <= measures["value_coverage_80_top_decile"] <= 0.95  # 235 customers
    assert measures["value_coverage_90"] > measures["value_coverage_80"]


def test_intervals_are_those_known_at_the_earlier_cutoff(
    seen: Hindsight, rehearsals: Sequence[Rehearsal]
) -> None:
    spent = rehearsals[-2].amounts["spend"]
    assert seen.spreads[0] == Spread.learn(spent.came, spent.expected, coverage=0.8)


def test_the_measures_by_hand() -> None:
    one = Spread(0.8, (), (0.5,), (1.5,), 0.0)
    came, expected = np.array([1.0, 4.0, 2.0, 1.0]), np.array([1.0, 2.0, 2.0, 4.0])
    measures = Hindsight(100, expected, came, (one,)).measures()
    assert measures == {
        "value_coverage_80": 0.5,
        "value_coverage_80_top_decile": 0.0,
        "value_total_bias": pytest.approx(1 / 8),
        "value_days_checked": 100,
    }


def test_where_nothing_can_be_checked_nothing_is_said(
    rehearsals: Sequence[Rehearsal], past: Snapshot, later: Snapshot, settings: TrainingSettings
) -> None:
    assert look_back(rehearsals[-1:], past, later, settings) is None
    short = settings.model_copy(update={"money": looking_ahead(90)})
    assert look_back(rehearsals, past, later, short) is None
    none_came = later.assign(spend=0.0, spend_ahead=0.0)
    assert look_back(rehearsals, past, none_came, settings) is None


def looking_ahead(days: int) -> MoneySettings:
    return MoneySettings(value_horizon_days=days)


def test_those_without_a_row_at_the_later_cutoff_are_left_out(
    rehearsals: Sequence[Rehearsal], past: Snapshot, later: Snapshot, settings: TrainingSettings
) -> None:
    gone = later.select(np.arange(0, len(later), 2))
    found = look_back(rehearsals, past, gone, settings)
    assert found is not None
    assert 0 < found.came.size < rehearsals[-1].churned.size
    assert replace(found, days=1).measures()["value_days_checked"] == 1
