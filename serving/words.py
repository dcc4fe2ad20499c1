"""Words people read, in English and Spanish: the one catalogue of messages."""

import re
from collections.abc import Hashable, Mapping
from functools import cache
from numbers import Real
from string import Formatter
from typing import Any, Literal

import pandas as pd

from features.findings import Finding
from features.provenance import Provenance
from serving import spanish

Language = Literal["en", "es"]

HEADINGS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "customer_id": "customer",
        "risk": "risk",
        "value": "value",
        "value_at_stake": "at stake",
        "expected_loss": "expected loss",
        "expected_purchases": "expected purchases",
        "expected_spend": "expected spend",
        "next_purchase_at": "next purchase by",
        "reason": "why",
        "title": "At risk as of {cutoff:%Y-%m-%d} (churn: {churn}, {horizon_days} days), the most "
        "to lose first; amounts in {currency}",
        "caption": "value: expected discounted margin; at stake: what is lost if they leave now; "
        "expected loss: risk times value",
        "inactivity": "inactivity",
        "rhythm": "out of rhythm",
        "contract": "contract ended",
        "decline": "spend declined",
        "never": "not within 2 years",
        "nobody": "Nobody is at risk: of the best {top_share:.0%} of customers, none has a risk of "
        "{min_risk:.0%} or more.",
    },
    "es": {
        "customer_id": "cliente",
        "risk": "riesgo",
        "value": "valor",
        "value_at_stake": "en juego",
        "expected_loss": "pérdida esperada",
        "expected_purchases": "compras esperadas",
        "expected_spend": "gasto esperado",
        "next_purchase_at": "próxima compra antes de",
        "reason": "por qué",
        "title": "En riesgo a {cutoff:%Y-%m-%d} (abandono: {churn}, {horizon_days} días), primero "
        "donde más se pierde; importes en {currency}",
        "caption": "valor: margen esperado y descontado; en juego: lo que se pierde si se va "
        "ahora; pérdida esperada: riesgo por valor",
        "inactivity": "inactividad",
        "rhythm": "fuera de ritmo",
        "contract": "contrato terminado",
        "decline": "gasto a la baja",
        "never": "no en 2 años",
        "nobody": "Nadie en riesgo: del mejor {top_share:.0%} de los clientes, ninguno tiene un "
        "riesgo del {min_risk:.0%} o más.",
    },
}

_DAY: Mapping[Language, tuple[str, str]] = {"en": ("day", "days"), "es": ("día", "días")}
_ONCE = "once"
_POINTS: Mapping[Language, tuple[str, str]] = {
    "en": ("(+{} point of risk)", "(+{} points of risk)"),
    "es": ("(+{} punto de riesgo)", "(+{} puntos de riesgo)"),
}

_REASONS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        _ONCE: "bought once, {silence} ago",
        "silence": "silent for {silence}; used to buy every {mean_gap}",
        "fading": "buys less than before: on {purchase_days_180d:.0f} of the last 180 days; once "
        "every {mean_gap} on average",
        "habit": "no firm habit: bought on {purchase_days:.0f} days, every {mean_gap} on average",
        "spend": "spends less than other customers",
        "newness": "length of the relationship: first bought {T} ago",
        "returns": "sends back more than other customers",
        "breadth": "buys from fewer categories or channels than others who bought as often",
        "discounts": "buys at a discount more often than others",
        "promises": "deliveries later or slower than others had",
        "satisfaction": "answers less favourable, or fewer, than those of others",
        "effort": "took more tickets, contacts or waiting than others",
        "loyalty": "recommends and widens less than others",
        "offers": "had offers others did not have, and stayed away",
        "season": "the time of the year",
        "none": "as likely to leave as others who bought as often: silent for {silence}, a "
        "purchase every {mean_gap} until then",
    },
    "es": {
        _ONCE: "compró una vez, hace {silence}",
        "silence": "{silence} sin comprar; compraba cada {mean_gap}",
        "fading": "compra menos que antes: en {purchase_days_180d:.0f} de los últimos 180 días; "
        "una vez cada {mean_gap} de media",
        "habit": "sin costumbre firme: compró en {purchase_days:.0f} días, cada {mean_gap} de "
        "media",
        "spend": "gasta menos que otros clientes",
        "newness": "duración de la relación: compró por primera vez hace {T}",
        "returns": "devuelve más que otros clientes",
        "breadth": "compra en menos categorías o canales que otros que compraron tanto",
        "discounts": "compra con descuento más que otros",
        "promises": "entregas más tardías o lentas que las de otros",
        "satisfaction": "respuestas menos favorables, o menos, que las de otros",
        "effort": "le costó más incidencias, contactos o esperas que a otros",
        "loyalty": "recomienda y amplía menos que otros",
        "offers": "tuvo ofertas que otros no tuvieron, y no volvió",
        "season": "la época del año",
        "none": "tan probable que se vaya como otros que compraron tanto: {silence} sin comprar, "
        "una compra cada {mean_gap} hasta entonces",
    },
}


def title(origin: Provenance, language: Language = "en") -> str:
    """What stands above a list of customers at risk: the definitions it was made under."""
    headings = HEADINGS[language]
    return headings["title"].format(
        cutoff=origin.cutoff,
        churn=headings[origin.churn],
        horizon_days=origin.horizon_days,
        currency=origin.currency,
    )


def reason(row: Mapping[Hashable, Any], language: Language = "en") -> str:
    """Why a customer is at risk, in one line, from a row of scores."""
    driver = row["driver"] if row["frequency"] > 0 else _ONCE
    told = _REASONS[language][driver].format(
        purchase_days=row["frequency"] + 1,
        purchase_days_180d=row["purchase_days_180d"],
        **{name: _days(row[name], language) for name in ("T", "silence", "mean_gap")},
    )
    return told if driver in (_ONCE, "none") else f"{told} {_points(row, language)}"


def _points(row: Mapping[Hashable, Any], language: Language) -> str:
    """What the driver adds to the risk, in points of it."""
    points = max(1, round(100 * row["driver_points"]))
    return _POINTS[language][points != 1].format(points)


def reasons(scores: pd.DataFrame, language: Language = "en") -> list[str]:
    """The reason of every row of scores, in their order."""
    return [reason(row, language) for row in scores.to_dict("records")]


def finding(found: Finding, language: Language = "en") -> str:
    """One thing to know about the records, with its figures."""
    if language == "en":
        return found.text
    figures = {
        name: ", ".join(told(word, language) if name == "families" else word for word in value)
        if isinstance(value, tuple)
        else value
        for name, value in found.figures.items()
    }
    return fill(spanish.FINDINGS[found.name], language, **figures)


def told(text: str, language: Language = "en") -> str:
    """A meaning, a name or a reason of the rooms below; as it is where nobody has translated it."""
    return text if language == "en" else _spanish(text)


@cache
def _spanish(text: str) -> str:
    for pattern, translation in _patterns().items():
        if match := pattern.fullmatch(text):
            return translation.format(*match.groups())
    return text


@cache
def _patterns() -> Mapping[re.Pattern[str], str]:
    """The Spanish by the English it is for, what is told word for word before what is not."""
    every = {
        english: translation
        for catalogue in (
            *(spanish.REFUSALS, spanish.COLUMNS, spanish.FEATURES),
            *(spanish.NAMES, spanish.ACTIONS, spanish.INDICATORS),
        )
        for english, translation in catalogue.items()
    }
    return {
        re.compile(_pattern(english)): every[english]
        for english in sorted(every, key=lambda english: "{}" in english)
    }


def _pattern(english: str) -> str:
    """One word stands for {}, and any number of them at the end of a list."""
    one = re.escape(english).replace(r"\{\}", r"(\S+)")
    return one.removesuffix(r"(\S+)") + "(.+)" if english.endswith(": {}") else one


def fill(template: str, language: Language = "en", **figures: object) -> str:
    """A sentence with its figures, numbers written as the language does."""
    return _FORMATTERS[language].format(template, **figures)


class _Comma(Formatter):
    """Writes numbers as 1.234,5."""

    def format_field(self, value: Any, format_spec: str) -> str:
        written = str(super().format_field(value, format_spec))
        return written.translate(_SWAPPED) if isinstance(value, Real) else written


_SWAPPED = str.maketrans(",.", ".,")
_FORMATTERS: Mapping[Language, Formatter] = {"en": Formatter(), "es": _Comma()}


def amount(value: float, language: Language = "en") -> str:
    """Money as it is written in the language: 1,234.50 or 1.234,50."""
    return fill("{value:,.2f}", language, value=value)


def _days(days: float, language: Language) -> str:
    one, many = _DAY[language]
    number = f"{days:.0f}"
    return f"{number} {one if number == '1' else many}"
