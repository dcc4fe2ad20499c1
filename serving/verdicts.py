"""Verdicts: what would be done about each customer now, as a campaign over all scores decides.

Customers compete for budget and contacts, so none can be decided on alone. All are decided on at
once, as `querencia flag` does; one who is not among the scores is held against the prices of money
and contacts that came of it: what the last ones taken bring.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.offers import CONTROL
from serving import control
from serving.catalogue import ASK, Offer
from serving.decisions import DECIDED, Decisions, Desk
from serving.exclusions import Cause, exclusions
from serving.limits import CampaignSettings
from serving.profit import Profit
from serving.ranking import places
from serving.touches import Touches
from serving.words import Language

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

Why = Literal[Cause, "not_worth_it", "budget"]
"""Why a customer is left alone, and is no control."""

WORDS: Mapping[Language, Mapping[Why, str]] = {
    "en": {
        "tired": "was contacted by campaigns as often as may be of late",
        "held": "is control of a campaign whose horizon is still open",
        "gone": "has most likely left already, and is not kept by an offer",
        "low_value": "is not among the customers of the highest value",
        "low_risk": "has too little risk",
        "other_segment": "is of another segment",
        "other_driver": "is at risk for something else",
        "not_worth_it": "no offer is expected to bring more than it costs",
        "budget": "others bring more within budget and contacts",
    },
    "es": {
        "tired": "las campañas ya le contactaron cuanto se permite últimamente",
        "held": "es control de una campaña cuyo horizonte sigue abierto",
        "gone": "lo más probable es que ya se haya ido, y una oferta no le retiene",
        "low_value": "no está entre los clientes de mayor valor",
        "low_risk": "tiene poco riesgo",
        "other_segment": "es de otro segmento",
        "other_driver": "está en riesgo por otra cosa",
        "not_worth_it": "de ninguna oferta se espera que traiga más de lo que cuesta",
        "budget": "otros traen más dentro del presupuesto y de los contactos",
    },
}


@dataclass(frozen=True)
class Prices:
    """What the last ones taken bring: what one more has to.

    Attributes:
        euro: For each unit of money spent, in currency.
        contact: For each contact, in currency.
        asked: The expected loss of the last one who is asked; NaN where nobody is.
    """

    euro: float
    contact: float
    asked: float


@dataclass(frozen=True)
class Verdicts:
    """What is decided on every customer of the scores.

    Attributes:
        campaign: The campaign that controls are drawn for.
        prices: What it takes to be chosen.
        decided: The decisions by customer: those to make an offer, to ask, or to hold out.
        left: Why each of the others is left alone, by customer.
        value_from: The least value that comes into question, in currency.
        desk: What they are made by.
    """

    campaign: str
    prices: Prices
    decided: Mapping[str, Mapping[Any, Any]]
    left: Mapping[str, Why]
    value_from: float
    desk: Desk

    @classmethod
    def of(cls, desk: Desk, scores: pd.DataFrame, *, campaign: str) -> Self:
        """Decide on all of them, as the list of this campaign does."""
        decisions = desk.decide(scores, campaign=campaign)
        place = places(scores)
        left = ~scores["customer_id"].isin(decisions.rows["customer_id"]).to_numpy()
        rest = scores[left]
        why = _why(desk, rest, desk.profits(rest), place[left])
        best = scores["value"][place <= desk.limits.top_share]
        return cls(
            campaign,
            _prices(decisions),
            {
                str(row.pop("customer_id")): row
                for row in decisions.rows[["customer_id", *DECIDED]].to_dict("records")
            },
            dict(zip(rest["customer_id"], why, strict=True)),
            float(best.min()) if len(best) else np.inf,
            desk,
        )

    def decide(self, scores: pd.DataFrame, touches: Touches) -> list[Mapping[Any, Any] | Why]:
        """What would be done about customers who are not among the scores.

        Args:
            scores: Theirs.
            touches: Whom the company was in touch with, of these.
        """
        desk = replace(self.desk, touches=touches)
        profits = desk.profits(scores)
        place = np.where(scores["value"] < self.value_from, np.inf, 0.0)
        why = _why(desk, scores, profits, place)
        held = control.is_control(
            scores["customer_id"],
            share=desk.limits.control,
            campaign=self.campaign,
            seed=desk.limits.seed,
        ).tolist()
        return [
            self._one(desk, scores.iloc[[i]], profits, i, why[i], is_held=held[i])
            for i in range(len(scores))
        ]

    def _one(
        self,
        desk: Desk,
        row: pd.DataFrame,
        profits: Mapping[str, Profit],
        place: int,
        why: Why,
        *,
        is_held: bool,
    ) -> Mapping[Any, Any] | Why:
        if why == "budget":
            name, gain = self._best(profits, place)
            if gain > self.prices.contact:
                return _told(desk.offers[name], profits[name], place, name, desk.limits, is_held)
        if why in ("budget", "not_worth_it") and self._is_asked(desk, row):
            return _told(desk.question, desk.asking(row), 0, ASK, desk.limits, is_held)
        return why

    def _best(self, profits: Mapping[str, Profit], place: int) -> tuple[str, float]:
        """The best offer at the price of money, and what it brings beyond that."""
        gains = {
            name: float(each.expected[place] - self.prices.euro * each.cost[place])
            for name, each in profits.items()
            if each.allowed[place]
        }
        return max(gains.items(), key=lambda item: item[1])

    def _is_asked(self, desk: Desk, row: pd.DataFrame) -> bool:
        heard = desk.touches.heard
        return bool(
            heard is not None
            and row["customer_id"].iloc[0] not in heard
            and row["risk"].iloc[0] >= desk.limits.ask_risk
            and row["expected_loss"].iloc[0] >= self.prices.asked
        )


def touched(
    histories: Iterable[Mapping[str, Any]],
    cutoff: datetime,
    limits: CampaignSettings,
    *,
    horizon_days: int,
    tells: bool,
) -> Touches:
    """What posted histories tell of whom the company was in touch with.

    Args:
        histories: Each with `customer_id`, and rows by table.
        cutoff: The instant looked back from.
        limits: How long is of late, and how often is too often.
        horizon_days: Days in which the outcome of a campaign shows.
        tells: Whether it is known where customers are heard.
    """
    tired, held, heard = set(), set(), set()
    for history in histories:
        made = [each for each in history["offers"] if each["arm"] != CONTROL]
        since = cutoff - timedelta(days=limits.fatigue_days)
        if sum(each["decided_at"] >= since for each in made) >= limits.fatigue_contacts:
            tired.add(history["customer_id"])
        open_ = cutoff - timedelta(days=horizon_days)
        if any(e["arm"] == CONTROL and e["decided_at"] > open_ for e in history["offers"]):
            held.add(history["customer_id"])
        if _was_heard(history, cutoff - timedelta(days=limits.silent_days)):
            heard.add(history["customer_id"])
    return Touches(frozenset(tired), frozenset(held), frozenset(heard) if tells else None)


def _was_heard(history: Mapping[str, Any], since: datetime) -> bool:
    times = [each["occurred_at"] for each in history["contacts"]]
    times += [each["answered_at"] for each in history["surveys"] if each["answered_at"]]
    return any(time >= since for time in times)


def _told(
    offer: Offer, profit: Profit, place: int, name: str, limits: CampaignSettings, is_held: bool
) -> dict[str, Any]:
    return {
        "offer": name,
        "arm": CONTROL if is_held else name,
        "propensity": limits.control if is_held else 1 - limits.control,
        "level": offer.level,
        "channel": offer.channel,
        "cost": float(profit.cost[place]),
        "cost_ceiling": float(profit.ceiling[place]),
        "saved": float(profit.saved[place]),
        "expected_profit": float(profit.expected[place]),
        "expected_profit_low": float(profit.low[place]),
    }


def _prices(decisions: Decisions) -> Prices:
    asked = decisions.rows.loc[decisions.rows["offer"] == ASK, "expected_loss"]
    least = float(asked.min()) if len(asked) else np.nan
    return Prices(decisions.choice.next_euro, decisions.choice.next_contact, least)


def _why(desk: Desk, rows: pd.DataFrame, profits: Mapping[str, Profit], place: Floats) -> list[Why]:
    """Why each customer is left alone: the first reason there is."""
    pays = np.any([p.allowed & (p.expected > 0) for p in profits.values()], axis=0)
    reasons: list[tuple[Why, Mask]] = [
        *exclusions(rows, place, desk.limits, desk.touches.of(rows["customer_id"])).items(),
        ("not_worth_it", ~pays),
        ("budget", np.ones(len(rows), dtype=bool)),
    ]
    first = np.argmax([mask for _, mask in reasons], axis=0)
    return [reasons[number][0] for number in first.tolist()]
