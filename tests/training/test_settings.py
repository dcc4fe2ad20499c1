"""The settings of training: explained, frozen, and refused where they make no sense."""

from collections.abc import Iterator

import pytest
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from training.settings import MoneySettings, TrainingSettings, TreeSettings


def leaves(settings: BaseModel) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            yield from leaves(value)
        else:
            yield name, field


def test_every_setting_says_what_it_means() -> None:
    described = dict(leaves(TrainingSettings()))
    assert {"purchases", "rounds", "offer_cost", "random_state"} <= described.keys()
    assert not [name for name, field in described.items() if not field.description]


def test_settings_come_back_from_json() -> None:
    settings = TrainingSettings(purchases="bg_nbd", money=MoneySettings(margin_rate=0.3))
    assert TrainingSettings.model_validate_json(settings.model_dump_json()) == settings


@pytest.mark.parametrize("kind", [TrainingSettings, MoneySettings, TreeSettings])
def test_settings_are_frozen_and_a_misspelt_one_is_refused(kind: type[BaseModel]) -> None:
    name = next(iter(kind.model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(kind(), name, 1)
    with pytest.raises(ValidationError, match="Extra inputs"):
        kind.model_validate({"ofer_cost": 1})


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (TreeSettings, "rounds", 0),
        (TreeSettings, "learning_rate", 1.5),
        (TreeSettings, "subsample", 0),
        (MoneySettings, "margin_rate", 0),
        (MoneySettings, "margin_rate", 1.2),
        (MoneySettings, "discount_rate", -0.1),
        (MoneySettings, "value_horizon_days", 0),
        (MoneySettings, "contact_cost", -1),
        (TrainingSettings, "purchases", "nbd"),
        (TrainingSettings, "logistic_penalty", 0),
        (TrainingSettings, "tune", -1),
        (TrainingSettings, "random_state", -1),
    ],
)
def test_settings_without_sense_are_refused_by_name(
    kind: type[BaseModel], name: str, value: object
) -> None:
    with pytest.raises(ValidationError, match=name):
        kind.model_validate({name: value})
