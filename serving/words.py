"""Words people read, in English and Spanish: the one catalogue of messages."""

from collections.abc import Hashable, Mapping
from typing import Any, Literal

import pandas as pd

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
        "title": "At risk, most to lose first",
        "never": "not within 2 years",
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
        "title": "En riesgo, primero donde más se pierde",
        "never": "no en 2 años",
    },
}

_ONCE = "once"

_REASONS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        _ONCE: "bought once, {silence:.0f} days ago",
        "silence": "silent for {silence:.0f} days; used to buy every {mean_gap:.0f}",
        "fading": "buys less than before: {purchase_days_180d:.0f} purchase days in the last 180 "
        "days, one every {mean_gap:.0f} days until then",
        "habit": "no firm habit: {frequency:.0f} repeat purchases, one every {mean_gap:.0f} days",
        "spend": "spends less than other customers",
        "newness": "length of the relationship: first bought {T:.0f} days ago",
        "returns": "sends back more than other customers",
        "none": "at risk like others who bought as often: silent for {silence:.0f} days, a "
        "purchase every {mean_gap:.0f} until then",
    },
    "es": {
        _ONCE: "compró una vez, hace {silence:.0f} días",
        "silence": "{silence:.0f} días sin comprar; compraba cada {mean_gap:.0f}",
        "fading": "compra menos que antes: {purchase_days_180d:.0f} días de compra en los últimos "
        "180, uno cada {mean_gap:.0f} hasta entonces",
        "habit": "sin costumbre firme: {frequency:.0f} compras repetidas, una cada "
        "{mean_gap:.0f} días",
        "spend": "gasta menos que otros clientes",
        "newness": "duración de la relación: compró por primera vez hace {T:.0f} días",
        "returns": "devuelve más que otros clientes",
        "none": "en riesgo como otros que compraron tanto: {silence:.0f} días sin comprar, una "
        "compra cada {mean_gap:.0f} hasta entonces",
    },
}


def reason(row: Mapping[Hashable, Any], language: Language = "en") -> str:
    """Why a customer is at risk, in one line, from a row of scores."""
    driver = row["driver"] if row["frequency"] > 0 else _ONCE
    return _REASONS[language][driver].format(**{str(name): value for name, value in row.items()})


def reasons(scores: pd.DataFrame, language: Language = "en") -> list[str]:
    """The reason of every row of scores, in their order."""
    return [reason(row, language) for row in scores.to_dict("records")]
