"""What an evaluation told of ageing is kept, and is told no more under other definitions."""

from datetime import UTC, datetime
from pathlib import Path

from features.settings import FeatureSettings
from serving.report import staying
from training.staying import AtAge, recommended

NOW = datetime(2026, 1, 2, tzinfo=UTC)
AGES = (AtAge(30, 5, 0.001, -0.001, 0.003, -0.2), AtAge(60, 4, 0.02, 0.01, 0.03, -1.5))
SETTINGS = FeatureSettings()


def note(data: Path, ages: tuple[AtAge, ...]) -> None:
    advice = recommended(ages, currency="EUR")
    staying.note(data, ages, advice, SETTINGS, cutoffs=6, now=NOW)


def test_what_was_told_is_read_again(tmp_path: Path) -> None:
    note(tmp_path, AGES)
    found = staying.read(tmp_path, SETTINGS)
    assert found is not None
    assert (found.told_at, found.ages) == (NOW, AGES)
    assert found.advice is not None
    assert (found.advice.name, found.advice.figures["every"]) == ("fades", 30)


def test_nothing_is_told_of_nothing(tmp_path: Path) -> None:
    assert staying.read(tmp_path, SETTINGS) is None
    (tmp_path / "staying.json").write_text("{")
    assert staying.read(tmp_path, SETTINGS) is None


def test_of_one_cut_off_nothing_is_learned_and_what_was_stays(tmp_path: Path) -> None:
    for ages in (AGES, ()):
        note(tmp_path, ages)
    assert staying.read(tmp_path, SETTINGS) is not None


def test_of_another_horizon_or_churn_it_tells_nothing(tmp_path: Path) -> None:
    note(tmp_path, AGES)
    for other in ({"horizon_days": 30}, {"churn": "rhythm"}):
        assert staying.read(tmp_path, SETTINGS.model_copy(update=other)) is None
