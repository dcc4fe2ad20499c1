"""The crowd: all customers of some scores as decisions look at them, made ready once for many."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.chance import draws
from serving.ranking import places
from serving.touches import Touched, Touches

Floats = NDArray[np.float64]

_FIGURES = ("risk", "value", "value_at_stake", "expected_loss")


@dataclass(frozen=True, eq=False)
class Crowd:
    """Customers in the order of a draw, which tells equal ones apart however the scores are sorted.

    Attributes:
        scores: Rows with the columns of `training.scoring.COLUMNS`; and of each offer tried before,
            `saved_NAME` and `saved_NAME_sd`.
        numbers: The row of each customer in the scores: shape (n,), as are all that follow.
        rows: The figures that decisions look at, and the driver.
        place: Places by value, as a share.
        touched: What else is known of them.
    """

    scores: pd.DataFrame
    numbers: NDArray[np.intp]
    rows: pd.DataFrame
    place: Floats
    touched: Touched

    @classmethod
    def of(cls, scores: pd.DataFrame, touches: Touches, *, seed: int) -> Self:
        """Make ready.

        Args:
            scores: As above.
            touches: Whom the company was in touch with.
            seed: Key of the draw.
        """
        numbers = np.argsort(draws(scores["customer_id"], key=f"{seed}"))
        saved = [name for name in scores if str(name).startswith("saved_")]
        rows = scores[[*_FIGURES, *saved, "driver"]].iloc[numbers].reset_index(drop=True)
        ids = scores["customer_id"].iloc[numbers]
        return cls(scores, numbers, rows, places(rows), touches.of(ids))
