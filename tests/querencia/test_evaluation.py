"""What an evaluation shows on terminals of any width, in both languages."""

from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from features.cutoffs import Plan
from querencia import evaluation
from serving.settings import Settings
from serving.words import Language
from training.amounts import AMOUNTS
from training.bootstrap import Interval
from training.evaluate import Evaluation, Judged
from training.evidence import FORMULAS, Evidence
from training.grade import Grade, Letter
from training.staying import AtAge, recommended

RISK = {
    "auc_score": (0.8, 0.78, 0.82),
    "pr_auc_score": (0.7, 0.68, 0.72),
    "log_loss": (0.5123, 0.5023, 0.5223),
    "brier_loss": (0.2, 0.19, 0.21),
    "calibration_loss": (0.021, 0.011, 0.031),
    "top_decile_lift_score": (2.5, 2.25, 2.75),
    "profit_score": (1234.5, 1134.5, 1334.5),
}
SPEND = {
    "mae_loss": (1234.5, 1134.5, 1334.5),
    "gini_score": (0.7, 0.68, 0.72),
    "total_bias": (-0.11, -0.15, -0.07),
}


def with_ends(measures: dict[str, tuple[float, float, float]]) -> dict[str, dict[str, float]]:
    names = ("value", "low", "high")
    return {name: dict(zip(names, ends, strict=True)) for name, ends in measures.items()}


def judged(month: int, letter: Letter = "B") -> Judged:
    gain = Interval(0.011, 0.022)
    evidence = Evidence(
        10.0,
        {},
        {},
        intervals={name: with_ends(RISK) for name in ("served", "trees", *FORMULAS)},
        value_intervals={f"served {amount}": with_ends(SPEND) for amount in AMOUNTS},
        coverage={"spend_coverage_80": 0.5, "spend_coverage_80_top_decile": 0.8},
        grade=Grade(letter, "baseline_rfm", gain, gain, gain),
        outcome=(np.repeat([0.0, 1.0], 600), np.empty(0)),
    )
    return Judged(datetime(2025, month, 1, tzinfo=UTC), 1000, evidence)


FOUND = Evaluation((judged(1), judged(2, "C")), {"2024-12-01": "All left [so]."})


def shown(width: int, language: Language = "en", found: Evaluation = FOUND) -> list[str]:
    console = Console(file=StringIO(), width=width)
    evaluation.show(console, found, Settings.model_construct(language=language))
    assert isinstance(console.file, StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("width", [80, 120, 160])
def test_tables_fit_the_terminal_without_a_figure_cut(width: int, language: Language) -> None:
    lines = shown(width, language)
    tables = lines[: next(i for i, line in enumerate(lines) if line.startswith(("Grade", "Nota")))]
    assert max(map(len, tables)) <= width
    assert not any("…" in line for line in lines)
    assert any("1,234.50" in line or "1.234,50" in line for line in tables)


def test_every_figure_stands_over_its_interval() -> None:
    lines = shown(80)
    row = next(i for i, line in enumerate(lines) if line.startswith("2025-01-01"))
    assert lines[row].split() == ["2025-01-01", "1,200", "50%", "0.800", "0.5123", "+0.011", "B"]
    assert lines[row + 1].split() == ["0.780", "0.820", "0.5023", "0.5223", "+0.022"]


def test_a_wide_terminal_has_more_measures() -> None:
    assert "Brier" not in "\n".join(shown(80)).partition("Spend in")[0]
    assert "Brier" in "\n".join(shown(160)).partition("Spend in")[0]


def test_means_stand_beside_the_formulas() -> None:
    lines = shown(120)
    row = next(line for line in lines if line.startswith("AUC"))
    assert row.split() == ["AUC", "0.800", "0.800", "..", "0.800", "0.800", "0.800", "0.800"]
    row = next(line for line in lines if line.startswith("in 80 % interval"))
    assert row.split()[-4:] == ["50.0%", "50.0%", "..", "50.0%"]


def test_grades_overlap_and_what_was_left_out_are_told() -> None:
    text = "\n".join(shown(80))
    assert "Grades: B at 1 of 2 cut-offs, C at 1 of 2 cut-offs." in text
    assert "Horizons of neighbouring cut-offs overlap" in text
    assert "2024-12-01 is left out: All left [so]." in text
    apart = Evaluation((judged(1), judged(6)))
    assert "overlap" not in "\n".join(shown(80, found=apart))


def test_spanish_is_spanish() -> None:
    text = "\n".join(shown(120, "es"))
    assert "Riesgo (abandono: inactividad)" in text
    assert "0,5123" in text
    assert "Notas: B en 1 de 2 fechas de corte" in text


def test_a_company_without_intervals_of_spend_has_no_table_of_it() -> None:
    bare = Evidence(
        10.0,
        {},
        {},
        intervals={"served": with_ends(RISK)},
        outcome=FOUND.judged[0].evidence.outcome,
    )
    found = Evaluation((Judged(datetime(2025, 1, 1, tzinfo=UTC), 1000, bare),))
    assert not any(line.startswith("Spend in") for line in shown(80, found=found))


def test_the_bar_hands_out_every_cutoff_and_names_it() -> None:
    console = Console(file=StringIO(), width=120, force_terminal=True)
    day = datetime(2025, 1, 1, tzinfo=UTC)
    plans = (Plan((day,), day, day), Plan((day,), datetime(2025, 2, 1, tzinfo=UTC), day))
    assert tuple(evaluation.track(console, "es", plans)) == plans
    assert isinstance(console.file, StringIO)
    text = console.file.getvalue()
    assert "2/2" in text
    assert "juzgado" in text


@pytest.mark.parametrize(("language", "text"), [("en", "+0.0123"), ("es", "+0,0123")])
def test_how_models_age_is_told_with_what_to_do(language: Language, text: str) -> None:
    ages = (AtAge(30, 2, 0.0004, -0.001, 0.0018, 0.1), AtAge(61, 1, 0.0123, 0.01, 0.0146, -0.5))
    advice = recommended(ages, currency="EUR")
    aged = replace(FOUND, staying=ages, advice=advice)
    lines = shown(80, language, aged)
    row = next(line for line in lines if line.strip().startswith("61"))
    assert row.split()[:3] == ["61", "1", text]
    assert ("30 days" if language == "en" else "30 días") in " ".join(lines)
    assert len(row) <= 80
