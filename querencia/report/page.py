"""The report as one self-contained page, for the screen and for paper."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from markupsafe import Markup

from features.indicators.reading import Reading
from features.journey import Touchpoint
from querencia.page import environment
from querencia.report import charts, tables
from querencia.report.writer import Writer
from serving import words
from serving.campaigns import Campaign
from serving.past import Past
from serving.report.report import Report
from serving.report.trust import Trust

QUOTES = 6
"""Promoters' words shown, each on a theme of its own."""

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
    templates = environment()
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
        charts=_charts(report, writer),
        most=MOVES,
        quotes={} if is_masked else _quotes(report),
        costliest=_costliest(report.journey),
        judged=[past for past in report.campaigns if past.outcome],
        waiting=_waiting(report.campaigns),
        within=_within(report),
        aside=[writer.say(name) for name in _aside(report)],
    )


def _charts(report: Report, w: Writer) -> Mapping[str, object]:
    """The pictures, by what they show."""
    judged = list(_judged(report.campaigns))
    voices = report.voice.themes if report.voice else ()
    return {
        "history": [
            (readings[-1].indicator, _history(w, readings))
            for readings in report.indicators.history.values()
        ],
        "calibration": _calibration(report.trust, w) if report.trust else None,
        "themes": charts.themes(voices, w.say("theme_churn"), w.say("themes_alt")),
        "curve": _curve(report.campaign, w) if report.campaign else None,
        "past": _past(judged, w) if judged else None,
    }


def _history(w: Writer, readings: Sequence[Reading]) -> Markup:
    unit, title = readings[0].indicator.unit, w.told(readings[0].indicator.title)
    values = "; ".join(w.value(reading.figure.value, unit) for reading in readings)
    days = round(readings[0].period.days)
    told = w.say("history_alt", title=title, count=len(readings), days=days, values=values)
    return charts.history(readings, told, w.settings.language)


def _calibration(trust: Trust, w: Writer) -> Markup:
    values = "; ".join(
        f"{w.value(row['predicted'], 'share')}, {w.value(row['observed'], 'share')}"
        for row in trust.reliability.values()
    )
    labels = w.say("risk_told"), w.say("left")
    return charts.calibration(trust.reliability, labels, w.say("calibration_alt", values=values))


def _curve(campaign: Campaign, w: Writer) -> Markup | None:
    summary = campaign.summary
    curve = summary["curve"]
    if len(curve) < 2:
        return None
    told = w.say(
        "curve_alt",
        first=w.money(curve[0]["profit"]),
        first_budget=w.money(curve[0]["budget"]),
        profit=w.money(curve[-1]["profit"]),
        budget=w.money(curve[-1]["budget"]),
        spent=w.money(summary["spent"]),
    )
    labels = w.say("budget"), w.say("profit")
    return charts.profit(curve, summary["spent"], labels, told, w.settings.language)


def _judged(campaigns: Sequence[Past]) -> Iterator[charts.Kept]:
    for past in campaigns:
        if past.outcome and past.outcome.verdict != "no control":
            realised = past.outcome.realised
            yield charts.Kept(
                past.campaign.id, past.outcome.promised, realised.value, realised.low, realised.high
            )


def _past(judged: Sequence[charts.Kept], w: Writer) -> Markup:
    values = "; ".join(
        f"{each.name}: {w.money(each.promised)}, {w.money(each.realised)}" for each in judged
    )
    told = w.say("past_alt", values=values)
    return charts.realised(judged, w.currency, told, w.settings.language)


def _quotes(report: Report) -> Mapping[str, str]:
    """The latest quote on each of the themes most is made of, by the words that tell it."""
    if report.voice is None:
        return {}
    found = report.voice.quotes
    themes = (each for each in report.voice.themes if each.theme in found)
    return {", ".join(each.words[:3]): found[each.theme][0] for each in islice(themes, QUOTES)}


def _costliest(journey: Sequence[Touchpoint]) -> Touchpoint | None:
    """The moment of truth with which most money is lost."""
    moments = [each for each in journey if each.is_moment and each.money < 0]
    return min(moments, key=lambda each: each.money, default=None)


def _waiting(campaigns: Sequence[Past]) -> Past | None:
    """The campaign whose outcome is known next."""
    closing = [past for past in campaigns if past.state == "closes"]
    return min(closing, key=lambda past: past.campaign.id, default=None)


def _within(report: Report) -> Mapping[str, float]:
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
