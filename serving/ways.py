"""Ways to settle a few customers together, within money and contacts."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

NOBODY = -1
"""In place of the number of an offer: none is made."""

MOST = 4_000
"""So many of the most promising ways are followed."""


@dataclass(frozen=True)
class Ways:
    """Ways to settle some customers, one by one: what each brings, costs, and makes of them.

    Attributes:
        profit: Shape (ways,).
        cost: Shape (ways,).
        contacts: Shape (ways,).
        offer: The offer of each customer settled so far: shape (ways, customers).
    """

    profit: Floats
    cost: Floats
    contacts: Ints
    offer: Ints

    @classmethod
    def none(cls) -> Self:
        """The one way to settle nobody."""
        return cls(np.zeros(1), np.zeros(1), np.zeros(1, int), np.zeros((1, 0), int))

    def widened(self, profit: Floats, cost: Floats) -> Self:
        """Each way with no offer, and with each that pays, for one more customer."""
        offers = np.append(NOBODY, np.flatnonzero(profit > 0))
        made = offers != NOBODY
        step = len(offers)
        return type(self)(
            np.add.outer(self.profit, np.where(made, profit[offers], 0)).ravel(),
            np.add.outer(self.cost, np.where(made, cost[offers], 0)).ravel(),
            np.add.outer(self.contacts, made).ravel(),
            np.column_stack([self.offer.repeat(step, axis=0), np.tile(offers, len(self.offer))]),
        )

    def within(self, budget: float, contacts: float) -> Self:
        """The ways that the limits allow; to settle everybody with nothing always is one."""
        return self._only((self.cost <= budget) & (self.contacts <= contacts) | (self.profit == 0))

    def undominated(self) -> Self:
        """The ways that no other with as many contacts betters at no more cost."""
        ordered = self._only(np.lexsort((-self.profit, self.cost, self.contacts)))
        lifted = ordered.profit + ordered.contacts * (ordered.profit.max() + 1)
        best = np.maximum.accumulate(lifted)
        return ordered._only(np.append(True, lifted[1:] > best[:-1]))

    def promising(self, price: float, contact: float) -> Self:
        """The `MOST` ways that bring the most beyond what they use up."""
        net = self.profit - price * self.cost - contact * self.contacts
        return self._only(np.sort(np.argsort(-net, kind="stable")[:MOST]))

    def best(self) -> Ints:
        """The offers of the way that brings the most."""
        return np.asarray(self.offer[self.profit.argmax()])

    def _only(self, rows: NDArray[np.bool_] | Ints) -> Self:
        return type(self)(self.profit[rows], self.cost[rows], self.contacts[rows], self.offer[rows])
