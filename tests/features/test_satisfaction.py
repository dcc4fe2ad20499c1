"""Answers count when they are given, on one scale from worst to best."""

from math import isnan, nan
from typing import Any

import pytest

from features.satisfaction import KINDS, SCALES
from tests.features.histories import at, found
from tests.features.naive import Row, Survey


def answer(
    kind: str, asked: float, answered: float | None, score: float | None = None, *scale: Any
) -> Survey:
    known = None if answered is None else at(answered)
    return Survey("a", kind, at(asked), known, score, *scale)


@pytest.mark.parametrize("kind", SCALES)
def test_every_kind_runs_from_worst_to_best(kind: str) -> None:
    family, name = {
        "ces": ("effort", "ces_last"),
        "wallet_share": ("satisfaction", "wallet_share"),
    }.get(kind, ("satisfaction", f"{kind}_last"))
    low, high = SCALES[kind]
    for score, expected in ((low, 0), (high, 1), ((low + high) / 2, 0.5)):
        assert found(family, at(9), answer(kind, 1, 2, score))[name] == expected


@pytest.mark.parametrize(
    ("scale", "score", "expected"),
    [
        ((1, 4), 4, 1),
        ((1, 4), 2, 1 / 3),
        ((5, 1), 5, 0),  # 1 is best
        ((5, 1), 1, 1),
        ((5, 1), 2, 0.75),
        ((0, 10), 20, 1),
        ((0, 10), -1, 0),
    ],
)
def test_a_scale_is_that_of_the_row_and_may_run_the_other_way(
    scale: tuple[float, float], score: float, expected: float
) -> None:
    row = found("satisfaction", at(9), answer("csat", 1, 2, score, *scale))
    assert row["csat_last"] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("score", "expected"), [(0, -1), (6, -1), (7, 0), (8, 0), (9, 1), (10, 1)])
def test_nps_has_three_classes(score: float, expected: float) -> None:
    row = found("satisfaction", at(9), answer("nps", 1, 2, score))
    assert row["nps_class"] == expected


def test_the_nps_class_is_that_of_the_last_nps() -> None:
    nps, csat = answer("nps", 1, 2, 10), answer("csat", 3, 4, 1)
    assert found("satisfaction", at(9), nps, csat)["nps_class"] == 1
    assert isnan(found("satisfaction", at(9), csat)["nps_class"])


def test_a_survey_counts_when_it_is_answered() -> None:
    survey = answer("csat", 1, 5, 2)
    asked, told = found("satisfaction", at(5), survey), found("satisfaction", at(5, 1), survey)
    assert (asked["answers"], asked["response_rate"]) == (0, 0)
    assert isnan(asked["satisfaction_last"])
    assert (told["answers"], told["response_rate"]) == (1, 1)
    assert told["satisfaction_last"] == told["csat_last"] == 0.25
    assert isnan(found("satisfaction", at(1), survey)["response_rate"])


def test_the_last_answer_is_the_last_given_not_the_last_asked() -> None:
    early, late = answer("csat", 1, 8, 1), answer("csat", 2, 3, 5)
    assert found("satisfaction", at(9), early, late)["satisfaction_last"] == 0
    assert found("satisfaction", at(8), early, late)["satisfaction_last"] == 1


def test_answers_of_all_kinds_make_the_whole() -> None:
    row = found(
        "satisfaction",
        at(300),
        answer("nps", 1, 2, 10),
        answer("csat", 10, 20, 2),
        answer("review", 280, 290, 3),
        answer("ces", 291, 292, 1),  # effort is told apart
        answer("wallet_share", 291, 292, 0.3),  # and so is the share of wallet
        answer("isat", 295, None),
    )
    expected = {
        "satisfaction_last": 0.5,
        "satisfaction_mean": 1.75 / 3,
        "satisfaction_worst": 0.25,
        "satisfaction_trend": 0.5 - 1.75 / 3,
        "satisfaction_spread": (sum((x - 1.75 / 3) ** 2 for x in (1, 0.25, 0.5)) / 3) ** 0.5,
        "satisfaction_since": 10,
        "answers": 3,
        "response_rate": 5 / 6,
        "silence_after_bad": 0,
        "nps_class": 1,
        "wallet_share": 0.3,
        **{f"{kind}_{name}": nan for kind in KINDS for name in ("last", "mean")},
        **{"nps_last": 1, "nps_mean": 1, "csat_last": 0.25, "csat_mean": 0.25},
        **{"review_last": 0.5, "review_mean": 0.5},
    }
    assert row == pytest.approx(expected, nan_ok=True)


def test_silence_after_a_bad_answer_lasts_until_the_next_purchase() -> None:
    bad = answer("csat", 1, 10, 1)
    bought, refunded = Row("a", at(15), 5.0), Row("a", at(12), -5.0)
    assert found("satisfaction", at(20), bad)["silence_after_bad"] == 10
    assert found("satisfaction", at(14), bad, bought)["silence_after_bad"] == 4
    assert found("satisfaction", at(20), bad, bought)["silence_after_bad"] == 0
    assert found("satisfaction", at(14), bad, refunded)["silence_after_bad"] == 4
    assert found("satisfaction", at(20), answer("csat", 1, 10, 3))["silence_after_bad"] == 0
    assert found("satisfaction", at(20), bad, answer("nps", 1, 11, 9))["silence_after_bad"] == 0


@pytest.mark.parametrize(("score", "bad"), [(4, True), (5, False)])
def test_answers_up_to_four_of_ten_are_bad(score: float, bad: bool) -> None:
    row = found("satisfaction", at(20), answer("nps", 1, 10, score))
    assert (row["silence_after_bad"] > 0) == bad


def test_an_answer_without_score_is_an_answer_that_rates_nothing() -> None:
    row = found("satisfaction", at(20), answer("review", 1, 10))
    assert row["response_rate"] == 1
    assert row["answers"] == 0
