"""Grievance: the part of a customer's chance of leaving that a bad experience accounts for.

With p the chance of leaving, and p0 that of the same customer had promises, effort and satisfaction
been as with a typical one, it is 1 - p0 / p: the attributable fraction among the exposed (Miettinen
1974, "Proportion of disease caused or prevented by a given exposure, trait or intervention"). It is
below 0 where the experience was a better one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from features import snapshot
from features.snapshot import Snapshot
from training.churn import TreeRisk
from training.rows import Known, Rows

Floats = NDArray[np.float64]

EXPERIENCE = frozenset({"promises", "effort", "satisfaction"})
"""The drivers of the company's own making."""


@dataclass(frozen=True)
class Grievance:
    """Tells it.

    Attributes:
        trees: Tell who leaves.
        typical: What a typical customer's experience was, by feature.
    """

    trees: TreeRisk
    typical: Mapping[str, float]

    @classmethod
    def of(cls, trees: TreeRisk, past: Snapshot) -> Self:
        """Typical is the median of these rows; what none of them knows is left as it is."""
        of = [name for name in trees.features if snapshot.driver(name) in EXPERIENCE]
        medians = past.rows[of].median().dropna()
        return cls(trees, {str(name): float(median) for name, median in medians.items()})

    def part(self, rows: Known) -> Floats:
        """The part of each row's chance of leaving, at most 1: shape (n,)."""
        rows, features = Rows.of(rows), self.trees.features
        values = rows.values(features).copy()
        values[:, [features.index(name) for name in self.typical]] = [*self.typical.values()]
        typical = self.trees.predict(Rows.table(values, features))
        return np.asarray(1 - typical / self.trees.predict(rows))
