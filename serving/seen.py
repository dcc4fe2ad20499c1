"""The risks of what clients posted, beside those of the company's own customers."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

TENTHS = 10


class Seen:
    """How the risks of posted histories and rows are spread, since a version took over.

    Attributes:
        counts: How many had a risk within each tenth, shape (10,).
        total: All their risks added up.
    """

    def __init__(self) -> None:
        self.counts: Counts = np.zeros(TENTHS, dtype=np.int64)
        self.total = 0.0

    def add(self, risk: Floats) -> None:
        """Count these."""
        self.counts += spread(risk)
        self.total += float(risk.sum())


def spread(risk: Floats) -> Counts:
    """How many risks are within each tenth from 0 to 1, shape (10,)."""
    place = np.minimum((risk * TENTHS).astype(np.int64), TENTHS - 1)
    return np.bincount(place, minlength=TENTHS).astype(np.int64)


def psi_loss(expected: Counts, found: Counts) -> float:
    """The population stability index of two spreads: 0 where they are alike.

    By custom, below 0.1 nothing has changed and above 0.25 much has; it takes some hundreds to
    tell. Half a customer is added to each tenth, so that an empty one does not make it infinite.
    Source: Siddiqi 2006, "Credit risk scorecards", ch. 8: the sum of (p - q) log(p / q).
    """
    q, p = (_shares(each) for each in (expected, found))
    return float(((p - q) * np.log(p / q)).sum())


def _shares(counts: Counts) -> Floats:
    filled = counts + 0.5
    return np.asarray(filled / filled.sum(), dtype=float)
