"""What people read, in every language: complete, and sound for every customer."""

import ast
import math
from collections.abc import Hashable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

import features
import querencia
import serving
import training
from features.feature import Driver
from features.findings import Finding
from features.provenance import ChurnDefinition
from features.snapshot import Snapshot
from serving import spanish, words
from serving.batch import ScoreFile
from serving.settings import Settings
from serving.words import Language
from tests.phrases import lacking
from training import added, blending, evidence, traps
from training.blending import Blending, Choice, Verdict
from training.bootstrap import Interval
from training.grade import Grade, Letter
from training.model import Model
from training.rehearsal import Rehearsal
from training.scoring import COLUMNS, NO_DRIVER

LANGUAGES: tuple[Language, ...] = get_args(Language)
DRIVERS = (*get_args(Driver), NO_DRIVER)


def row(driver: str = "silence", *, frequency: float = 4, **told: float) -> dict[Hashable, Any]:
    """A row of scores of someone who bought so often."""
    history = {"T": 400.0, "silence": 80.0, "purchase_days_180d": 3.0, "driver_points": 0.124}
    gap = 80.0 if frequency else math.nan
    return history | {"driver": driver, "frequency": frequency, "mean_gap": gap} | told


def test_there_is_english_and_spanish() -> None:
    assert set(LANGUAGES) == {"en", "es"}
    assert set(words.HEADINGS) == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_headings_of_english(language: Language) -> None:
    assert lacking(words.HEADINGS, language) == []
    shown = {column.name for column in COLUMNS} & {
        *("customer_id", "risk", "leaves", "value", "value_at_stake", "next_purchase_at"),
    }
    assert shown | set(get_args(ChurnDefinition)) <= words.HEADINGS[language].keys()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("driver", DRIVERS)
def test_every_driver_has_a_sentence_of_its_own(driver: str, language: Language) -> None:
    told = {each: words.reason(row(each), language) for each in DRIVERS}
    assert len(set(told.values())) == len(DRIVERS)
    assert "nan" not in told[driver]
    assert "{" not in told[driver]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("driver", DRIVERS)
def test_who_bought_once_has_no_rhythm_to_speak_of(driver: str, language: Language) -> None:
    told = words.reason(row(driver, frequency=0, silence=33), language)
    assert (
        told == {"en": "bought once, 33 days ago", "es": "compró una vez, hace 33 días"}[language]
    )


@pytest.mark.parametrize(
    ("driver", "english", "spanish"),
    [
        (
            "silence",
            "silent for 80 days; used to buy every 100 days",
            "80 días sin comprar; compraba cada 100 días",
        ),
        (
            "fading",
            "buys less than before: on 3 of the last 180 days; once every 100 days on average",
            "compra menos que antes: en 3 de los últimos 180 días; una vez cada 100 días de media",
        ),
        (
            "habit",
            "no firm habit: bought on 5 days, every 100 days on average",
            "sin costumbre firme: compró en 5 días, cada 100 días de media",
        ),
        (
            "newness",
            "length of the relationship: first bought 400 days ago",
            "duración de la relación: compró por primera vez hace 400 días",
        ),
    ],
)
def test_sentences_tell_the_customers_own_figures(driver: str, english: str, spanish: str) -> None:
    history = row(driver, mean_gap=100.4)
    assert words.reason(history) == f"{english} (+12 points of risk)"
    assert words.reason(history, "es") == f"{spanish} (+12 puntos de riesgo)"


def test_one_point_is_not_points_and_no_driver_has_none() -> None:
    for points in (0.0051, 0.012):
        assert words.reason(row(driver_points=points)).endswith("(+1 point of risk)")
        assert words.reason(row(driver_points=points), "es").endswith("(+1 punto de riesgo)")
    assert "point" not in words.reason(row("none", driver_points=0.0))
    assert "point" not in words.reason(row(frequency=0))


def test_one_day_is_not_days() -> None:
    assert words.reason(row(frequency=0, silence=1)) == "bought once, 1 day ago"
    assert words.reason(row(frequency=0, silence=0)) == "bought once, 0 days ago"
    assert words.reason(row(mean_gap=1.2)).startswith(
        "silent for 80 days; used to buy every 1 day ("
    )
    assert words.reason(row(frequency=0, silence=1), "es") == "compró una vez, hace 1 día"


def test_reasons_keep_the_order_of_the_rows() -> None:
    rows = pd.DataFrame([row("spend"), row("returns"), row("spend", frequency=0)])
    assert words.reasons(rows) == [
        "spends less than other customers (+12 points of risk)",
        "sends back more than other customers (+12 points of risk)",
        "bought once, 80 days ago",
    ]
    assert words.reasons(rows.head(0)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_customer_of_a_real_shop_has_a_reason(language: Language, trained: Settings) -> None:
    rows = ScoreFile(trained.data).read().rows
    assert (rows["mean_gap"].isna() == (rows["frequency"] == 0)).all()
    told = words.reasons(rows, language)
    assert len(told) == len(rows)
    assert not [text for text in told if "nan" in text or "{" in text]


@pytest.mark.parametrize(
    ("value", "english", "spanish"),
    [
        (0, "0.00", "0,00"),
        (1234.5, "1,234.50", "1.234,50"),
        (-9_876_543.215, "-9,876,543.21", "-9.876.543,21"),
    ],
)
def test_amounts_are_written_as_the_language_does(value: float, english: str, spanish: str) -> None:
    assert words.amount(value) == english
    assert words.amount(value, "es") == spanish


def calls(function: str) -> dict[Path, list[ast.Call]]:
    """Every call of a function by that name, by the file it is in."""
    sources = [
        path
        for room in (features, training, serving, querencia)
        for path in Path(room.__path__[0]).rglob("*.py")
    ]
    found = {
        path: [
            node
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == function
            and len(node.args) > 1
        ]
        for path in sources
    }
    return {path: each for path, each in found.items() if each}


def test_every_finding_is_told_in_spanish() -> None:
    told = [call for each in calls("tell").values() for call in each]
    names = {
        constant.value
        for call in told
        for constant in ast.walk(call.args[1])
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
    }
    assert sorted(names - set(spanish.FINDINGS)) == []
    assert sorted(set(spanish.FINDINGS) - names) == []


def test_no_finding_is_without_a_name_to_translate_it_by() -> None:
    assert [path.name for path in calls("Finding")] == ["findings.py"]


@pytest.mark.parametrize("letter", ["A", "C"])
def test_a_grade_is_told_in_spanish(letter: Letter) -> None:
    gain = Interval(0.0112, 0.0234)
    graded = Grade(letter, "baseline_rfm", gain, gain, gain).finding
    assert words.finding(graded, "es").startswith(f"Nota {letter}: ")
    assert "de +0,011 a +0,023 de AUC frente a la mejor fórmula (baseline_rfm)" in words.finding(
        graded, "es"
    )


@pytest.mark.parametrize("clear", [True, False])
def test_what_was_tried_is_told_in_spanish(past: Snapshot, clear: bool) -> None:
    choice = Choice(blending.DRIFT, 0.0012 if clear else -0.0012, Interval(-0.1, 0.2))
    cutoff, one = past.provenance.cutoff, np.ones(1)
    rehearsal = Rehearsal(cutoff, {"trees": one}, {}, one)
    verdict = Verdict(Blending.equal(("trees",)), (choice,), (choice,) if clear else ())
    first, last = (words.finding(each, "es") for each in evidence.blended([rehearsal], verdict))
    assert first.startswith("desplazamiento de la tasa de abandono: aprendido en un ensayo ")
    assert first.endswith("; se hace." if clear else "; no se hace.")
    assert last == "A 1998-01-01 se esperaba que se fuera el 100,0%, y se fue el 100,0%."


def test_what_a_family_adds_is_told_in_spanish() -> None:
    row = {"auc_score": 0.0123, "auc_score_low": 0.01, "auc_score_high": 0.02}
    doubtful = {**row, "auc_score_low": -0.01}
    table = {"purchases": row, "effort": row, "offers": doubtful}
    told = [words.finding(each, "es") for each in added.told(table, {"csat_last": 0.95})]
    assert told[0].startswith("compras: añade +0,0123 de AUC (de +0,0100 a +0,0200) a recencia")
    assert told[1] == "esfuerzo: añade +0,0123 de AUC (de +0,0100 a +0,0200) a las compras."
    assert told[2].startswith("ofertas: no añade nada fuera de duda")
    assert told[3].startswith("csat_last está en su techo: el 95%")


def test_every_trap_is_told_in_spanish(past: Snapshot, later: Snapshot, model: Model) -> None:
    rare = np.zeros(len(past))
    rare[:40] = 1
    late = np.where(past.churned == 1, 0.0, 1.0)
    moved = past.assign(churned=rare)
    found = [
        *traps.base_rate(moved, later, model.value.purchases),
        *traps.drift(past),
        *traps.begins_to_vary(past.assign(spend=0.0), later.rows),
        *traps.wrong_signs(past.assign(silence=late)),
    ]
    assert {each.name for each in found} >= {
        *("few_leave", "better_horizon", "drift", "novelty", "wrong_sign_less"),
    }
    for each in found:
        assert words.finding(each, "es") not in (each.text, "")


def test_what_nobody_has_translated_is_told_in_english() -> None:
    assert words.finding(Finding("advice", "brand new"), "es") == "brand new"


def test_names_among_figures_are_translated() -> None:
    found = Finding(
        "advice", "aside: promises, offers", "stepping_aside", {"families": ("promises", "offers")}
    )
    assert words.finding(found) == "aside: promises, offers"
    assert words.finding(found, "es").endswith("se apartan: promesas, ofertas.")


def test_numbers_in_sentences_are_written_as_the_language_does() -> None:
    figures = {"table": "a.b", "share": 0.1234}
    found = Finding("warning", "in English", "many_refused", figures)
    assert words.finding(found, "es").startswith("a.b: se rechazó el 12,3% de las filas")
    assert words.fill("{x:,.1f} {y}", "es", x=1234.5, y="1.5") == "1.234,5 1.5"
    assert words.fill("{x:,.1f} {y}", "en", x=1234.5, y="1.5") == "1,234.5 1.5"
