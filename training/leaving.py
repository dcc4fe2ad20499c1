"""Who leaves for good, and when: told later, by the silence that followed.

No purchase in the horizon is a poor measure of what an offer does. Whoever bought on its second day
and left on its third counts as kept; whoever had left before counts as lost, and can't be saved.
What came after says more: under the purchase process, with x purchase days up to t_x,

    P(left by s | no purchase from t_x to T) = (1 - P(alive at s)) / P(silent from s to T)

for t_x < s <= T, both given the history up to s, and 0 where t_x > s. The difference of two such
is the chance that a customer left between them: what an offer can prevent.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import snapshot
from features.snapshot import Snapshot
from training.btyd import PurchaseModel
from training.churn import TreeRisk
from training.settings import TrainingSettings

Floats = NDArray[np.float64]

HISTORY = frozenset({"frequency", "recency", "T"})
"""The features that tell a history."""

_ROWS = 100_000
"""Rows the trees learn from at most."""


def left_by(purchases: PurchaseModel, rows: Snapshot, known: Snapshot, *, days: float) -> Floats:
    """P(left by `days` after each row's cut-off), by what is known at a later cut-off.

    Args:
        purchases: The purchase process.
        rows: Rows at earlier cut-offs, none of which is less than `days` before
        known: one row of each of these customers, with the features `HISTORY`.
        days: After the cut-off.
    """
    place = pd.Index(known.ids[known.customer]).get_indexer(rows.ids[rows.customer])
    frequency, recency, T = (values[place] for values in known.history)
    since = (known.instants[place] - rows.instants) / np.timedelta64(1, "D") - days
    back = recency > T - since
    then = frequency, recency, np.maximum(T - since, recency)
    silent = np.ones(len(rows))
    for length in np.unique(since[since > 0]):
        of = since == length
        silent[of] = purchases.p_no_purchase(length, *(values[of] for values in then))
    gone = np.minimum((1 - purchases.p_alive(*then)) / silent, 1.0)
    return np.where(back, 0.0, gone)


def leaves_within(
    purchases: PurchaseModel, rows: Snapshot, known: Snapshot, *, days: float
) -> Floats:
    """P(left between each row's cut-off and `days` after it), by what is known later."""
    before, after = (left_by(purchases, rows, known, days=each) for each in (0, days))
    return np.clip(after - before, 0, 1)


def fit(
    past: Snapshot, known: Snapshot, purchases: PurchaseModel, settings: TrainingSettings
) -> TreeRisk:
    """Trees that tell who leaves within the horizon, of all that is known at its beginning.

    They learn from chances, not from outcomes nobody sees. What offers were made is not looked at:
    whether they are made is ours to say.

    Args:
        past: Rows at past cut-offs, whose horizons have closed.
        known: One row of each of these customers at the latest instant, with the features
            `HISTORY`.
        purchases: The purchase process.
        settings: How.
    """
    if len(past) > _ROWS:
        rng = np.random.default_rng(settings.random_state)
        past = past.select(np.sort(rng.choice(len(past), _ROWS, replace=False)))
    features = [name for name in past.names if snapshot.driver(name) != "offers"]
    left = leaves_within(purchases, past, known, days=past.provenance.horizon_days)
    trees = TreeRisk(settings.trees, features=features, random_state=settings.random_state)
    return trees.fit(past.rows, left)
