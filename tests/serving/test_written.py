"""Figures as people read them."""

import pytest

from features.indicators.figures import Figure
from serving import written
from serving.words import Language


@pytest.mark.parametrize(
    ("number", "unit", "language", "told"),
    [
        (0.1234, "share", "en", "12.3%"),
        (0.1234, "share", "es", "12,3%"),
        (1234.5, "currency", "en", "1,234"),
        (1234.5, "currency", "es", "1.234"),
        (99.5, "currency", "en", "99.50"),
        (4.256, "scale", "en", "4.26"),
        (12.0, "points", "es", "12,00 puntos"),
        (123.4, "days", "en", "123 days"),
        (float("nan"), "days", "en", written.UNKNOWN),
    ],
)
def test_a_value_is_written_in_its_unit_and_language(
    number: float, unit: str, language: Language, told: str
) -> None:
    assert written.named(number, unit, language) == told


@pytest.mark.parametrize("number", [-0.0001, 0.0001, 0.0])
def test_what_rounds_to_nothing_has_no_sign(number: float) -> None:
    assert written.value(number, "share", "en", signed=True) == "0.0%"


def test_an_interval_has_two_ends_or_is_not_told() -> None:
    assert written.interval(Figure(3, 0.5, 0.25, 0.75), "share", "en") == "25.0% … 75.0%"
    assert written.interval(Figure(1, 0.5), "share", "en") == ""
    half = Figure(3, 5.0, 1.0, float("nan"))
    assert written.interval(half, "scale", "en") == f"1.00 … {written.UNKNOWN}"
