"""How far intervals held: shares with their own intervals, and a word where they are too narrow."""

import pytest
from scipy.stats import binomtest

from training.reached import reached, told

COVERAGE = {
    "spend_coverage_80": 0.8,
    "spend_coverage_80_top_decile": 0.7,
    "spend_coverage_90": 0.9,
    "spend_coverage_90_top_decile": 0.9,
}


def test_a_share_lies_where_as_many_customers_put_it() -> None:
    held = reached(COVERAGE, 1000)
    assert held.keys() == {"spend"}
    of_all, of_top = (held["spend"][f"coverage_80{part}"] for part in ("", "_top_decile"))
    for share, count, size in ((of_all, 800, 1000), (of_top, 70, 100)):
        low, high = binomtest(count, size).proportion_ci(method="wilson")
        assert (share["low"], share["high"]) == pytest.approx((low, high))
        assert share["low"] < share["value"] < share["high"]


def test_few_customers_leave_in_doubt_what_many_prove() -> None:
    def names(customers: int) -> list[str]:
        return [each.name for each in told({}, reached(COVERAGE, customers))]

    assert names(1000) == ["coverage", "coverage"]
    assert names(100_000) == ["coverage_short", "coverage"]


def test_what_is_short_is_warned_of_with_its_figures() -> None:
    first, second = told({}, reached(COVERAGE, 100_000))
    assert (first.level, second.level) == ("warning", "advice")
    assert first.text.startswith("spend: the 80% intervals held 80.0% of the customers (79.8% to ")
    assert first.text.endswith("they are too narrow.")


def test_amounts_are_told_with_their_intervals() -> None:
    ends = {"value": 0.5, "low": 0.4, "high": 0.6}
    (found,) = told({"served purchases": {"gini_score": ends, "total_bias": ends}}, {})
    assert found.text == (
        "purchases: Gini 0.500 (0.400 to 0.600); the total was +50% off the truth (+40% to +60%)."
    )


def test_without_rehearsals_there_is_nothing_to_tell() -> None:
    assert reached({}, 1000) == {}
    assert list(told({}, {})) == []
