"""Contacts of trials, with all that learning from them looks at."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from features.snapshot import Snapshot
from training import leaving, scoring
from training.effects import BASE, GRIEVANCE, Effects
from training.model import Model
from training.qini import Qini
from training.rows import Rows
from training.save_rates import Rate, SaveRates
from training.trials import Trials

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

_LEAST = 0.7
"""Share of the mean variance that every contact has at least: a line tells chances but roughly."""

_NOBODY = 1e-6
"""Variance where nobody was lost, or everybody."""


@dataclass(frozen=True)
class Contacts:
    """Trials, with all that learning from them looks at.

    Attributes:
        trials: The contacts.
        inputs: The features, and the chances beside them (`Effects.inputs`).
        lost: What came: whether each customer had left by the end of the horizon, or how likely.
        effect: What each contact tells of the fall of that (`fall`).
        weight: How much it counts when save rates are learned (`weights`).
        segment: The driver of each customer's risk.
        value: What is lost with each one, in currency.
    """

    trials: Trials
    inputs: Snapshot
    lost: Floats
    effect: Floats
    weight: Floats
    segment: NDArray[np.str_]
    value: Floats

    @classmethod
    def of(cls, model: Model, effects: Effects, trials: Trials, known: Snapshot) -> Self:
        """Everything that learning looks at, of all trials.

        Where churn is silence, what came of a contact is the chance that the customer had left by
        the end of the horizon, told by all that is known since (`training.leaving`); else the
        label.

        Args:
            model: Tells risk, value and drivers.
            effects: Tells who leaves.
            trials: The randomised contacts.
            known: One row of every customer at the latest instant, with `leaving.HISTORY`.
        """
        snapshot, rows = trials.rows, Rows.of(trials.rows)
        risk = model.risk.predict(rows)
        reasons = model.risk.reasons(rows, risk=risk, fast=len(rows) > scoring.EXACT_UP_TO)
        lost, gone = snapshot.churned, np.zeros(len(rows))
        if effects.leaving is not None:
            days, process = snapshot.provenance.horizon_days, model.value.purchases
            lost = leaving.left_by(process, snapshot, known, days=days)
            gone = 1 - process.p_alive(*rows.history)
        inputs = effects.inputs(snapshot, risk)
        base = inputs.columns[BASE]
        chance = expected(lost, trials, np.column_stack([base, risk, gone, risk * gone]))
        return cls(
            trials,
            inputs,
            lost,
            fall(lost, trials, chance),
            weights(base, chance, trials),
            scoring.drivers(reasons)[0],
            model.value_at_stake(model.prospects(rows), risk)[1],
        )

    def save_rates(self, prior: Rate) -> SaveRates:
        """What is believed after them of the save rates."""
        return SaveRates.learn(
            self.effect, self.base, self.segment, self.grievance, weight=self.weight, prior=prior
        )

    @property
    def base(self) -> Floats:
        """Chance of leaving within the horizon without the offer."""
        return self.inputs.columns[BASE]

    @property
    def grievance(self) -> Floats:
        """Part of that which a bad experience accounts for."""
        return self.inputs.columns[GRIEVANCE]

    @cached_property
    def customer(self) -> Ints:
        """Whose contact each is."""
        return np.unique(self.trials.rows.customer, return_inverse=True)[1]

    def select(self, of: Ints) -> "Contacts":
        """Only these contacts."""
        return Contacts(
            self.trials.select(of),
            self.inputs.select(of),
            self.lost[of],
            self.effect[of],
            self.weight[of],
            self.segment[of],
            self.value[of],
        )

    def qini(self, score: Floats) -> Qini:
        """A ranking of them, to be judged."""
        return Qini.of(self.lost, self.trials.offered, self.trials.propensity, score)


def expected(lost: Floats, trials: Trials, told: Floats) -> Floats:
    """What was to be expected of `lost`, the same for both arms: linear in what was told.

    Args:
        lost: What came of each contact.
        trials: Propensities.
        told: What was known before of the chance of it, shape (n, columns).
    """
    weight = np.sqrt(1 / trials.propensity)
    told = np.column_stack([np.ones(len(lost)), told])
    slopes = np.linalg.lstsq(told * weight[:, None], lost * weight, rcond=None)[0]
    return np.asarray(told @ slopes)


def fall(lost: Floats, trials: Trials, chance: Floats) -> Floats:
    """What each contact tells of the fall in `lost` by the offer, shape (n,).

    Its mean over contacts is what the offer does for them, whatever `chance` is worth: outcomes
    less what was `expected`, weighted by the inverse of the propensity (Robins, Rotnitzky & Zhao
    1994, with one expectation for both arms).
    """
    sign = np.where(trials.offered, -1.0, 1.0)
    return np.asarray(sign * (lost - chance) / trials.propensity)


def weights(base: Floats, chance: Floats, trials: Trials) -> Floats:
    """How much each contact counts when save rates are learned: base over variance, shape (n,).

    So the rate is the line through 0 of least squares. The variance of `fall` is that of a chance,
    times the mean square of the inverse propensities of the campaign: where few were held out,
    these few are most of the noise. No arm weighs more than the other.
    """
    _, number = np.unique(trials.campaign, return_inverse=True)
    squares = np.bincount(number, trials.propensity**-2.0) / np.bincount(number)
    variance = chance * (1 - chance)
    least = max(_LEAST * variance.mean(), _NOBODY)
    return np.asarray(base / (np.maximum(variance, least) * squares[number]))
