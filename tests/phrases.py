"""What catalogues of phrases lack in a language."""

from collections.abc import Mapping
from string import Formatter
from typing import Any

Phrases = Mapping[Any, Mapping[str, str]]


def fields(text: str) -> set[str]:
    """The figures that a phrase is filled with."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def lacking(phrases: Phrases, language: str) -> list[str]:
    """Names that English or the language lacks, or that tell other figures in it."""
    english, theirs = phrases["en"], phrases[language]
    differ = (n for n in english.keys() & theirs if fields(theirs[n]) != fields(english[n]))
    return sorted({*(english.keys() ^ theirs.keys()), *differ})
