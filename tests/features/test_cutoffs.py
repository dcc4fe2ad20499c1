"""Cut-offs: local midnights, and a plan in which nothing later than the cut-off is used."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.cutoffs import Plan, Rhythm, last_days, microseconds, midnight, plan
from tests.features.histories import time_zones

DAY = timedelta(days=1)


def laid(
    first: str,
    end: str,
    *,
    horizon_days: int = 90,
    every: Rhythm = "month",
    most: int = 3,
    time_zone: str = "UTC",
) -> Plan | None:
    return plan(
        date.fromisoformat(first),
        date.fromisoformat(end),
        horizon_days=horizon_days,
        every=every,
        most=most,
        time_zone=time_zone,
    )


def days(instants: tuple[datetime, ...]) -> list[str]:
    return [f"{instant:%Y-%m-%d}" for instant in instants]


def test_midnight_is_when_the_day_begins_in_the_zone() -> None:
    assert midnight(date(2024, 3, 31), "Europe/Madrid") == datetime(2024, 3, 30, 23, tzinfo=UTC)
    assert midnight(date(2024, 4, 1), "Europe/Madrid") == datetime(2024, 3, 31, 22, tzinfo=UTC)


def test_a_midnight_that_the_clocks_skip_is_the_moment_they_do() -> None:
    """In Santiago, 8 September 2024 began at one o'clock."""
    skipped = midnight(date(2024, 9, 8), "America/Santiago")
    assert skipped.astimezone(UTC) == datetime(2024, 9, 8, 4, tzinfo=UTC)
    assert last_days((skipped,), "America/Santiago") == (date(2024, 9, 7) - date(1970, 1, 1)).days


def test_microseconds_count_from_1970_whatever_the_zone() -> None:
    tokyo = datetime(1970, 1, 2, 9, 0, 0, 7, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert microseconds((tokyo, tokyo.astimezone(UTC))).tolist() == [86_400_000_007] * 2


@pytest.mark.parametrize(
    ("cutoff", "day"),
    [
        ("2024-05-10T00:00+02:00", "2024-05-09"),
        ("2024-05-10T00:01+02:00", "2024-05-10"),
        ("2024-05-09T22:00+00:00", "2024-05-09"),
        ("2024-05-09T22:30+00:00", "2024-05-10"),
        ("2024-04-01T00:00+02:00", "2024-03-31"),  # the day before had 23 hours
        ("2024-10-28T00:00+01:00", "2024-10-27"),  # the day before had 25
    ],
)
def test_the_last_day_is_the_one_the_moment_before_lies_in(cutoff: str, day: str) -> None:
    found = last_days((datetime.fromisoformat(cutoff),), "Europe/Madrid").item()
    assert date(1970, 1, 1) + found * DAY == date.fromisoformat(day)


def test_a_monthly_plan() -> None:
    found = laid("2022-01-15", "2024-01-20")
    assert found is not None
    assert days(found.training) == ["2023-05-01", "2023-06-01", "2023-07-01"]
    assert days((found.evaluation, found.scoring)) == ["2023-10-01", "2024-01-20"]


def test_a_weekly_plan() -> None:
    found = laid("2023-01-01", "2023-06-15", horizon_days=30, every="week")
    assert found is not None
    assert days(found.training) == ["2023-03-27", "2023-04-03", "2023-04-10"]
    assert days((found.evaluation, found.scoring)) == ["2023-05-15", "2023-06-15"]


def test_cutoffs_have_a_horizon_of_history() -> None:
    found = laid("2023-04-02", "2024-01-20", most=12)
    assert found is not None
    assert days(found.training) == ["2023-07-01"]
    assert laid("2023-04-03", "2024-01-20", most=12) is None


def test_a_clock_change_in_the_horizon_can_keep_it_open() -> None:
    """From midnight of 1 March to that of 30 May there are 90 days, but for an hour, in Madrid."""
    for time_zone, evaluation in {"UTC": "2023-03-01", "Europe/Madrid": "2023-02-01"}.items():
        found = laid("2020-01-01", "2023-05-30", time_zone=time_zone)
        assert found is not None
        assert days((found.evaluation,)) == [evaluation]


@given(
    st.dates(date(2015, 1, 1), date(2024, 12, 31)),
    st.integers(1, 1_500),
    st.integers(1, 400),
    st.sampled_from(["week", "month"]),
    st.integers(1, 15),
    time_zones,
)
def test_every_horizon_closes_in_time(
    first: date, length: int, horizon_days: int, every: Rhythm, most: int, time_zone: str
) -> None:
    end, horizon = first + length * DAY, horizon_days * DAY
    found = plan(first, end, horizon_days=horizon_days, every=every, most=most, time_zone=time_zone)
    if found is None:
        assert length < 3 * horizon_days + 62
        return
    instants = [*found.training, found.evaluation]
    assert 1 <= len(found.training) <= most
    assert instants == sorted(set(instants))
    assert found.scoring == midnight(end, time_zone)
    assert found.evaluation.astimezone(UTC) + horizon <= found.scoring
    for cutoff in found.training:
        assert cutoff.astimezone(UTC) + horizon <= found.evaluation
        assert cutoff.date() - first >= horizon
    for cutoff in instants:
        assert cutoff == midnight(cutoff.date(), time_zone)
        assert cutoff.day == 1 if every == "month" else cutoff.weekday() == 0
