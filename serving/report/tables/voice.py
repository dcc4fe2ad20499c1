"""What customers say, and what they do."""

from collections.abc import Iterable, Mapping

from markupsafe import Markup

from features import snapshot
from features.indicators.figures import Figure
from features.indicators.trends import Trend
from features.voice import ThemeVoice
from serving.report.trust import Trust
from serving.report.writer import Table, Writer
from serving.written import UNKNOWN


def themes(w: Writer, found: Iterable[ThemeVoice]) -> Table:
    """How much is made of each theme, and how much it matters."""
    return w.table(
        ("theme", "stated", "theme_churn", "theme_spend", "detractors"),
        (
            (
                ", ".join(each.words),
                w.cell(each.stated, "share", n=False),
                w.gap(each.churn),
                w.cell(each.spend, "currency", signed=True, n=False),
                _detractors(w, each.detractors),
            )
            for each in found
        ),
    )


def _detractors(w: Writer, trend: Trend | None) -> str:
    if trend is None:
        return UNKNOWN
    told = w.say("of_before", now=w.count(trend.now), before=w.count(trend.before))
    return w.beside(told, w.say("changed") if trend.changed else "")


def asked(w: Writer, found: Trust) -> Table:
    """What customers say matters, and what they do."""
    return w.table(
        ("indicator", "said", "done"),
        (
            (meaning(w, name), *(_association(w, row, part) for part in ("stated", "revealed")))
            for name, row in found.asked.items()
        ),
    )


def meaning(w: Writer, feature: str) -> str:
    """What a feature means, in words."""
    meanings = {each.name: each.meaning for family in snapshot.FAMILIES for each in family.features}
    return w.told(meanings.get(feature, feature))


def _association(w: Writer, row: Mapping[str, float], part: str) -> Markup:
    n = int(row[f"{part}_customers"])
    if part not in row:
        return w.beside(w.say("too_few"), f"n {w.count(n)}")
    ends = (row[name] for name in (part, f"{part}_low", f"{part}_high"))
    return w.cell(Figure(n, *ends), "ratio", signed=True)
