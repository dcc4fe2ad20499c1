"""Two results come together only when they were made under the same definitions."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from features.errors import QuerenciaError
from features.provenance import DefinitionError, Provenance

JANUARY, JULY = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 7, 1, tzinfo=UTC)
ORIGIN = Provenance(
    churn="inactivity",
    horizon_days=90,
    currency="EUR",
    time_zone="Europe/Madrid",
    families=("purchases",),
    records=("transactions",),
    feature_version="0123456789ab",
    cutoffs=(JANUARY, JULY),
)
OTHERS = {
    "horizon_days": 30,
    "currency": "USD",
    "time_zone": "UTC",
    "families": ("purchases", "effort"),
    "records": ("tickets", "transactions"),
    "feature_version": "ba9876543210",
}


@pytest.mark.parametrize(("name", "value"), OTHERS.items())
def test_another_definition_is_named_with_both_values(name: str, value: object) -> None:
    with pytest.raises(DefinitionError) as refused:
        ORIGIN.require_same(ORIGIN.model_copy(update={name: value}))
    message = str(refused.value)
    assert f"{name}: {getattr(ORIGIN, name)} against {value}" in message
    assert not any(f"{other}: " in message for other in OTHERS if other != name)


def test_all_differences_are_named_and_the_remedy() -> None:
    with pytest.raises(QuerenciaError) as refused:
        ORIGIN.require_same(ORIGIN.model_copy(update=OTHERS))
    assert all(f"{name}: " in str(refused.value) for name in OTHERS)
    assert "querencia train" in str(refused.value)


def test_cutoffs_and_model_version_may_differ() -> None:
    ORIGIN.require_same(ORIGIN.model_copy(update={"cutoffs": (JULY,), "model_version": "7"}))


def test_every_definition_is_compared() -> None:
    assert set(ORIGIN.definitions()) == {*OTHERS, "churn"}


def test_the_cutoff_is_the_latest() -> None:
    assert ORIGIN.model_copy(update={"cutoffs": (JULY, JANUARY)}).cutoff == JULY


def test_it_is_the_same_after_writing_and_reading() -> None:
    assert Provenance.model_validate_json(ORIGIN.model_dump_json()) == ORIGIN


@pytest.mark.parametrize(
    "entry", [{"cutoffs": [datetime(2024, 1, 1)]}, {"horizon_days": 0}, {"churn": "mood"}]
)
def test_definitions_that_say_nothing_are_refused(entry: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Provenance.model_validate(ORIGIN.model_dump() | entry)
