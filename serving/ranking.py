"""The ranking of customers at risk: the best of them who are about to leave."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def places(scores: pd.DataFrame) -> Floats:
    """Each customer's place by value, the highest first, as a share of all: shape (n,)."""
    share = scores["value"].rank(ascending=False, pct=True, method="first")
    return np.asarray(share, dtype=float)


@dataclass(frozen=True)
class Ranking:
    """What lists of customers at risk are made of, an entry per customer of the scores.

    Attributes:
        risk: Their risk.
        place: Their place by value (`places`).
        order: Their numbers by expected loss, the largest first.
    """

    risk: Floats
    place: Floats
    order: NDArray[np.int64]

    @classmethod
    def of(cls, scores: pd.DataFrame) -> Self:
        """Of rows with the columns of `training.scoring.COLUMNS`."""
        order = np.argsort(-scores["expected_loss"].to_numpy(), kind="stable").astype(np.int64)
        return cls(np.array(scores["risk"], dtype=float), np.array(places(scores)), order)

    def at_risk(
        self, *, top_share: float, min_risk: float, most: int, among: Mask | None = None
    ) -> list[int]:
        """The best customers who are about to leave, the largest expected loss first.

        Value counts survival, so that customers long gone, of whom nothing can be lost any more,
        do not lead the list.

        Args:
            top_share: The customers of the highest value: this share of all.
            min_risk: Of these, the ones with at least this risk.
            most: At most so many.
            among: Only customers marked here, shape (n,).

        Returns:
            Their row numbers.
        """
        chosen = (self.place <= top_share) & (self.risk >= min_risk)
        if among is not None:
            chosen &= among
        numbers: list[int] = self.order[chosen[self.order]][:most].tolist()
        return numbers
