"""Champion against challenger: who is promoted, who is not, and what is said of it."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from features.findings import Finding
from training.backtest import risk_measures
from training.bootstrap import Interval
from training.promotion import (
    Contest,
    Incumbent,
    Promotion,
    decide,
    miscalibrated,
    unless_changed,
)
from training.settings import MoneySettings, PromotionSettings

Floats = NDArray[np.float64]

ASKED = PromotionSettings()
ROWS = {"transactions": 1_000, "surveys": 100}

BETTER = Contest(2_000, 0.5, Interval(0.1, 0.9), -0.01, Interval(-0.02, 0.001))
TIE = Contest(2_000, 0.1, Interval(-0.4, 0.6), -0.001, Interval(-0.002, 0.001))
WORSE = Contest(2_000, -0.5, Interval(-0.9, -0.1), -0.001, Interval(-0.002, 0.001))
YOUNG = Incumbent(3, 1.0, ROWS, contest=TIE)


def decided(
    incumbent: Incumbent | None,
    *objections: Finding,
    rows: dict[str, int] = ROWS,
    asked: PromotionSettings = ASKED,
) -> Promotion:
    return decide(incumbent, objections, rows=rows, currency="EUR", settings=asked)


def names(found: Promotion) -> list[str]:
    return [finding.name for finding in found.findings]


def test_the_first_model_is_promoted() -> None:
    found = decided(None)
    assert (found.promoted, found.reason, found.champion) == (True, "the first model", None)


def test_who_earns_more_beyond_doubt_is_promoted() -> None:
    found = decided(replace(YOUNG, contest=BETTER))
    assert found.promoted
    assert found.champion == 3
    assert found.reason == (
        "+0.5000 EUR (+0.1000 to +0.9000) of campaign profit per customer against version 3 on "
        "2,000 later customers, and -0.0100 log loss (-0.0200 to +0.0010)."
    )


def test_who_earns_more_and_is_surprised_more_is_not_promoted() -> None:
    surprised = replace(BETTER, loss_gain=0.01, loss=Interval(0.005, 0.02))
    found = decided(replace(YOUNG, contest=surprised))
    assert (found.promoted, names(found)) == (False, ["surprised_more"])


def test_a_tie_leaves_a_young_champion_and_renews_an_old_one() -> None:
    assert names(decided(YOUNG)) == ["not_better"]
    assert not decided(YOUNG).promoted
    assert not decided(replace(YOUNG, horizons=2.0)).promoted
    found = decided(replace(YOUNG, horizons=2.5))
    assert (found.promoted, names(found)) == (True, ["renewed"])
    assert "the champion is 2.5 horizons old (renewed after 2)" in found.reason


@pytest.mark.parametrize(
    "contest", [WORSE, replace(TIE, loss_gain=0.0005)], ids=["earns less", "more log loss"]
)
def test_an_old_champion_does_not_give_way_to_one_that_is_worse(contest: Contest) -> None:
    assert not decided(replace(YOUNG, horizons=20.0, contest=contest)).promoted


def test_what_cannot_be_compared_is_promoted_and_said_loudly() -> None:
    found = decided(replace(YOUNG, contest=None, unfit="horizon_days: 90 against 60"))
    assert found.promoted
    (finding,) = found.findings
    assert (finding.name, finding.level) == ("unfit_champion", "warning")
    assert "version 3, does not fit: horizon_days: 90 against 60" in finding.text


@pytest.mark.parametrize(
    ("incumbent", "rows", "name"),
    [
        (replace(YOUNG, lacking=["surveys"], contest=None), ROWS, "lost_records"),
        (YOUNG, ROWS | {"surveys": 80}, "shrunken"),
        (YOUNG, {"transactions": 1_000}, "shrunken"),
        (replace(YOUNG, horizons=-0.5), ROWS, "older_records"),
    ],
    ids=["a table gone", "a table shrunken", "a table emptied", "older records"],
)
def test_records_that_are_gone_stop_a_promotion_until_somebody_says_not(
    incumbent: Incumbent, rows: dict[str, int], name: str
) -> None:
    better = replace(incumbent, contest=incumbent.contest and BETTER)
    found = decided(better, rows=rows)
    assert (found.promoted, names(found)) == (False, [name])
    assert "ACCEPT_LOSS=true" in found.reason
    assert decided(better, rows=rows, asked=PromotionSettings(accept_loss=True)).promoted


def test_a_few_rows_less_are_nothing() -> None:
    assert decided(replace(YOUNG, contest=BETTER), rows=ROWS | {"surveys": 90}).promoted


def test_an_error_stops_a_promotion_and_a_warning_does_not() -> None:
    error, warning = (Finding(level, "so", "so") for level in ("error", "warning"))
    better = replace(YOUNG, contest=BETTER)
    assert decided(better, warning).promoted
    for incumbent in (None, better):
        found = decided(incumbent, error)
        assert (found.promoted, found.findings) == (False, (error,))


# Calibration


def drawn(risk: Floats, seed: int) -> Floats:
    return (np.random.default_rng(seed).random(risk.size) < risk).astype(float)


def test_a_risk_that_is_off_stops_a_promotion_but_not_the_first() -> None:
    true = np.random.default_rng(0).uniform(0.1, 0.5, 5_000)
    (finding,) = miscalibrated(drawn(true, 1), true + 0.2, ASKED)
    assert finding.figures["loss"] == pytest.approx(0.2, abs=0.02)
    assert not decided(replace(YOUNG, contest=BETTER), finding).promoted
    first = decided(None, finding)
    assert first.promoted
    assert [each.level for each in first.findings] == ["advice", "warning"]


def test_what_chance_explains_is_let_pass() -> None:
    few, strict = np.full(60, 0.5), PromotionSettings(most_calibration_loss=0.01)
    refused = [list(miscalibrated(drawn(few, seed), few, strict)) for seed in range(40)]
    assert sum(map(len, refused)) <= 6  # one in twenty is expected
    many = np.linspace(0.1, 0.5, 20_000)
    assert list(miscalibrated(drawn(many, 0), many, ASKED)) == []


# The comparison


def test_a_contest_is_paired_on_the_same_customers() -> None:
    true = np.random.default_rng(0).uniform(0.05, 0.9, 3_000)
    left, measure = drawn(true, 1), risk_measures(100.0, MoneySettings())
    blurred = np.clip(true + np.random.default_rng(2).normal(0, 0.3, true.size), 0.02, 0.98)
    better = Contest.of(left, blurred, true, measure)
    assert better.customers == 3_000
    assert better.earns_more
    assert not better.is_unlikelier
    assert better.profit.low < better.profit_gain < better.profit.high
    assert better.loss.low < better.loss_gain < better.loss.high < 0
    back = Contest.of(left, true, blurred, measure)
    assert back.profit_gain == -better.profit_gain
    assert back.is_unlikelier
    assert not back.is_no_worse
    same = Contest.of(left, true, true, measure)
    assert same.profit == same.loss == Interval(0.0, 0.0)
    assert same.is_no_worse
    assert not same.earns_more


def test_nobody_takes_the_place_of_a_champion_it_was_not_held_against() -> None:
    found = decided(replace(YOUNG, contest=BETTER))
    assert unless_changed(found, 3) is found
    assert unless_changed(decided(None), None).promoted
    rolled_back = unless_changed(found, 2)
    assert (rolled_back.promoted, rolled_back.champion) == (False, 2)
    assert names(rolled_back)[-1] == "champion_changed"
    assert unless_changed(Promotion(False, (), 3), 2) == Promotion(False, (), 3)
