"""Words people read, in English and Spanish: the one catalogue of messages."""

import re
from collections.abc import Hashable, Mapping
from functools import cache
from numbers import Real
from string import Formatter
from typing import Any, Literal

import pandas as pd

from features.findings import Finding
from serving import spanish
from serving.catalogue import SOME

Language = Literal["en", "es"]

HEADINGS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "customer_id": "customer",
        "risk": "risk",
        "leaves": "leaves",
        "value": "value",
        "value_at_stake": "at stake",
        "expected_loss": "expected loss",
        "expected_purchases": "expected purchases",
        "expected_spend": "expected spend",
        "next_purchase_at": "next purchase by",
        "reason": "why",
        "offer": "offer",
        "cost": "cost",
        "expected_profit": "expected profit",
        "expected_profit_low": "at least",
        "title": "Campaign {campaign}, a draft: whom to contact, as of {cutoff:%Y-%m-%d} (churn: "
        "{churn}, {horizon_days} days); amounts in {currency}",
        "caption": "risk: chance of churn; leaves: chance of being there still and leaving for "
        "good within the horizon, which is what an offer can prevent; value: expected discounted "
        "margin; at stake: what is lost if they leave now; expected profit: what is kept, less the "
        "cost; at least: if the offer does as little as one time in ten",
        "make": "{offer} by {channel}",
        "ask": "ask: {channel}",
        "control": "control: do not contact",
        "people": "{contacts:,} customers to contact, {asked:,} of them to be asked; {control:,} "
        "more are left alone by chance, as control.",
        "chosen": "{leaving:,.1f} of those contacted are expected to leave for good within "
        "{horizon_days} days, and offers to keep {kept:,.1f} of them. The order is that of the "
        "money: who seldom leaves comes first where much is at stake; campaign.min_risk keeps to "
        "those at risk.",
        "money": "{spent:,.2f} {currency} spent is expected to bring {expected_profit:,.2f} beyond "
        "its cost, at least {expected_profit_low:,.2f} if offers do as little as one time in ten; "
        "the next {currency} would bring {next_euro:,.2f}, the next contact {next_contact:,.2f}.",
        "small_control": "With fewer than 2 customers as control nothing can be learned from this "
        "campaign: contact more, or raise campaign.control.",
        "file": "{shown:,} of {listed:,} customers; the list: {path}",
        "go": "Once it went out: querencia campaigns --sent {campaign}",
        "went": "{campaign} was sent on {sent:%Y-%m-%d} and is among the records. What came of it "
        "shows from {closes:%Y-%m-%d} on: querencia campaigns",
        "no_campaigns": "There is no campaign yet. Make one: querencia flag",
        "campaigns": "Campaigns: what was promised, and what came of it, {currency}",
        "campaign": "campaign",
        "sent": "sent",
        "contacted": "contacted",
        "held": "control",
        "promised": "promised",
        "realised": "realised (95 %)",
        "interval": "{value:,.0f} ({low:,.0f} to {high:,.0f})",
        "verdict": "verdict",
        "draft": "draft",
        "closes": "known on {closes:%Y-%m-%d}",
        "unknown": "nobody in the records",
        "paid": "paid",
        "lost": "lost money",
        "not clear": "not clear yet",
        "no control": "can't be told: no control",
        "judged": "realised: the loss that did not come, against control, less the cost.",
        "inactivity": "inactivity",
        "rhythm": "out of rhythm",
        "contract": "contract ended",
        "decline": "spend declined",
        "never": "not within 2 years",
        "nobody": "Nobody to contact: under these limits no offer is expected to bring more than "
        "it costs. querencia config prints them, under [campaign].",
    },
    "es": {
        "customer_id": "cliente",
        "risk": "riesgo",
        "leaves": "se va",
        "value": "valor",
        "value_at_stake": "en juego",
        "expected_loss": "pérdida esperada",
        "expected_purchases": "compras esperadas",
        "expected_spend": "gasto esperado",
        "next_purchase_at": "próxima compra antes de",
        "reason": "por qué",
        "offer": "oferta",
        "cost": "coste",
        "expected_profit": "ganancia esperada",
        "expected_profit_low": "al menos",
        "title": "Campaña {campaign}, borrador: a quién contactar, a {cutoff:%Y-%m-%d} (abandono: "
        "{churn}, {horizon_days} días); importes en {currency}",
        "caption": "riesgo: probabilidad de abandono; se va: probabilidad de que siga ahí y se "
        "vaya del todo dentro del horizonte, que es lo que una oferta puede evitar; valor: margen "
        "esperado y descontado; en juego: lo que se pierde si se va ahora; ganancia esperada: lo "
        "que se conserva, menos el coste; al menos: si la oferta logra tan poco como una de cada "
        "diez veces",
        "make": "{offer} por {channel}",
        "ask": "preguntar: {channel}",
        "control": "control: no contactar",
        "people": "{contacts:,} clientes que contactar, a {asked:,} de ellos solo para preguntar; "
        "a otros {control:,} se los deja en paz por azar, como control.",
        "chosen": "Se espera que {leaving:,.1f} de los contactados se vayan del todo en "
        "{horizon_days} días, y que las ofertas retengan a {kept:,.1f} de ellos. El orden es el "
        "del dinero: quien rara vez se va está delante si hay mucho en juego; campaign.min_risk "
        "se limita a los que corren riesgo.",
        "money": "De gastar {spent:,.2f} {currency} se esperan {expected_profit:,.2f} más de lo "
        "que cuesta, al menos {expected_profit_low:,.2f} si las ofertas logran tan poco como una "
        "de cada diez veces; el siguiente {currency} traería {next_euro:,.2f}, el siguiente "
        "contacto {next_contact:,.2f}.",
        "small_control": "Con menos de 2 clientes de control nada se aprende de esta campaña: "
        "contacte a más, o suba campaign.control.",
        "file": "{shown:,} de {listed:,} clientes; la lista: {path}",
        "go": "Cuando haya salido: querencia campaigns --sent {campaign}",
        "went": "{campaign} salió el {sent:%Y-%m-%d} y está entre los registros. Lo que haya dado "
        "se verá desde el {closes:%Y-%m-%d}: querencia campaigns",
        "no_campaigns": "Aún no hay campañas. Haga una: querencia flag",
        "campaigns": "Campañas: lo prometido, y lo que dieron, {currency}",
        "campaign": "campaña",
        "sent": "enviada",
        "contacted": "contactados",
        "held": "control",
        "promised": "prometido",
        "realised": "logrado (95 %)",
        "interval": "{value:,.0f} ({low:,.0f} a {high:,.0f})",
        "verdict": "veredicto",
        "draft": "borrador",
        "closes": "se sabrá el {closes:%Y-%m-%d}",
        "unknown": "nadie en los registros",
        "paid": "rentable",
        "lost": "perdió dinero",
        "not clear": "aún no está claro",
        "no control": "no se puede saber: sin control",
        "judged": "logrado: la pérdida que no llegó, frente al control, menos el coste.",
        "inactivity": "inactividad",
        "rhythm": "fuera de ritmo",
        "contract": "contrato terminado",
        "decline": "gasto a la baja",
        "never": "no en 2 años",
        "nobody": "Nadie a quien contactar: con estos límites no se espera que ninguna oferta dé "
        "más de lo que cuesta. querencia config los muestra, en [campaign].",
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


def say(name: str, language: Language = "en", **figures: object) -> str:
    """A phrase of `HEADINGS` with its figures."""
    return fill(HEADINGS[language][name], language, **figures)


def actions(rows: pd.DataFrame, language: Language = "en") -> list[str]:
    """What to do about the customer of every row of a campaign's list."""
    return [_action(row, language) for row in rows.to_dict("records")]


def _action(row: Mapping[Hashable, Any], language: Language) -> str:
    if row["arm"] in ("control", "ask"):
        return say(row["arm"], language, channel=row["channel"])
    offer = say("offer", language) if row["offer"] == SOME else row["offer"]
    return say("make", language, offer=offer, channel=row["channel"])


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


_NAMES = ("families", "family", "what", "amount")
"""Figures of findings that are names, and have translations of their own."""


def finding(found: Finding, language: Language = "en") -> str:
    """One thing to know about the records or a model, with its figures.

    What nobody has translated is told in English.
    """
    if language == "en" or found.name not in spanish.FINDINGS:
        return found.text
    figures = {
        name: _listed(value, language if name in _NAMES else "en")
        if isinstance(value, tuple | str)
        else value
        for name, value in found.figures.items()
    }
    return fill(spanish.FINDINGS[found.name], language, **figures)


def _listed(names: tuple[str, ...] | str, language: Language) -> str:
    several = (names,) if isinstance(names, str) else names
    return ", ".join(told(name, language) for name in several)


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
