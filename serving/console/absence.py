"""Absence: why a customer is not on the list of whom to contact."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from serving.console.standing import Standing
from serving.exclusions import exclusions
from serving.profit import presence
from serving.settings import Settings
from serving.verdicts import Why


@dataclass(frozen=True)
class Absence:
    """One thing that keeps a customer off the list.

    Attributes:
        cause: It; and
        figures: what a phrase tells of it.
    """

    cause: Why
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
    return [Absence("budget" if pays else "not_worth_it")]


def _excluded(standing: Standing, settings: Settings, row: int) -> Iterator[Absence]:
    """The limits under which a customer does not come into question."""
    limits = settings.campaign
    one = standing.scores.rows.iloc[[row]]
    place = standing.edition.ranking.place[[row]]
    told: dict[Why, dict[str, object]] = {
        "tired": {"days": limits.fatigue_days, "most": limits.fatigue_contacts},
        "low_value": {"share": limits.top_share},
        "low_risk": {"share": limits.min_risk},
        "gone": {"chance": float(presence(one)[0]), "least": limits.min_presence},
    }
    touched = standing.chooser.touches.of(one["customer_id"])
    for cause, mask in exclusions(one, place, limits, touched).items():
        if mask[0]:
            yield Absence(cause, told.get(cause, {}))
