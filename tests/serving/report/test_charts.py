"""Charts: part of the page, told in words, and true to their numbers."""

import re
from datetime import date

from features.indicators.catalogue import INDICATORS
from features.indicators.figures import Figure
from features.indicators.period import Period
from features.indicators.reading import Reading
from serving.report import charts

CURVE = [{"budget": budget, "profit": budget / 2} for budget in (1000.0, 5000.0)]


def words(svg: str) -> list[str]:
    return [text.strip() for text in re.findall(r">([^<>]+)</text>", svg)]


def test_a_chart_is_told_in_words_and_takes_nothing_from_outside() -> None:
    drawn = charts.profit(CURVE, 2000, ("budget", "profit"), "so < much", "en")
    assert drawn.startswith('<svg role="img" aria-label="so &lt; much"')
    assert "://" not in drawn
    assert "id=" not in re.sub(r'id="[mp][0-9a-f]{8,}"', "", drawn)


def test_a_chart_has_the_colours_and_letters_of_the_page() -> None:
    drawn = charts.profit(CURVE, 2000, ("budget", "profit"), "", "en")
    assert "var(--accent)" in drawn
    assert "#0" not in drawn.replace("#000000", "")
    assert "DejaVu" not in drawn


def test_numbers_on_the_axes_are_whole_in_every_language() -> None:
    for language, thousand in (("en", "1,000"), ("es", "1.000")):
        drawn = charts.profit(CURVE, 2000, ("", ""), "", language)  # type: ignore[arg-type]
        assert thousand in words(drawn)


def test_a_history_shows_its_target() -> None:
    def reading(month: int, target: float | None) -> Reading:
        period = Period.of(date(2025, month, 1), date(2025, month, 28), "UTC")
        return Reading(INDICATORS["churn_rate"], None, Figure(9, 0.2, 0.1, 0.3), period, target)

    without, beside = (
        charts.history([reading(1, target), reading(2, target)], "", "en") for target in (None, 0.1)
    )
    assert "stroke-dasharray" not in without
    assert "stroke-dasharray" in beside
    assert "2025-01-28" in words(beside)


def test_bars_stay_within_their_track() -> None:
    assert "width:100.0%" in charts.track(1.7)
    assert "width:0.0%" in charts.track(-1)
