"""The writer: phrases and figures in one language, with ids masked where that is asked for."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from features.findings import Finding
from features.indicators.figures import Figure
from features.indicators.period import Period
from serving import words, written
from serving.report import phrases
from serving.settings import Settings

_NO_BREAK = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Table:
    """Rows of cells under headings.

    Attributes:
        headings: Each with its kind: "" for words, "n" for figures.
        rows: The first cell of each names the row.
    """

    headings: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Writer:
    """How everything is written.

    Attributes:
        settings: The language, currency and time zone.
        is_masked: Whether customers' ids and words are kept out.
    """

    settings: Settings
    is_masked: bool = False

    @property
    def currency(self) -> str:
        """The one all amounts are in."""
        return self.settings.features.currency

    def say(self, name: str, /, **figures: object) -> str:
        """A phrase."""
        return phrases.say(name, self.settings.language, **{"currency": self.currency, **figures})

    def told(self, text: str) -> str:
        """A name of the rooms below."""
        return words.told(text, self.settings.language)

    def finding(self, found: Finding) -> str:
        """One thing to know."""
        return words.finding(found, self.settings.language)

    def count(self, number: float) -> str:
        """How many."""
        return written.count(number, self.settings.language)

    def value(self, number: float, unit: str, *, signed: bool = False) -> str:
        """A value with its unit; a share in percent, money with its currency."""
        if unit == "currency":
            return self.money(number, signed=signed)
        return written.named(number, unit, self.settings.language, signed=signed)

    def money(self, number: float, *, signed: bool = False) -> str:
        """Currency."""
        told = written.value(number, "currency", self.settings.language, signed=signed)
        return told if told == written.UNKNOWN else f"{told}{_NO_BREAK}{self.currency}"

    def interval(self, figure: Figure, unit: str, *, signed: bool = False) -> str:
        """From where to where a figure lies."""
        return written.interval(figure, unit, self.settings.language, signed=signed)

    def number(self, number: float, form: str) -> str:
        """A number in a form of its own, such as "{number:+.4f}"."""
        return words.fill(form, self.settings.language, number=number)

    def points(self, share: float) -> str:
        """A difference of shares, in points of a hundred."""
        return words.fill("{points:+.1f}", self.settings.language, points=100 * share)

    def cell(self, figure: Figure, unit: str, *, signed: bool = False, n: bool = True) -> Markup:
        """A figure with its interval and n."""
        if math.isnan(figure.value):
            return self.beside(written.UNKNOWN, self._n(figure) if n and figure.n else "")
        ends = self.interval(figure, unit, signed=signed)
        return self.beside(
            self.value(figure.value, unit, signed=signed), ends, self._n(figure) if n else ""
        )

    def gap(self, figure: Figure) -> Markup:
        """A difference of shares with its interval, in points of a hundred."""
        if math.isnan(figure.value):
            return self.beside(written.UNKNOWN)
        ends = " … ".join(self.points(end) for end in (figure.low, figure.high))
        return self.beside(self.points(figure.value), ends, self._n(figure))

    def _n(self, figure: Figure) -> str:
        return f"n {self.count(figure.n)}"

    def beside(self, main: str, *rest: str) -> Markup:
        """Something with what stands beside it in small letters."""
        small = " · ".join(text for text in rest if text)
        told = Markup("{}").format(main)
        return told + Markup(" <small>{}</small>").format(small) if small else told

    def day(self, instant: datetime) -> datetime:
        """An instant in the company's time zone."""
        return instant.astimezone(ZoneInfo(self.settings.features.time_zone))

    def span(self, period: Period) -> dict[str, object]:
        """First and last day of a period, and how many they are."""
        last = self.day(period.end) - timedelta(microseconds=1)
        return {"start": self.day(period.start), "last": last, "days": round(period.days)}

    def id(self, customer: object, row: int) -> Markup:
        """A customer's id, or where they stand in the list."""
        told = f"#{row}" if self.is_masked else str(customer)
        return Markup('<span class="id">{}</span>').format(told)

    def table(
        self, headings: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1
    ) -> Table:
        """A table under phrases.

        Args:
            headings: Names of phrases; headings themselves as `Markup`.
            rows: Cells; what is not `Markup` is escaped.
            words: How many columns, from the left, hold words.
        """
        kinds = ["" if place < words else "n" for place in range(len(headings))]
        return Table(
            tuple(zip(self._headings(headings), kinds, strict=True)),
            tuple(tuple(escape(cell) for cell in row) for row in rows),
        )

    def _headings(self, names: Iterable[str]) -> Iterator[str]:
        for name in names:
            yield name if isinstance(name, Markup) else self.say(name)
