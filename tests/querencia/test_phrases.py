"""Every phrase is there in every language, with the same figures."""

from string import Formatter
from typing import get_args

import pytest

from querencia.phrases import PHRASES, say
from serving.words import Language


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", get_args(Language))
def test_every_language_says_what_english_says(language: Language) -> None:
    english, theirs = PHRASES["en"], PHRASES[language]
    assert theirs.keys() == english.keys()
    assert all(fields(theirs[name]) == fields(english[name]) for name in english)


def test_figures_are_written_as_the_language_does() -> None:
    assert say("kept", "en", kept=1234, rows=5678) == ": 1,234 of 5,678 rows kept"
    assert say("kept", "es", kept=1234, rows=5678) == ": 1.234 de 5.678 filas conservadas"
