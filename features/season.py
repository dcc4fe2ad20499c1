"""Season: the time of the year of the cut-off, kept apart as context."""

import numpy as np

from features.family import Family, Look
from features.feature import Feature
from features.timeline import Floats

DAYS_PER_YEAR = 365.2425


class Season:
    """The cut-off's place in the year, as a point on a circle."""

    def __init__(self, look: Look) -> None:
        self._angle = 2 * np.pi * look.last_days / DAYS_PER_YEAR
        self._cutoff = look.pairs.cutoff

    def winter(self) -> Floats:
        """1 at the turn of the year, -1 in early July."""
        winter: Floats = np.cos(self._angle)[self._cutoff]
        return winter

    def spring(self) -> Floats:
        """1 in early April, -1 in early October."""
        spring: Floats = np.sin(self._angle)[self._cutoff]
        return spring


FAMILY = Family(
    "season",
    (),
    Season,
    (
        Feature("winter", "-1-1", "1 at the turn of the year, -1 in July", "season", Season.winter),
        Feature("spring", "-1-1", "1 in April, -1 in October", "season", Season.spring),
    ),
)
