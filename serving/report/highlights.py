"""What stands out of the report: the words of promoters, the costliest touchpoint, what is due."""

from collections.abc import Mapping, Sequence
from itertools import islice

from features.journey import Touchpoint
from serving.past import Past
from serving.report.report import Report

QUOTES = 6
"""Promoters' words shown, each on a theme of its own."""


def quotes(report: Report) -> Mapping[str, str]:
    """The latest quote on each of the themes most is made of, by the words that tell it."""
    if report.voice is None:
        return {}
    found = report.voice.quotes
    themes = (each for each in report.voice.themes if each.theme in found)
    return {", ".join(each.words[:3]): found[each.theme][0] for each in islice(themes, QUOTES)}


def costliest(journey: Sequence[Touchpoint]) -> Touchpoint | None:
    """The moment of truth with which most money is lost."""
    moments = [each for each in journey if each.is_moment and each.money < 0]
    return min(moments, key=lambda each: each.money, default=None)


def waiting(campaigns: Sequence[Past]) -> Past | None:
    """The campaign whose outcome is known next."""
    closing = [past for past in campaigns if past.state == "closes"]
    return min(closing, key=lambda past: past.campaign.id, default=None)


def within(report: Report) -> Mapping[str, float]:
    """How the risk told compares with what came, of all and tenth by tenth."""
    if report.trust is None:
        return {}
    rows = list(report.trust.reliability.values())
    size = sum(row["size"] for row in rows)
    return {
        "within": sum(row["low"] <= row["predicted"] <= row["high"] for row in rows),
        "tenths": len(rows),
        "told": sum(row["size"] * row["predicted"] for row in rows) / size,
        "left": sum(row["size"] * row["observed"] for row in rows) / size,
    }
