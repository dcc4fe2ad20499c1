"""Indicators as people and programs read them."""

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from features.errors import QuerenciaError
from features.store import Store
from querencia import jobs, readings
from serving.settings import IndicatorSettings, Settings
from serving.words import Language


@pytest.fixture
def settings(company_store: Store) -> Settings:
    return Settings.model_construct(
        data=company_store.folder,
        indicators={
            "nps": IndicatorSettings(target=50),
            "churn_rate": IndicatorSettings(target=0.1),
        },
    )


def shown(settings: Settings, *, by: str | None = None, language: Language = "en") -> str:
    console = Console(width=140)
    settings = settings.model_copy(update={"language": language})
    found = jobs.indicators(settings, by=by, first=date(2025, 1, 1), last=date(2025, 3, 31))
    with console.capture() as capture:
        readings.show(console, found, settings, by=by)
    return capture.get()


def row(text: str, label: str) -> list[str]:
    (found,) = [line for line in text.splitlines() if line.startswith(f"{label}  ")][:1]
    return [cell for cell in found.split("  ") if cell.strip()]


def test_a_table_tells_value_interval_n_target_and_definition(settings: Settings) -> None:
    text = shown(settings)
    assert "Indicators from 2025-01-01 to 2025-03-31" in text
    assert "Horizon: 90 days. Churn: inactivity. Amounts in EUR." in text
    nps = {r.indicator.name: r for r in jobs.indicators(settings, last=date(2025, 3, 31))}["nps"]
    assert len(row(text, "Churn rate")) == 6
    assert "50.00 points" in "".join(row(text, "NPS"))
    assert nps.indicator.definition in " ".join(text.split())
    assert nps.indicator.version in text


def test_it_is_told_in_spanish(settings: Settings) -> None:
    text = shown(settings, by="stage", language="es")
    assert "Indicadores de 2025-01-01 a 2025-03-31" in text
    assert "Tasa de abandono" in text
    assert "comprador" in text
    assert "50,00 puntos" in text
    assert not {"buyer", "Churn", "points"} & set(text.split())


def test_without_readings_it_says_so(settings: Settings) -> None:
    console = Console(width=140)
    with console.capture() as capture:
        readings.show(console, (), settings, by=None)
    assert "no indicator" in capture.get()


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_files_hold_every_reading_with_its_definition(
    settings: Settings, tmp_path: Path, ending: str
) -> None:
    found = jobs.indicators(settings, by="segment")
    path = tmp_path / f"indicators.{ending}"
    readings.write(found, settings, path)
    table = pd.read_csv(path) if ending == "csv" else pd.DataFrame(json.loads(path.read_text()))
    assert len(table) == len(found)
    first, reading = table.iloc[0], found[0]
    assert (first["indicator"], first["group"]) == ("nps", reading.group)
    assert first["value"] == pytest.approx(reading.figure.value)
    assert first["version"] == reading.indicator.version
    assert set(table["churn"]) == {"inactivity"}


def test_another_ending_is_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(QuerenciaError, match=r"\.csv or \.json"):
        readings.write((), settings, tmp_path / "indicators.xlsx")


def test_the_period_is_the_last_horizon_unless_named(settings: Settings) -> None:
    period = jobs.indicators(settings)[0].period
    assert period.days == settings.features.horizon_days
    assert f"{period.end:%Y-%m-%d}" == "2025-12-31"
