"""The pictures of the report, each with what it shows in words."""

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from features.indicators.reading import Reading
from serving.campaigns import Campaign
from serving.past import Past
from serving.report import charts
from serving.report.report import Report
from serving.report.staying import Staying
from serving.report.trust import Trust
from serving.report.writer import Writer


def pictures(report: Report, w: Writer) -> Mapping[str, object]:
    """The pictures, by what they show."""
    judged = list(_judged(report.campaigns))
    voices = report.voice.themes if report.voice else ()
    return {
        "history": [
            (readings[-1].indicator, _history(w, readings))
            for readings in report.indicators.history.values()
        ],
        "calibration": calibration(report.trust, w) if report.trust else None,
        "themes": charts.themes(voices, w.say("theme_churn"), w.say("themes_alt")),
        "curve": _curve(report.campaign, w) if report.campaign else None,
        "past": _past(judged, w) if judged else None,
        "staying": _staying(report.staying, w) if report.staying else None,
    }


def _history(w: Writer, readings: Sequence[Reading]) -> Markup:
    unit, title = readings[0].indicator.unit, w.told(readings[0].indicator.title)
    values = "; ".join(w.value(reading.figure.value, unit) for reading in readings)
    days = round(readings[0].period.days)
    told = w.say("history_alt", title=title, count=len(readings), days=days, values=values)
    return charts.history(readings, told, w.settings.language)


def calibration(trust: Trust, w: Writer) -> Markup:
    """Risk told against the share that left."""
    values = "; ".join(
        f"{w.value(row['predicted'], 'share')}, {w.value(row['observed'], 'share')}"
        for row in trust.reliability.values()
    )
    labels = w.say("risk_told"), w.say("left")
    return charts.calibration(trust.reliability, labels, w.say("calibration_alt", values=values))


def _staying(found: Staying, w: Writer) -> Markup:
    values = "; ".join(
        f"{each.age_days}: {w.number(each.loss, '{number:+.4f}')}" for each in found.ages
    )
    labels = w.say("age_days"), w.say("loss_more")
    return charts.ages(found.ages, labels, w.say("staying_alt", values=values))


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
