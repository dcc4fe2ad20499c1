"""Array types and look-ups the simulation is written in."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]
Strings = NDArray[np.object_]

LANE = 1e5
"""Days between two customers on one line of sorted times; wider than any window."""


def lane_keys(rows: pd.DataFrame, time: str) -> Floats:
    """Numbers that sort by customer and time, to search for what happened to whom by when."""
    keys: Floats = rows["customer"].to_numpy() * LANE + rows[time].to_numpy()
    return keys


def pick(values: Sequence[str], codes: Ints) -> Strings:
    """The values at these positions."""
    return np.array(values, object)[codes]


def where_known(is_known: Bools, values: Strings) -> Strings:
    """The values, None where they are not known."""
    known = values.copy()
    known[~is_known] = None
    return known


def traits(people: pd.DataFrame, name: str, rows: pd.DataFrame) -> Floats:
    """A trait, as a number, of the customer of each row."""
    trait: Floats = people[name].to_numpy(float)[rows["customer"].to_numpy()]
    return trait
