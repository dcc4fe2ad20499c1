import json
from math import nan
from typing import Any

import pytest

from serving import lines
from serving.lines import EVERY, Figure, Lines

NUMBERS: dict[str, float] = {name: place / 10 for place, name in enumerate(EVERY)}
CUSTOMER: dict[str, Any] = {
    "customer_id": "c-1",
    "known": True,
    **NUMBERS,
    "reason": "late deliveries",
}


def test_one_who_is_known_is_told_in_order_without_anything_else() -> None:
    told = json.loads(lines.known({"mood": "good", **CUSTOMER}))
    assert [*told] == ["customer_id", "known", *EVERY]
    assert told == CUSTOMER


def test_what_is_not_a_number_is_null() -> None:
    assert json.loads(lines.known(CUSTOMER | {"value_low": nan}))["value_low"] is None


def test_one_who_is_unknown_has_no_figures() -> None:
    told = json.loads(lines.unknown("nobody"))
    assert told.pop("customer_id") == "nobody"
    assert told.pop("known") is False
    assert told == dict.fromkeys(EVERY)


@pytest.mark.parametrize("figures", [("risk",), ("value", "reason"), EVERY])
def test_a_line_cut_is_the_line_of_these_figures(figures: tuple[Figure, ...]) -> None:
    assert lines.cut(lines.known(CUSTOMER), figures) == lines.known(CUSTOMER, figures)
    assert [*json.loads(lines.unknown("nobody", figures))] == ["customer_id", "known", *figures]


def test_lines_are_found_by_place() -> None:
    told = [b"a", b"", b"longer"]
    kept = Lines.of(told)
    assert [kept[place] for place in range(len(kept))] == told
    assert len(Lines.of([])) == 0
