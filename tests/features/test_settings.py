"""Definitions are checked when they are written, not when they are used."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from features.cutoffs import plan
from features.settings import FeatureSettings, TableSettings


@pytest.mark.parametrize(
    "entry",
    [
        {"currency": "eur"},
        {"currency": "EURO"},
        {"horizon_days": 0},
        {"horizon_days": 731},
        {"cutoffs": 0},
        {"every": "day"},
        {"churn": "mood"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../Madrid"},
        {"horizon": 90},
    ],
)
def test_a_wrong_entry_is_refused_by_name(entry: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as refused:
        FeatureSettings.model_validate(entry)
    assert [error["loc"] for error in refused.value.errors()] == [tuple(entry)]


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        FeatureSettings().horizon_days = 30  # type: ignore[misc]


def test_every_setting_has_a_meaning() -> None:
    for settings in (FeatureSettings, TableSettings):
        assert all(field.description for field in settings.model_fields.values())


def test_the_plan_is_that_of_the_settings() -> None:
    settings = FeatureSettings(horizon_days=30, every="week", cutoffs=2, time_zone="Asia/Tokyo")
    first, end = date(2023, 1, 1), date(2023, 8, 1)
    assert settings.plan(first, end) == plan(
        first, end, horizon_days=30, every="week", most=2, time_zone="Asia/Tokyo"
    )


@given(
    st.dates(date(2015, 1, 1), date(2024, 12, 31)),
    st.integers(1, 730),
    st.sampled_from(["week", "month"]),
    st.sampled_from(["UTC", "Europe/Madrid"]),
)
def test_with_the_days_needed_there_is_always_a_plan(
    end: date, horizon_days: int, every: str, time_zone: str
) -> None:
    settings = FeatureSettings.model_validate(
        {"horizon_days": horizon_days, "every": every, "time_zone": time_zone}
    )
    assert settings.plan(end - timedelta(days=settings.days_needed), end) is not None
