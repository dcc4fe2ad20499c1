"""Absence: why a customer is not on the list of whom to contact."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from serving.console.standing import Standing
from serving.profit import presence
from serving.settings import Settings

Cause = Literal[
    "held", "tired", "low_value", "low_risk", "gone", "driver", "segment", "no_profit", "no_money"
]


@dataclass(frozen=True)
class Absence:
    """One thing that keeps a customer off the list.

    Attributes:
        cause: It; and
        figures: what a phrase tells of it.
    """

    cause: Cause
    figures: dict[str, object] = field(default_factory=dict)


def absences(standing: Standing, settings: Settings, row: int) -> list[Absence]:
    """Everything that keeps a customer off the list; nothing of one who is on it.

    Args:
        standing: All customers.
        settings: The limits and the offers.
        row: The customer's, of the scores.
    """
    customer = standing.scores.rows["customer_id"].iat[row]
    if customer in standing.decided(settings).places:
        return []
    kept_off = list(_excluded(standing, settings, row))
    if kept_off:
        return kept_off
    pays = customer in standing.decided(settings, unlimited=True).places
    return [Absence("no_money" if pays else "no_profit")]


def _excluded(standing: Standing, settings: Settings, row: int) -> Iterator[Absence]:
    """The limits under which a customer does not come into question."""
    limits, touches = settings.campaign, standing.touches()
    scores = standing.scores.rows.iloc[[row]]
    one = scores.iloc[0]
    there = float(presence(scores)[0])
    if one["customer_id"] in touches.held:
        yield Absence("held")
    if one["customer_id"] in touches.tired:
        yield Absence("tired", {"days": limits.fatigue_days, "most": limits.fatigue_contacts})
    if standing.edition.ranking.place[row] > limits.top_share:
        yield Absence("low_value", {"share": limits.top_share})
    if one["risk"] < limits.min_risk:
        yield Absence("low_risk", {"share": limits.min_risk})
    if there < limits.min_presence:
        yield Absence("gone", {"chance": there, "least": limits.min_presence})
    if limits.driver not in (None, one["driver"]):
        yield Absence("driver")
    if limits.segment not in (None, standing.segment(one["customer_id"])):
        yield Absence("segment")
