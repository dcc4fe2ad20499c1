"""From scores to what is done about each customer: which offer, to ask, or to leave alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.chance import draws
from features.errors import QuerenciaError
from features.offers import CONTROL
from serving import control
from serving.budget import Choice, Point, Problem
from serving.catalogue import ASK, Offer
from serving.exclusions import exclusions, segments
from serving.limits import CampaignSettings
from serving.profit import Profit, expected_profit, saved
from serving.ranking import places
from serving.touches import Touches
from serving.ways import NOBODY
from training.effects import Saved

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Decisions:
    """Whom a campaign is about, and why no more.

    Attributes:
        rows: The scores of those chosen, control included, with the columns `DECIDED`: those to
            contact first, each part with the most expected profit first.
        choice: The prices of money and contacts.
        curve: What other budgets for offers would bring.
    """

    rows: pd.DataFrame
    choice: Choice
    curve: list[Point]


DECIDED = {
    "offer": "what is done for the customer, or would be but for the control",
    "arm": "the offer, or control: this customer is left alone, to learn from",
    "propensity": "chance of this arm when it was drawn",
    "level": "answer, anticipate or wow",
    "channel": "how the customer is told",
    "cost": "what it is expected to cost",
    "cost_ceiling": "the most it could cost without a loss",
    "saved": "risk that it is expected to take away, in points",
    "expected_profit": "what it is expected to bring beyond its cost",
    "expected_profit_low": "the same, if it does as little as it does one time in ten",
}
"""The columns of a decision, and what they mean."""


@dataclass(frozen=True)
class Desk:
    """What decisions are made by.

    Attributes:
        offers: What can be offered, by name.
        question: What it costs to ask.
        limits: Budget, contacts, control.
        touches: Whom the company was in touch with.
    """

    offers: Mapping[str, Offer]
    question: Offer
    limits: CampaignSettings
    touches: Touches = field(default_factory=Touches)

    def decide(self, scores: pd.DataFrame, *, campaign: str) -> Decisions:
        """The offers that bring the most, some customers to ask, and the control among them all.

        The same whatever the order of the rows: a draw by customer tells equal ones apart.

        Args:
            scores: Rows with the columns of `training.scoring.COLUMNS`; and of each offer tried
                before, `saved_NAME` and `saved_NAME_sd`.
            campaign: Its id, which the control is drawn by.

        Raises:
            QuerenciaError: where no customer has the segment or the driver wanted.
        """
        order = np.argsort(draws(scores["customer_id"], key=f"{self.limits.seed}"))
        rows = scores.iloc[order].reset_index(drop=True)
        rows = rows[self._in_question(rows)].reset_index(drop=True)
        silent = self._silent(rows)
        kept = self._kept(int(silent.sum()))
        profits = [*self.profits(rows).values()]
        problem = Problem(
            np.column_stack([np.where(each.allowed, each.expected, -np.inf) for each in profits]),
            np.column_stack([each.cost for each in profits]),
            self.limits.contacts - kept,
        )
        choice = problem.choose(self.limits.budget - kept * self.question.fixed_cost)
        asked = _first(silent & (choice.offer == NOBODY), rows["expected_loss"], kept)
        decided = [
            *(
                _decided(rows, choice.offer == number, name, self.offers[name], profits[number])
                for number, name in enumerate(self.offers)
            ),
            _decided(rows, asked, ASK, self.question, self.asking(rows)),
        ]
        together = pd.concat(decided, ignore_index=True)
        return Decisions(self._drawn(together, campaign), choice, problem.curve())

    def profits(self, rows: pd.DataFrame) -> dict[str, Profit]:
        """What each offer brings with each customer, by name."""
        return {
            name: _profit(offer, saved(rows, name), rows) for name, offer in self.offers.items()
        }

    def asking(self, rows: pd.DataFrame) -> Profit:
        """What it comes to to ask each customer: nobody is saved by it."""
        nothing = Saved(np.zeros(len(rows)), np.zeros(len(rows)))
        return _profit(self.question, nothing, rows)

    def _in_question(self, rows: pd.DataFrame) -> Mask:
        """Who may be contacted under the limits."""
        limits, touches = self.limits, self.touches
        _require(rows["driver"], limits.driver, "driver")
        _require(segments(rows, touches), limits.segment, "segment")
        kept_out = exclusions(rows, places(rows), limits, touches)
        in_question: Mask = ~np.any([*kept_out.values()], axis=0)
        return in_question

    def _silent(self, rows: pd.DataFrame) -> Mask:
        """Who is at risk without a word; nobody where it can't be seen who speaks."""
        if self.touches.heard is None:
            return np.zeros(len(rows), dtype=bool)
        risky = rows["risk"] >= self.limits.ask_risk
        return (risky & ~rows["customer_id"].isin(self.touches.heard)).to_numpy()

    def _kept(self, silent: int) -> int:
        """How many contacts are kept for asking."""
        share, cost = self.limits.ask_share, self.question.fixed_cost
        affordable = share * self.limits.budget / cost if cost else silent
        return int(min(silent, share * self.limits.contacts, affordable))

    def _drawn(self, rows: pd.DataFrame, campaign: str) -> pd.DataFrame:
        """The rows with their arms."""
        share = self.limits.control
        held = control.is_control(
            rows["customer_id"], share=share, campaign=campaign, seed=self.limits.seed
        )
        drawn = rows.assign(
            arm=np.where(held, CONTROL, rows["offer"]),
            propensity=np.where(held, share, 1 - share),
        )
        order = np.lexsort((-drawn["expected_profit"], held))
        return drawn.iloc[order].reset_index(drop=True)


def _require(values: "pd.Series[str]", wanted: str | None, what: str) -> None:
    """Refuse what is wanted and not there."""
    if wanted is not None and not (values == wanted).any():
        there = ", ".join(sorted(values.dropna().unique())) or "none known"
        raise QuerenciaError(f"No customer has the {what} {wanted}. There are: {there}.")


def _first(among: Mask, by: "pd.Series[float]", most: int) -> Mask:
    """So many of some customers, those with the most of it."""
    order = np.flatnonzero(among)
    order = order[np.argsort(-by.to_numpy()[order], kind="stable")[:most]]
    return np.isin(np.arange(len(among)), order)


def _profit(offer: Offer, saved: Saved, rows: pd.DataFrame) -> Profit:
    risk, at_stake = rows["risk"].to_numpy(float), rows["value_at_stake"].to_numpy(float)
    return expected_profit(offer, saved, risk, at_stake)


def _decided(
    rows: pd.DataFrame, chosen: Mask, name: str, offer: Offer, profit: Profit
) -> pd.DataFrame:
    """The chosen customers with what is done for them, but for the draw of the control."""
    return rows[chosen].assign(
        offer=name,
        level=offer.level,
        channel=offer.channel,
        cost=profit.cost[chosen],
        cost_ceiling=profit.ceiling[chosen],
        saved=profit.saved[chosen],
        expected_profit=profit.expected[chosen],
        expected_profit_low=profit.low[chosen],
    )
