"""Hindsight: what value promised at an earlier cut-off, and the margin that came until now.

The value horizon is longer than any that has closed. What has closed of it is the time from the
last rehearsal to the end of the horizon the model is judged on: over it value is expected as it is
served, with intervals learned at the rehearsal before, and told beside what came.
"""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.snapshot import Snapshot
from training._likelihood import ModelWarning
from training.intervals import COVERAGES, Spread, coverage_score
from training.prospects import Prospects, fit_value
from training.rehearsal import Rehearsal
from training.settings import TrainingSettings
from training.value import DAYS_PER_YEAR

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Hindsight:
    """Expected and realised discounted margin of the same customers, in units of the margin rate.

    Attributes:
        days: From the earlier cut-off on.
        expected: Of each customer, shape (n,).
        came: Of each customer, shape (n,).
        spreads: The intervals known then, one for each of `COVERAGES`.
    """

    days: int
    expected: Floats
    came: Floats
    spreads: tuple[Spread, ...]

    def measures(self) -> dict[str, float]:
        """Share between the ends, of all and of the top tenth; the bias of the total; the days."""
        shares = {
            f"value_{name}": share
            for spread in self.spreads
            for name, share in coverage_score(self.came, self.expected, spread).items()
        }
        bias = float(self.expected.sum() / self.came.sum() - 1)
        return {**shares, "value_total_bias": bias, "value_days_checked": float(self.days)}


def look_back(
    rehearsals: Sequence[Rehearsal], past: Snapshot, later: Snapshot, settings: TrainingSettings
) -> Hindsight | None:
    """What value expected as of the last rehearsal.

    Margin counts as come at the middle of the time before the cut-off of `later`, or after it.

    Args:
        rehearsals: Ascending; of `past`.
        past: Rows with labels, at the cut-offs a training may use.
        later: Rows of the period that models are judged on.
        settings: With one purchase process.

    Returns:
        None where there are not two rehearsals, nothing was spent, or more days have closed than
        value looks ahead.
    """
    if len(rehearsals) < 2:
        return None
    first, last = rehearsals[-2:]
    then, spent = past.at(last.cutoff).untreated, first.amounts["spend"]
    between = (later.provenance.cutoff - last.cutoff).days
    days = between + later.provenance.horizon_days
    came = _came(then, later, between, settings.money.discount_rate / DAYS_PER_YEAR)
    told = np.isfinite(came)
    if days > settings.money.value_horizon_days or came[told].sum() <= 0:
        return None
    spreads = tuple(Spread.learn(spent.came, spent.expected, coverage=each) for each in COVERAGES)
    expected = _expected(then, last, settings, days)
    return Hindsight(days, expected[told], came[told], spreads)


def _came(then: Snapshot, later: Snapshot, between: int, rate: float) -> Floats:
    """NaN of those who have no row at the later cut-off."""
    names = ["spend", "spend_ahead"]
    known = pd.DataFrame({name: later.columns[name] for name in names})
    now = known.set_axis(later.ids[later.customer]).reindex(then.ids[then.customer])
    middle = between + later.provenance.horizon_days / 2
    before = (now["spend"].to_numpy() - then.columns["spend"]) * math.exp(-rate * between / 2)
    return np.asarray(before + now["spend_ahead"].to_numpy() * math.exp(-rate * middle))


def _expected(then: Snapshot, last: Rehearsal, settings: TrainingSettings, days: int) -> Floats:
    money = settings.money.model_copy(update={"value_horizon_days": days})
    with warnings.catch_warnings():
        # What there is to warn of is said of the model that serves.
        warnings.simplefilter("ignore", ModelWarning)
        value = fit_value(then, settings.model_copy(update={"money": money}))
    prospects = Prospects(value, then, then.provenance)
    formula, _ = prospects.value_at_stake(last.blend)
    plain, learned = prospects.expected_amounts(last.blend), last.amounts["spend"].expected
    tilt = np.divide(learned, plain["spend"], out=np.ones_like(learned), where=plain["spend"] > 0)
    return formula * tilt
