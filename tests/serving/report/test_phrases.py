"""Every phrase of the report is there in every language, with the same figures."""

from typing import get_args

import pytest

from features.feature import Driver
from serving.report.phrases import PHRASES
from serving.words import Language
from tests.phrases import lacking


@pytest.mark.parametrize("language", get_args(Language))
def test_nothing_lacks_in_a_language(language: Language) -> None:
    assert lacking(PHRASES, language) == []


def test_every_driver_has_words() -> None:
    wanted = {f"{way}_{name}" for way in ("driver", "spares") for name in get_args(Driver)}
    assert wanted - PHRASES["en"].keys() == set()
