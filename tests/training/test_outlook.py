"""The outlook: what rehearsals teach, and nothing from the period that judges."""

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from features.snapshot import Snapshot
from training import backtest
from training.amounts import AMOUNTS
from training.hindsight import Hindsight
from training.model import Model
from training.outlook import Outlook, found
from training.rehearsal import Rehearsal, rehearse
from training.scoring import score
from training.settings import TrainingSettings


@pytest.fixture(scope="module")
def rehearsals(past: Snapshot, quick: TrainingSettings) -> tuple[Rehearsal, ...]:
    return rehearse(past, quick)


@pytest.fixture(scope="module")
def outlook(rehearsals: Sequence[Rehearsal]) -> Outlook:
    return Outlook.learn(rehearsals)


def off_by(rehearsals: Sequence[Rehearsal], factor: float) -> list[Rehearsal]:
    """The same with so many times as much expected as came, in total, each time."""
    return [
        replace(
            each,
            amounts={
                name: replace(
                    amount,
                    expected=amount.expected / amount.expected.sum() * amount.came.sum() * factor,
                )
                for name, amount in each.amounts.items()
            },
        )
        for each in rehearsals
    ]


def test_every_amount_has_an_interval_and_a_level_judged(outlook: Outlook) -> None:
    assert outlook.levels.keys() == outlook.spreads.keys() == AMOUNTS.keys()
    assert [spread.coverage for spread in outlook.spreads["spend"]] == [0.8, 0.9]


def test_what_was_twice_too_high_twice_is_halved_in_spend_and_value(
    rehearsals: Sequence[Rehearsal], model: Model, later: Snapshot
) -> None:
    halved = replace(model, outlook=Outlook.learn(off_by(rehearsals, 2)))
    assert halved.outlook.level("spend") == pytest.approx(0.5)
    plain, corrected = score(model, later).rows, score(halved, later).rows
    for name in ("expected_spend", "expected_purchases", "value", "value_at_stake"):
        assert corrected[name].to_numpy() == pytest.approx(plain[name].to_numpy() / 2), name


def test_intervals_do_not_depend_on_the_level(rehearsals: Sequence[Rehearsal]) -> None:
    """Twice as much expected at rehearsals, and half of it served, is as much."""
    expected = rehearsals[-1].amounts["spend"].expected
    doubled = Outlook.learn(off_by(rehearsals, 2))
    straight = Outlook.learn(off_by(rehearsals, 1))
    assert doubled.interval("spend", expected)[1] == pytest.approx(
        straight.interval("spend", expected)[1]
    )


def test_top_tenth_of_a_cdnow_sample_is_covered_about_as_promised(
    outlook: Outlook, model: Model, later: Snapshot
) -> None:
    judged = backtest.outcomes(model, later, model.risk.predict(later.rows))
    covered = outlook.coverage(judged)
    assert list(covered)[:2] == ["purchases_coverage_80", "purchases_coverage_80_top_decile"]
    # 235 customers, a standard error of .026; of all of CDNOW's top tenth .785 are covered.
    assert 0.72 <= covered["spend_coverage_80_top_decile"] <= 0.88
    assert covered["spend_coverage_90_top_decile"] >= 0.85
    assert covered["spend_coverage_80"] >= 0.8


def test_without_rehearsals_ends_are_unknown_and_nothing_is_corrected() -> None:
    nothing, expected = Outlook.learn([]), np.array([1.0, 2.0])
    assert nothing == Outlook()
    assert np.isnan(nothing.interval("spend", expected)).all()
    assert nothing.corrected({"spend": expected})["spend"].tolist() == [1, 2]
    assert nothing.coverage({}) == {}


def test_it_survives_json(outlook: Outlook) -> None:
    assert Outlook.from_dict(json.loads(json.dumps(outlook.to_dict()))) == outlook


def test_levels_and_the_dependence_of_spend_on_frequency_are_told(
    outlook: Outlook, model: Model
) -> None:
    texts = [finding.text for finding in found(outlook, model.value.spend)]
    assert [text.partition(":")[0] for text in texts[:2]] == [
        "level of the purchases",
        "level of the spend",
    ]
    assert "value" in texts[2]
    assert "rank correlation of" in texts[3]
    assert texts[3].endswith("does little harm.")
    assert any("no interval" in finding.text for finding in found(Outlook(), model.value.spend))


def test_how_value_did_on_the_own_past_is_kept_and_told(
    rehearsals: Sequence[Rehearsal], model: Model
) -> None:
    spread = rehearsals[-1].amounts["spend"]
    seen = Hindsight(180, spread.expected, spread.came, Outlook.learn(rehearsals).spreads["spend"])
    checked = Outlook.learn(rehearsals, hindsight=seen)
    assert checked.hindsight == seen.measures()
    assert Outlook.from_dict(json.loads(json.dumps(checked.to_dict()))) == checked
    (told,) = (f for f in found(checked, model.value.spend) if f.name == "value_checked")
    assert "over the 180 days" in told.text
    assert f"held {checked.hindsight['value_coverage_80']:.0%} of the customers" in told.text
    names = [finding.name for finding in found(Outlook.learn(rehearsals), model.value.spend)]
    assert "value_unchecked" in names
