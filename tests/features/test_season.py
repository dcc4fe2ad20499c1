"""The place of the cut-off in the year."""

from datetime import UTC, datetime, timedelta

import pytest

from features.season import FAMILY
from features.snapshot import CONTEXT, present
from tests.features.histories import EVERYTHING, at, look, sales
from tests.features.naive import Row


def season(cutoff: datetime) -> tuple[float, float]:
    columns = FAMILY.columns(look(sales([Row("a", at(-20_000), 5)]), cutoff), EVERYTHING)
    return float(columns["winter"].item()), float(columns["spring"].item())


@pytest.mark.parametrize(
    ("month", "day", "winter", "spring"),
    [(1, 1, 1, 0), (4, 2, 0, 1), (7, 3, -1, 0), (10, 2, 0, -1)],
)
def test_the_year_is_a_circle(month: int, day: int, winter: float, spring: float) -> None:
    for year in (1999, 2024, 2031):
        found = season(datetime(year, month, day, tzinfo=UTC))
        assert found == pytest.approx((winter, spring), abs=0.03)


def test_the_same_day_of_two_years_is_the_same_season() -> None:
    cutoff = datetime(2023, 5, 17, tzinfo=UTC)
    assert season(cutoff) == pytest.approx(season(cutoff + timedelta(days=365)), abs=0.01)


def test_every_customer_has_the_season_of_each_cutoff() -> None:
    known = sales([Row(name, at(0), 5) for name in "abc"])
    winter = FAMILY.columns(look(known, at(10), at(100)), EVERYTHING)["winter"].tolist()
    assert winter == winter[:2] * 3
    assert winter[0] != winter[1]


def test_it_is_context_and_no_feature() -> None:
    assert CONTEXT is FAMILY
    assert not {f.name for f in FAMILY.features} & {f.name for f in present(EVERYTHING)}
