"""Exclusions: what keeps customers out of question, whatever an offer would bring."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import QuerenciaError
from serving.limits import CampaignSettings
from serving.profit import presence
from serving.touches import Touched

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

Cause = Literal["tired", "held", "gone", "low_value", "low_risk", "other_segment", "other_driver"]
"""Contacted often enough of late; control of an open campaign; most likely gone already; not of the
best; too little risk; of another segment or at risk for another reason than is wanted."""


def exclusions(
    rows: pd.DataFrame, place: Floats, limits: CampaignSettings, touched: Touched
) -> Mapping[Cause, Mask]:
    """Whom each of the limits keeps out, shape (n,) each.

    Args:
        rows: Scores, with the columns of `training.scoring.COLUMNS`.
        place: Their places by value among all, as a share (`serving.ranking.places`).
        limits: Who comes into question.
        touched: Whom of them the company was in touch with.
    """
    return {
        "tired": touched.tired,
        "held": touched.held,
        "gone": presence(rows) < limits.min_presence,
        "low_value": np.asarray(place > limits.top_share),
        "low_risk": rows["risk"].to_numpy(float) < limits.min_risk,
        "other_segment": ~_is(touched.segment, limits.segment),
        "other_driver": ~_is(rows["driver"], limits.driver),
    }


def only(rows: pd.DataFrame, touched: Touched, *, segment: str | None, driver: str | None) -> Mask:
    """Who is of a segment and put at risk by a driver, shape (n,); everybody, where none is wanted.

    Raises:
        QuerenciaError: where nobody has what is wanted.
    """
    of_segment = _wanted(touched.segment, segment, "segment")
    return of_segment & _wanted(rows["driver"], driver, "driver")


def _wanted(values: "pd.Series[Any]", wanted: str | None, what: str) -> Mask:
    found = _is(values, wanted)
    if wanted is not None and not found.any():
        there = ", ".join(sorted(values.dropna().unique())) or "none known"
        raise QuerenciaError(f"No customer has the {what} {wanted}. There are: {there}.")
    return found


def _is(values: "pd.Series[Any]", wanted: str | None) -> Mask:
    if wanted is None:
        return np.ones(len(values), dtype=bool)
    return np.asarray(values == wanted, dtype=bool)
