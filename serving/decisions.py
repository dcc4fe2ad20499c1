"""From scores to what is done about each customer: which offer, to ask, or to leave alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.offers import CONTROL
from serving import control
from serving.budget import Choice, Point, Problem
from serving.catalogue import ASK, Offer
from serving.crowd import Crowd
from serving.exclusions import exclusions, only
from serving.limits import CampaignSettings
from serving.profit import Profit, expected_profit, saved
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
        crowd = Crowd.of(scores, self.touches, seed=self.limits.seed)
        return self.choose(crowd, campaign=campaign)

    def choose(self, crowd: Crowd, *, campaign: str) -> Decisions:
        """The same of customers who were made ready, as they are for other limits too."""
        among = self._in_question(crowd)
        rows, silent = crowd.rows[among], self._silent(crowd)[among]
        kept = self._kept(int(silent.sum()))
        profits = [*self.profits(rows).values()]
        choice, curve = self._choice(profits, kept)
        asked = _first(silent & (choice.offer == NOBODY), rows["expected_loss"], kept)
        numbers = crowd.numbers[among]
        decided = [
            *(
                _decided(crowd, numbers, choice.offer == number, name, offer, profits[number])
                for number, (name, offer) in enumerate(self.offers.items())
            ),
            _decided(crowd, numbers, asked, ASK, self.question, self.asking(rows)),
        ]
        together = pd.concat(decided, ignore_index=True)
        return Decisions(self._drawn(together, campaign), choice, curve)

    def _choice(self, profits: Sequence[Profit], kept: int) -> tuple[Choice, list[Point]]:
        """Who is made which offer, and what other budgets would bring, beside those who are asked.

        Most customers no offer is worth making to: they are left out before the budget is divided.
        """
        profit = np.column_stack([np.where(p.allowed, p.expected, -np.inf) for p in profits])
        cost = np.column_stack([each.cost for each in profits])
        worth = np.flatnonzero((profit > 0).any(axis=1))
        problem = Problem(profit[worth], cost[worth], self.limits.contacts - kept)
        found = problem.choose(self.limits.budget - kept * self.question.fixed_cost)
        offer = np.full(len(profit), NOBODY)
        offer[worth] = found.offer
        return replace(found, offer=offer), problem.curve()

    def profits(self, rows: pd.DataFrame) -> dict[str, Profit]:
        """What each offer brings with each customer, by name."""
        return {
            name: _profit(offer, saved(rows, name), rows) for name, offer in self.offers.items()
        }

    def asking(self, rows: pd.DataFrame) -> Profit:
        """What it comes to to ask each customer: nobody is saved by it."""
        nothing = Saved(np.zeros(len(rows)), np.zeros(len(rows)))
        return _profit(self.question, nothing, rows)

    def _in_question(self, crowd: Crowd) -> Mask:
        """Who may be contacted under the limits."""
        limits, rows, touched = self.limits, crowd.rows, crowd.touched
        only(rows, touched, segment=limits.segment, driver=limits.driver)
        kept_out = exclusions(rows, crowd.place, limits, touched)
        in_question: Mask = ~np.any([*kept_out.values()], axis=0)
        return in_question

    def _silent(self, crowd: Crowd) -> Mask:
        """Who is at risk without a word; nobody where it can't be seen who speaks."""
        if crowd.touched.heard is None:
            return np.zeros(len(crowd.rows), dtype=bool)
        return ~crowd.touched.heard & (crowd.rows["risk"].to_numpy() >= self.limits.ask_risk)

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


def _first(among: Mask, by: "pd.Series[float]", most: int) -> Mask:
    """So many of some customers, those with the most of it."""
    order = np.flatnonzero(among)
    order = order[np.argsort(-by.to_numpy()[order], kind="stable")[:most]]
    return np.isin(np.arange(len(among)), order)


def _profit(offer: Offer, saved: Saved, rows: pd.DataFrame) -> Profit:
    risk, at_stake = rows["risk"].to_numpy(float), rows["value_at_stake"].to_numpy(float)
    return expected_profit(offer, saved, risk, at_stake)


def _decided(
    crowd: Crowd, numbers: NDArray[np.intp], chosen: Mask, name: str, offer: Offer, profit: Profit
) -> pd.DataFrame:
    """The chosen customers with what is done for them, but for the draw of the control."""
    return crowd.scores.iloc[numbers[chosen]].assign(
        offer=name,
        level=offer.level,
        channel=offer.channel,
        cost=profit.cost[chosen],
        cost_ceiling=profit.ceiling[chosen],
        saved=profit.saved[chosen],
        expected_profit=profit.expected[chosen],
        expected_profit_low=profit.low[chosen],
    )
