"""Stated and revealed importance: what goes with words, with deeds, with neither, and why not."""

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import somersd, spearmanr

from features.snapshot import Snapshot
from training import importance
from training.importance import Importance, Matched

Periods = tuple[Snapshot, Snapshot]


@pytest.fixture(scope="module")
def found(company_past_and_later: Periods) -> Importance:
    """Answers as they are, beside one of words alone, one of deeds alone, and one of purchases."""
    past, later = company_past_and_later
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.2, (3, len(later)))
    said = np.round(rng.random(len(later)), 1)
    changed = later.assign(
        repurchase_intent_last=said,
        csat_last=np.clip(said + noise[0], 0, 1),
        isat_last=np.clip(1 - later.churned / 4 - 0.4 + noise[1], 0, 1),
        review_last=later.columns["silence"] / later.columns["silence"].max(),
        loyalty_last=np.nan,
    )
    told = importance.importance(past, changed)
    assert told is not None
    return told


def test_intention_is_what_customers_say_and_recommending_stands_in(
    found: Importance, company_past_and_later: Periods
) -> None:
    assert found.said == "repurchase_intent_last"
    assert "repurchase_intent_last" not in found.measures
    as_it_is = importance.importance(*company_past_and_later)
    assert as_it_is is not None
    assert as_it_is.said == "nps_last"
    assert "nps_last" not in as_it_is.measures


def test_what_goes_with_words_and_what_with_deeds_are_told_apart(found: Importance) -> None:
    words, deeds = found.measures["csat_last"], found.measures["isat_last"]
    assert words["stated_low"] > 0.5
    assert words["revealed_low"] < 0 < words["revealed_high"]
    assert deeds["revealed_low"] > 0.3
    assert deeds["stated_low"] < 0 < deeds["stated_high"]
    for row in (words, deeds):
        for name in ("stated", "revealed"):
            assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]


def test_what_purchases_tell_is_not_put_down_to_an_answer(
    found: Importance, company_past_and_later: Periods
) -> None:
    """An answer that is the silence itself tells who left, and nothing among those who match."""
    _, later = company_past_and_later
    alone = float(somersd(later.churned, later.columns["silence"]).statistic)
    assert alone > 0.5
    assert abs(found.measures["review_last"]["revealed"]) < alone / 3


def test_stated_is_the_rank_correlation(company_past_and_later: Periods) -> None:
    past, later = company_past_and_later
    both = ~np.isnan(later.columns["csat_last"]) & ~np.isnan(later.columns["nps_last"])
    expected = spearmanr(later.columns["csat_last"][both], later.columns["nps_last"][both])
    as_it_is = importance.importance(past, later)
    assert as_it_is is not None
    row = as_it_is.measures["csat_last"]
    assert row["stated"] == pytest.approx(expected.statistic)
    assert row["stated_customers"] == both.sum()


@given(st.integers(0, 1000), st.integers(20, 49))
def test_in_one_group_it_is_somers_d(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    churned = (rng.random(size) < 0.5).astype(float)
    churned[:2] = 0, 1
    answer = rng.integers(0, 4, size).astype(float)
    matched = Matched.of(churned, np.column_stack([answer, rng.random(size)]))
    expected = somersd(churned, -answer).statistic
    assert matched.somers_d() == pytest.approx(expected)
    assert matched.weighted(np.full(size, 3.0)).somers_d() == pytest.approx(expected)


def test_where_all_of_a_group_did_the_same_there_is_no_association() -> None:
    told = np.column_stack([np.arange(10.0), np.arange(10.0)])
    assert Matched.of(np.ones(10), told).somers_d() == 0


def test_where_customers_are_not_asked_it_steps_aside(
    past: Snapshot, later: Snapshot, company_past_and_later: Periods
) -> None:
    assert importance.importance(past, later) is None
    before, after = company_past_and_later
    few = np.where(np.arange(len(after)) < importance.FEWEST - 1, 0.5, np.nan)
    silent = after.assign(nps_last=few, repurchase_intent_last=np.nan)
    assert importance.importance(before, silent) is None
    assert list(importance.told(None)) == []


def row(stated: float, revealed: float) -> Mapping[str, float]:
    ends = {"stated": stated, "revealed": revealed}
    return {
        f"{name}{end}": value + by
        for name, value in ends.items()
        for end, by in (("", 0.0), ("_low", -0.1), ("_high", 0.1))
    }


def test_words_and_deeds_are_told_in_words() -> None:
    measures = {"csat_last": row(0.5, 0.02), "ces_last": row(0.05, 0.3), "isat_last": row(0.2, 0.2)}
    told = [each.text for each in importance.told(Importance("nps_last", measures))]
    assert told == [
        "What customers say they will do (nps_last) goes most with csat_last (+0.50); what they "
        "did goes most with ces_last (+0.30, +0.20 to +0.40, among customers who bought alike).",
        "Goes with what customers say, and not beyond doubt with what they did: csat_last.",
        "Goes with what customers did, and not beyond doubt with what they say: ces_last.",
    ]
