"""Which of the best customers are about to leave, and in what order."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.pandas import column, data_frames, range_indexes

from serving.ranking import Ranking


def at_risk(scores: pd.DataFrame, **asked: Any) -> pd.DataFrame:
    return scores.iloc[Ranking.of(scores).at_risk(**asked)]


BY_HAND = pd.DataFrame(
    [
        ("best and safe", 500.0, 0.10),
        ("best and leaving", 400.0, 0.60),
        ("good and gone", 300.0, 0.90),
        ("good and on the edge", 200.0, 0.50),
        ("poor and leaving", 20.0, 0.95),
    ],
    columns=["customer_id", "value", "risk"],
).assign(expected_loss=lambda rows: rows["value"] * rows["risk"])


def listed(**wanted: float) -> list[str]:
    asked = {"top_share": 0.8, "min_risk": 0.5, "most": 10} | wanted
    return at_risk(BY_HAND, **asked)["customer_id"].tolist()


def test_lists_top_customers_at_risk_by_expected_loss() -> None:
    assert listed() == ["good and gone", "best and leaving", "good and on the edge"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"top_share": 0.4}, ["best and leaving"]),
        ({"top_share": 0.1}, []),
        ({"min_risk": 0.51}, ["good and gone", "best and leaving"]),
        ({"min_risk": 0.96}, []),
        ({"most": 1}, ["good and gone"]),
        (
            {"top_share": 1, "min_risk": 0},
            [
                *("good and gone", "best and leaving", "good and on the edge", "best and safe"),
                "poor and leaving",
            ],
        ),
    ],
)
def test_each_bound_takes_customers_off_the_list(
    wanted: dict[str, float], expected: list[str]
) -> None:
    assert listed(**wanted) == expected


def test_customers_of_equal_value_are_told_apart_by_their_order() -> None:
    twins = pd.concat([BY_HAND.iloc[[1]]] * 4, ignore_index=True)
    assert at_risk(twins, top_share=0.5, min_risk=0, most=10).index.tolist() == [0, 1]


amounts = st.floats(0, 1e6)
scores = data_frames(
    [
        column("value", elements=amounts),
        column("risk", elements=st.floats(0, 1)),
        column("expected_loss", elements=amounts),
    ],
    index=range_indexes(max_size=30),
)


@given(scores, st.floats(0.01, 1), st.floats(0, 1), st.integers(1, 40))
def test_is_an_ordered_part_of_the_scores_within_every_bound(
    rows: pd.DataFrame, top_share: float, min_risk: float, most: int
) -> None:
    before = rows.copy()
    chosen = at_risk(rows, top_share=top_share, min_risk=min_risk, most=most)

    pd.testing.assert_frame_equal(chosen, rows.loc[chosen.index])
    pd.testing.assert_frame_equal(rows, before)
    assert len(chosen) <= min(most, top_share * len(rows))
    assert chosen["expected_loss"].is_monotonic_decreasing
    assert (chosen["risk"] >= min_risk).all()


@given(scores, st.floats(0.01, 1), st.floats(0, 1))
def test_leaves_nobody_out_who_is_better_and_at_more_risk_than_someone_listed(
    rows: pd.DataFrame, top_share: float, min_risk: float
) -> None:
    chosen = at_risk(rows, top_share=top_share, min_risk=min_risk, most=len(rows) + 1)
    left_out = rows.drop(chosen.index)
    for _, someone in chosen.iterrows():
        better = (left_out["value"] > someone["value"]) & (left_out["risk"] >= someone["risk"])
        assert not better.any()
