"""The report as one self-contained page, for the screen and for paper."""

from collections.abc import Iterator

from serving import words
from serving.report import highlights, tables
from serving.report.pictures import pictures
from serving.report.report import Report
from serving.report.writer import Writer
from serving.templating import environment

MOVES = 4
"""Moves told to the board."""


def render(report: Report, *, is_masked: bool = False) -> str:
    """The report in the language of its settings; nothing in it asks the network for anything.

    Args:
        report: What to tell.
        is_masked: Keep out customers' ids, and their words.
    """
    settings = report.settings
    writer = Writer(settings, is_masked)
    templates = environment("querencia")
    templates.globals |= {
        "w": writer,
        "say": writer.say,
        "t": tables,
        "words": words,
        "language": settings.language,
    }
    return templates.get_template("report.html").render(
        r=report,
        is_masked=is_masked,
        churn=words.HEADINGS[settings.language][settings.features.churn],
        charts=pictures(report, writer),
        staying=report.staying,
        most=MOVES,
        quotes={} if is_masked else highlights.quotes(report),
        costliest=highlights.costliest(report.journey),
        judged=[past for past in report.campaigns if past.outcome],
        waiting=highlights.waiting(report.campaigns),
        within=highlights.within(report),
        aside=[writer.say(name) for name in _aside(report)],
    )


def _aside(report: Report) -> Iterator[str]:
    """The sections that stepped aside, by their titles."""
    there = {
        "life": report.life,
        "journey": report.journey,
        "topics": report.topics,
        "voice": report.voice,
        "who_risk": report.risk,
        "silent": report.silent,
        "campaign": report.campaign,
        "trust": report.trust,
    }
    return (name for name, section in there.items() if not section)
