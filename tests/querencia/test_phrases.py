"""Every phrase is there in every language, with the same figures."""

from typing import get_args

import pytest

from querencia.phrases import PHRASES, say
from serving.words import Language
from tests.phrases import lacking


@pytest.mark.parametrize("language", get_args(Language))
def test_every_language_says_what_english_says(language: Language) -> None:
    assert lacking(PHRASES, language) == []


def test_figures_are_written_as_the_language_does() -> None:
    assert say("kept", "en", kept=1234, rows=5678) == ": 1,234 of 5,678 rows kept"
    assert say("kept", "es", kept=1234, rows=5678) == ": 1.234 de 5.678 filas conservadas"
