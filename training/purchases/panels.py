"""Ages in panels: integrals over many overlapping spans of age, each piece taken once."""

from itertools import pairwise
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Panels(NamedTuple):
    """Ages from t_x to T, cut wherever a history of the same frequency begins or ends.

    A panel is integrated once for all histories that span it, and what a history needs is a
    difference of two running sums.

    Attributes:
        x: Frequency, shape (m,), ascending.
        start: Age, ascending within a frequency; the last panel of each is empty.
        width: Until the next age.
        groups: The panels of each frequency.
        head: The first panel of each panel's frequency.
        first: Where each history begins, shape (n,).
        last: Where it ends, itself excluded.
    """

    x: Floats
    start: Floats
    width: Floats
    groups: list[slice]
    head: Integers
    first: Integers
    last: Integers

    @classmethod
    def of(cls, x: Floats, t_x: Floats, T: Floats) -> Self:
        """The panels of these histories."""
        xs, ages = np.tile(x, 2), np.concatenate([t_x, T])
        order = np.lexsort((ages, xs))
        xs, ages = xs[order], ages[order]
        heads = np.diff(xs, prepend=-1) > 0
        new = heads | (np.diff(ages, prepend=-1) > 0)
        panels = np.empty(order.size, dtype=np.int64)
        panels[order] = np.cumsum(new) - 1
        start, heads = ages[new], heads[new]
        bounds = np.append(np.flatnonzero(heads), start.size)
        return cls(
            xs[new],
            start,
            np.where(np.append(heads[1:], True), 0, np.diff(start, append=0)),
            [slice(*pair) for pair in pairwise(bounds.tolist())],
            np.repeat(bounds[:-1], np.diff(bounds)),
            *np.split(panels, 2),
        )

    def over_histories(self, values: Floats) -> Floats:
        """The sum of what the panels of each history hold, shape (n,)."""
        sums = np.empty_like(values)
        for group in self.groups:  # from the end, where there is less of it
            np.cumsum(values[group][::-1], out=sums[group][::-1])
        return sums[self.first] - sums[self.last]

    def over_panels(self, weights: Floats) -> Floats:
        """The sum of the weights of the histories that span each panel, shape (m,)."""
        size = self.start.size
        begun, ended = (np.bincount(at, weights, size) for at in (self.first, self.last))
        change: Floats = np.asarray(begun - ended, dtype=float)
        for group in self.groups:
            np.cumsum(change[group], out=change[group])
        return change
