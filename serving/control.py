"""Control: who of those who would be contacted is left alone by chance, to learn from."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from features.chance import draws


def is_control(
    customers: Iterable[str], *, share: float, campaign: str, seed: int
) -> NDArray[np.bool_]:
    """Whether each customer is held out, each with the chance `share`: shape (n,)."""
    return draws(customers, key=f"{seed}/{campaign}") < share
