"""Figures as people read them: in their unit, as their language writes numbers."""

import math
import re

from features.indicators.figures import Figure
from serving import words
from serving.words import Language

PLAIN = frozenset({"share", "currency", "scale", "count", "ratio"})
"""Units that are not written: a share is in percent, that of money stands in the caption, that of a
scale in the definition."""

WHOLE = 100
"""From here on decimals say nothing."""

UNKNOWN = "\N{EN DASH}"

_NOT_NOTHING = re.compile("[1-9]")


def value(number: float, unit: str, language: Language, *, signed: bool = False) -> str:
    """A value in its unit, without the unit's name; a difference with its sign."""
    if math.isnan(number):
        return UNKNOWN
    sign = "+" if signed else ""
    told = words.fill(f"{{number:{sign},{_form(number, unit)}}}", language, number=number)
    return told if _NOT_NOTHING.search(told) else told.lstrip("+-")


def _form(number: float, unit: str) -> str:
    if unit == "share":
        return ".1%"
    return ".0f" if abs(number) >= WHOLE else ".2f"


def named(number: float, unit: str, language: Language, *, signed: bool = False) -> str:
    """A value with the name of its unit, where that is not plain."""
    told = value(number, unit, language, signed=signed)
    return told if unit in PLAIN or told == UNKNOWN else f"{told} {words.told(unit, language)}"


def interval(figure: Figure, unit: str, language: Language, *, signed: bool = False) -> str:
    """From where to where it lies; nothing where that is not known."""
    ends = (value(end, unit, language, signed=signed) for end in (figure.low, figure.high))
    low, high = ends
    return "" if low == high == UNKNOWN else f"{low} … {high}"


def count(number: float, language: Language) -> str:
    """How many, in whole ones."""
    return words.fill("{number:,.0f}", language, number=number)
