"""Published figures of real data, through the definitions that come with the product."""

from datetime import date
from pathlib import Path

import pytest

from features.adapters import FILES
from features.indicators.figures import Figure
from features.indicators.period import Period
from features.indicators.reading import read as read_indicators
from features.store import Store
from tests.features.test_adapters import intakes, needs_real_data, read, real_data


def figures(
    name: str, sources: Path, folder: Path, *, by: str | None, indicators: tuple[str, ...]
) -> dict[tuple[str, str | None], Figure]:
    """Indicators of all days, through a definition."""
    intakes(FILES[name], sources, folder)
    settings = read(FILES[name]).features
    period = Period.of(date(2016, 1, 1), date(2019, 12, 31), settings.time_zone)
    found = read_indicators(Store(folder), settings, period, by=by, indicators=indicators)
    return {(reading.indicator.name, reading.group): reading.figure for reading in found}


@needs_real_data
def test_olist_s_reviews(tmp_path: Path) -> None:
    """57.5, 19.3, 8.6, 3.2 and 11.4 % for five stars to one; 2.27 late, 4.28 on time."""
    wanted = ("review", "promise_kept")
    sources = real_data() / "olist"
    scores = figures("olist", sources, tmp_path, by="score", indicators=wanted)
    counts = [scores["review", star].n for star in "54321"]
    assert [round(100 * n / sum(counts), 1) for n in counts] == [57.5, 19.3, 8.6, 3.2, 11.4]
    promised = figures("olist", sources, tmp_path, by="promise", indicators=wanted)
    assert promised["review", "late"].value == pytest.approx(2.27, abs=0.005)
    assert promised["review", "kept"].value == pytest.approx(4.28, abs=0.005)


@needs_real_data
def test_the_incident_log_s_service(tmp_path: Path) -> None:
    """SLA met for 63 %, 54 % never reassigned, 1.1 % reopened."""
    wanted = ("resolved_in_time", "never_handed_over", "reopened")
    found = figures("incident_log", real_data(), tmp_path, by=None, indicators=wanted)
    assert found["resolved_in_time", None].value == pytest.approx(0.63, abs=0.005)
    assert found["never_handed_over", None].value == pytest.approx(0.54, abs=0.005)
    assert found["reopened", None].value == pytest.approx(0.011, abs=0.0005)
