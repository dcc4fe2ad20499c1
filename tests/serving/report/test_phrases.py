"""Every phrase of the report is there in every language, with the same figures."""

from string import Formatter
from typing import get_args

import pytest

from features.feature import Driver
from serving.report.phrases import PHRASES
from serving.words import Language


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", get_args(Language))
def test_nothing_lacks_in_a_language(language: Language) -> None:
    english, theirs = PHRASES["en"], PHRASES[language]
    assert sorted(english.keys() ^ theirs.keys()) == []
    assert [name for name in english if fields(theirs[name]) != fields(english[name])] == []


def test_every_driver_has_words() -> None:
    wanted = {f"{way}_{name}" for way in ("driver", "spares") for name in get_args(Driver)}
    assert wanted - PHRASES["en"].keys() == set()
