"""The budget: which offer for which customer, within money and contacts.

At most one offer a customer: a multiple-choice knapsack with two limits. One multiplier prices
money, found by bisection; given it, the price of a contact is the gain of the first customer left
out. What the relaxed problem leaves undecided, a few customers, is settled exactly.

References:
    Sinha & Zoltners 1979, The multiple-choice knapsack problem, Operations Research 27(3);
    Pisinger 1995, A minimal algorithm for the multiple-choice knapsack problem, EJOR 83(2), for
    the core.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.ways import NOBODY, Ways

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

CORE = 24
"""So many customers, those hardest to decide, are settled together."""

_STEPS = 60


@dataclass(frozen=True)
class Choice:
    """Who is made which offer.

    Attributes:
        offer: Number of the offer, or `NOBODY`: shape (n,).
        next_euro: What one more unit of money would bring beyond itself; 0 where it is not short.
        next_contact: What one more contact would bring; 0 where they are not short.
    """

    offer: Ints
    next_euro: float
    next_contact: float


@dataclass(frozen=True)
class Point:
    """One point of the profit curve: with this budget, what is the best there is, in currency."""

    budget: float
    profit: float
    contacts: int
    next_euro: float


@dataclass(frozen=True)
class Problem:
    """What each offer brings and costs with each customer, and how many can be contacted.

    Where two customers are equal, the first in the rows is taken.

    Attributes:
        profit: Beyond the cost, currency; -inf where an offer may not be made: shape (n, offers).
        cost: At least 0, currency: shape (n, offers).
        contacts: At most so many customers.
    """

    profit: Floats
    cost: Floats
    contacts: float = math.inf

    def choose(self, budget: float = math.inf) -> Choice:
        """The offers that bring the most within the budget.

        Within a customer's profit or two of the best there is; the best where there are so few
        customers that `ways.MOST` holds every way that is not worse than another.
        """
        dear, cheap = self._prices(budget)
        offer = self._nearer(self._at(cheap), self._at(dear), budget)
        contact = self._contact_price(dear)
        offer = self._settled(offer, budget, dear, contact)
        return Choice(offer, dear, contact)

    def curve(self, points: int = 20) -> list[Point]:
        """Profit by budget, from a little money to all that can be spent with profit.

        The first money brings the most: points lie the closer, the fewer customers it is for.
        """
        worth = self._worth()
        prices = np.quantile(worth, 1 - np.geomspace(1 / len(worth), 1, points)).tolist()
        return [self._point(price) for price in sorted({*prices, 0.0}, reverse=True)]

    def spent(self, offer: Ints) -> float:
        """What a choice costs."""
        return float(_taken(self.cost, offer).sum())

    def earned(self, offer: Ints) -> float:
        """What a choice brings."""
        return float(_taken(self.profit, offer).sum())

    def _point(self, price: float) -> Point:
        offer = self._at(price)
        count = int((offer != NOBODY).sum())
        return Point(self.spent(offer), self.earned(offer), count, price)

    def _worth(self) -> Floats:
        """Profit per money of each customer's best offer, where there is any."""
        with np.errstate(divide="ignore", invalid="ignore"):
            worth = np.where(self.cost > 0, self.profit / self.cost, 0).max(axis=1)
        return worth[worth > 0] if (worth > 0).any() else np.zeros(1)

    def _prices(self, budget: float) -> tuple[float, float]:
        """Two prices of money close together: at one the budget lasts, at the other it doesn't."""
        if self.spent(self._at(0.0)) <= budget:
            return 0.0, 0.0
        cheap, dear = 0.0, 2 * float(self._worth().max())
        for _ in range(_STEPS):
            price = (cheap + dear) / 2
            if self.spent(self._at(price)) <= budget:
                dear = price
            else:
                cheap = price
        return dear, cheap

    def _gains(self, price: float) -> tuple[Ints, Floats]:
        """Each customer's best offer at a price of money, and what it brings beyond it."""
        reduced = self.profit - price * self.cost
        offer = reduced.argmax(axis=1)
        return offer, np.take_along_axis(reduced, offer[:, None], 1)[:, 0]

    def _contact_price(self, price: float) -> float:
        return self._least(self._gains(price)[1])

    def _least(self, gain: Floats) -> float:
        """What the first customer for whom no contact is left would bring."""
        if np.count_nonzero(gain > 0) <= self.contacts:
            return 0.0
        place = len(gain) - 1 - int(self.contacts)
        return float(np.partition(gain, place)[place])

    def _at(self, price: float) -> Ints:
        """The best offers at a price of money, within the contacts."""
        offer, gain = self._gains(price)
        least = self._least(gain)
        taken = gain > least
        if least > 0:  # the first of those who bring no more than the one left out
            equal = np.flatnonzero(gain == least)
            taken[equal[: int(self.contacts) - np.count_nonzero(taken)]] = True
        return np.where(taken, offer, NOBODY)

    def _nearer(self, over: Ints, within: Ints, budget: float) -> Ints:
        """As far from the choice within the budget to the one over it as the limits allow.

        Customers differ where they are alike, and that may be most of them.
        """
        differ = np.flatnonzero(over != within)
        differ = differ[_mixed(within[differ] == NOBODY)]
        spent = _taken(self.cost, over, differ) - _taken(self.cost, within, differ)
        contacts = (over[differ] != NOBODY).astype(int) - (within[differ] != NOBODY)
        fits = (self.spent(within) + spent.cumsum() <= budget) & (
            np.count_nonzero(within != NOBODY) + contacts.cumsum() <= self.contacts
        )
        some = differ[: 1 + np.flatnonzero(fits)[-1]] if fits.any() else differ[:0]
        offer = within.copy()
        offer[some] = over[some]
        return offer

    def _hardest(self, price: float, contact: float) -> Ints:
        """The customers whose best two ways, of all offers and none, are nearest to each other."""
        ways = np.pad(self.profit - price * self.cost - contact, ((0, 0), (1, 0)))
        best = -np.partition(-ways, 1, axis=1)
        return np.sort(np.argsort(best[:, 0] - best[:, 1], kind="stable")[:CORE])

    def _settled(self, offer: Ints, budget: float, price: float, contact: float) -> Ints:
        """The choice with what the core gets, if anything, chosen anew."""
        core = self._hardest(price, contact)
        ways = Ways.none()
        rest = offer.copy()
        rest[core] = NOBODY
        left = budget - self.spent(rest), self.contacts - np.count_nonzero(rest != NOBODY)
        for row in core:
            ways = ways.widened(self.profit[row], self.cost[row]).within(*left)
            ways = ways.undominated().promising(price, contact)
        rest[core] = ways.best()
        return rest if self.earned(rest) > self.earned(offer) else offer


def _taken(values: Floats, offer: Ints, rows: Ints | None = None) -> Floats:
    """The values of the offers chosen, 0 where there is none."""
    if rows is not None:
        values, offer = values[rows], offer[rows]
    chosen = np.take_along_axis(values, np.maximum(offer, 0)[:, None], 1)[:, 0]
    return np.where(offer == NOBODY, 0.0, chosen)


def _mixed(is_new: NDArray[np.bool_]) -> Ints:
    """An order in which the new and the others come evenly, so that contacts stay in balance."""
    new, others = np.flatnonzero(is_new), np.flatnonzero(~is_new)
    place = np.empty(len(is_new))
    for rows, shift in ((new, 0.5), (others, 0.25)):
        place[rows] = (np.arange(len(rows)) + shift) / max(len(rows), 1)
    return np.argsort(place, kind="stable")
