"""The usability report as one self-contained page, for the screen and for paper."""

from datetime import date
from functools import partial

from features.summary import Held
from features.usability import Report
from querencia.phrases import say
from serving import words
from serving.settings import Settings
from serving.templating import environment


def usability(report: Report, settings: Settings) -> str:
    """The report in the language of the settings; nothing in it asks the network for anything."""
    language = settings.language
    templates = environment("querencia")
    templates.globals |= {
        "say": partial(say, language=language),
        "finding": partial(words.finding, language=language),
        "told": partial(words.told, language=language),
        "number": lambda value, form=",": words.fill(f"{{value:{form}}}", language, value=value),
        "bar": partial(_bar, tables=report.summary.tables),
    }
    return templates.get_template("usability.html").render(
        report=report,
        language=language,
        churn=words.HEADINGS[language][report.settings.churn],
    )


def _bar(held: Held, tables: tuple[Held, ...]) -> tuple[float, float] | None:
    """Where a table's days begin and how long they go on, in percent of the days of all."""
    first = min((each.first for each in tables if each.first), default=date.min)
    days = max(((each.last - first).days for each in tables if each.last), default=0)
    if held.first is None or held.last is None or days <= 0:
        return None
    start = (held.first - first).days / days
    return 100 * start, max(100 * ((held.last - first).days / days - start), 0.5)
