"""The one door to the `lifetimes` package, which is no longer maintained.

Importing it sets a pandas option that pandas 3 deprecates, and puts a process-wide filter in front
of every `FutureWarning`. Both are undone here. `lifetimes.datasets` is never imported: it needs
`pkg_resources`, which setuptools has dropped.
"""

import warnings
from typing import Any

import pandas as pd

with warnings.catch_warnings():
    # lifetimes.utils sets pandas.options.mode.chained_assignment, which has had no effect since
    # pandas 3.0. Leaving the block also takes back the filter on FutureWarning.
    warnings.filterwarnings(
        "ignore", message=".*mode.chained_assignment", category=DeprecationWarning
    )
    from lifetimes import (
        BetaGeoFitter,
        GammaGammaFitter,
        ModifiedBetaGeoFitter,
        ParetoNBDFitter,
    )
    from lifetimes.utils import ConvergenceError

__all__ = [
    "BetaGeoFitter",
    "ConvergenceError",
    "GammaGammaFitter",
    "ModifiedBetaGeoFitter",
    "ParetoNBDFitter",
    "carrying",
]


def carrying(fitter: Any, params: dict[str, float]) -> Any:
    """Give a `lifetimes` fitter its parameters without fitting it; returns the same object."""
    fitter.params_ = pd.Series(params)
    return fitter
