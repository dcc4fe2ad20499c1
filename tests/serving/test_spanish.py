"""Everything the rooms below say to people is said in Spanish too."""

import ast
import inspect
from types import ModuleType
from typing import get_args

import pytest

from features import gates, judging, snapshot
from features.feature import ACTIONS
from features.indicators.catalogue import INDICATORS
from features.indicators.indicator import Unit
from features.records import CONTRACTS, TRANSACTIONS
from features.stages import STAGES
from querencia import run
from querencia.jobs import records
from serving import realised, spanish, watched, words
from serving.written import PLAIN
from tests.features.histories import THEMES
from tests.phrases import fields
from training import promotion, retrain, staying

FEATURES = [
    feature
    for family in (*snapshot.families(THEMES), snapshot.CONTEXT)
    for feature in family.features
]
REASONS = {
    *(f"{name} is missing" for contract in CONTRACTS.values() for name in contract.required),
    *(f"occurred_at is not {what}" for what in judging._NOT_A.values()),
    *(
        column.rule.reason
        for contract in CONTRACTS.values()
        for column in contract.columns
        if column.rule
    ),
    *(f"transaction_id {judging.REPEATED}", judging.NO_RATE, judging.TOO_WIDE),
}


def is_told(text: str) -> bool:
    return any(pattern.fullmatch(text) for pattern in words._patterns())


@pytest.mark.parametrize(
    "texts",
    [
        {feature.meaning for feature in FEATURES},
        {feature.driver for feature in FEATURES},
        set(ACTIONS.values()),
        {family.name for family in snapshot.families(THEMES)},
        {column.meaning for contract in CONTRACTS.values() for column in contract.columns},
        REASONS,
        {*judging._REMEDIES.values(), judging.remedy(TRANSACTIONS, judging.TOO_WIDE)},
        {each.definition for each in INDICATORS.values()},
        {each.title for each in INDICATORS.values()} - {"NPS", "CSAT", "CES", "ISAT"},
        {*STAGES, *get_args(Unit)} - PLAIN,
    ],
    ids=[
        "meanings",
        "drivers",
        "actions",
        "families",
        "columns",
        "reasons",
        "remedies",
        "definitions",
        "titles",
        "stages and units",
    ],
)
def test_what_is_said_in_english_is_said_in_spanish(texts: set[str]) -> None:
    assert [text for text in texts if not is_told(text)] == []


def test_what_differs_each_time_is_kept() -> None:
    assert words.told("net spend in the last 90 days", "es") == (
        "gasto neto en los últimos 90 días"
    )
    assert words.told("delivered_at is before occurred_at", "es") == (
        "delivered_at es anterior a occurred_at"
    )
    for catalogue in (spanish.REFUSALS, spanish.COLUMNS, spanish.FEATURES):
        for english, translation in catalogue.items():
            assert translation.count("{}") == english.count("{}")


def test_what_nobody_has_translated_is_told_as_it_is() -> None:
    assert words.told("brand new", "es") == "brand new"
    assert words.told("what was bought", "en") == "what was bought"


def test_there_are_words_for_both_languages() -> None:
    assert set(get_args(words.Language)) == {"en", "es"}
    assert all(fields(text) or "{" not in text for text in spanish.FINDINGS.values())


@pytest.mark.parametrize(
    ("name", "english"),
    [
        ("earns_more", promotion._COMPARED),
        ("surprised_more", promotion._SURPRISED),
        ("renewed", promotion._RENEWED),
        ("not_better", promotion._NOT_BETTER),
    ],
)
def test_a_promotion_tells_the_same_figures_in_spanish(name: str, english: str) -> None:
    assert fields(spanish.FINDINGS[name]) == fields(english)


@pytest.mark.parametrize(
    "module",
    [gates, promotion, retrain, run, records, watched, realised, staying],
    ids=lambda each: each.__name__,
)
def test_every_finding_of_unattended_runs_is_told_in_spanish(module: ModuleType) -> None:
    calls = [
        node
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "tell"
    ]
    names = {each.args[1] for each in calls}
    told = {
        name.value if isinstance(name, ast.Constant) else getattr(module, ast.unparse(name))
        for name in names
    }
    assert told
    assert told <= spanish.FINDINGS.keys()
