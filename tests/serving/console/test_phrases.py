"""Every phrase of the console is there in every language, with the same figures."""

from string import Formatter
from typing import get_args

import pytest

from serving.console.desk import PAGES
from serving.console.missing import EVERY, Missing
from serving.console.phrases import PHRASES
from serving.console.story import TABLES, What
from serving.console.wish import ORDERS
from serving.verdicts import WORDS
from serving.words import Language
from training.history import What as Became


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", get_args(Language))
def test_nothing_lacks_in_a_language(language: Language) -> None:
    english, theirs = PHRASES["en"], PHRASES[language]
    assert sorted(english.keys() ^ theirs.keys()) == []
    assert [name for name in english if fields(theirs[name]) != fields(english[name])] == []


def test_everything_that_can_be_told_has_words() -> None:
    wanted = {
        *PAGES,
        *(f"not_{cause}" for cause in WORDS["en"]),
        *(f"did_{what}" for what in get_args(What)),
        *(f"was_{what}" for what in get_args(Became)),
        *(f"table_{table}" for table in TABLES),
        *(f"sort_{order}" for order in ORDERS),
        *(Missing(name, ()).phrase for name in EVERY),
    }
    assert wanted - PHRASES["en"].keys() == set()
