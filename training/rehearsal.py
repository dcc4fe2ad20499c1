"""Rehearsals: the models as they would have been at earlier cut-offs, and what came of it.

Everything that is chosen (weights of members, corrections) is chosen on these, never on the
period the served model is judged on.
"""

import warnings
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from features.errors import QuerenciaError
from features.snapshot import Snapshot
from training._likelihood import ModelWarning
from training.amounts import Amount, amounts
from training.btyd import PurchaseModel
from training.buyers import BuyersSpend
from training.churn import RiskModel, baselines, fit_members
from training.prospects import Prospects, fit_value, rhythm
from training.rows import Rows
from training.settings import TrainingSettings

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rehearsal:
    """What the models said as of an earlier cut-off, and what came.

    Attributes:
        cutoff: The instant they were trained as of.
        members: P(churn) of each customer, by member of the blend.
        baselines: The same, by baseline.
        churned: 1 for those who churned in the horizon after it.
        amounts: What was expected of each customer, by amount, with the mean of the members as the
            risk, and what came (`training.amounts`).
    """

    cutoff: datetime
    members: Mapping[str, Floats]
    baselines: Mapping[str, Floats]
    churned: Floats
    amounts: Mapping[str, Amount] = field(default_factory=dict)

    @property
    def blend(self) -> Floats:
        """The mean of the members, each with the same weight."""
        return _mean(self.members)


def _mean(members: Mapping[str, Floats]) -> Floats:
    return np.asarray(np.mean(list(members.values()), axis=0))


def origins(cutoffs: Iterable[datetime], horizon_days: int, *, most: int) -> tuple[datetime, ...]:
    """Cut-offs to rehearse at: the horizon of each closed by the next, and labels closed before it.

    Args:
        cutoffs: Of rows with labels.
        horizon_days: Days until a label is known.
        most: At most so many; the latest are taken.

    Returns:
        Ascending cut-offs. From one to the next a horizon passes, so that what is learned at one
        was known at the next.
    """
    descending = sorted(cutoffs, reverse=True)
    chosen: list[datetime] = []
    for cutoff in descending:
        apart = not chosen or closed(cutoff, horizon_days, chosen[-1])
        taught = any(closed(earlier, horizon_days, cutoff) for earlier in descending)
        if apart and taught and len(chosen) < most:
            chosen.append(cutoff)
    return tuple(reversed(chosen))


def closed(cutoff: datetime, horizon_days: int, by: datetime) -> bool:
    """Whether the horizon of a cut-off is over at an instant."""
    # In UTC: in a zone whose clock changes, days differ in length.
    return cutoff.astimezone(UTC) + timedelta(days=horizon_days) <= by.astimezone(UTC)


def rehearse(past: Snapshot, settings: TrainingSettings, *, most: int = 2) -> tuple[Rehearsal, ...]:
    """Train as of earlier cut-offs and tell what came: the latest ones, ascending.

    Those who were made an offer in the horizon are neither learned from nor judged on: what came of
    them is not what comes of those left alone.

    Cut-offs are left out at which all customers, or all labels there were, had one outcome, or too
    little was known for the purchase process.

    Args:
        past: Rows with labels, at the cut-offs a training may use.
        settings: How models are made.
        most: At most so many rehearsals. The last two are what choices need: one to learn them
            at, one to judge them at.
    """
    horizon_days = past.provenance.horizon_days
    cutoffs = past.provenance.cutoffs
    rehearsals = []
    for origin in origins(cutoffs, horizon_days, most=most):
        known = past.at(*(each for each in cutoffs if closed(each, horizon_days, origin)))
        then = past.at(origin)
        if all(len(np.unique(rows.untreated.churned)) == 2 for rows in (known, then)):
            with suppress(QuerenciaError):  # too little was known then for the purchase process
                rehearsals.append(_rehearsal(known, then, settings))
    return tuple(rehearsals)


def settled(settings: TrainingSettings, present: Snapshot) -> TrainingSettings:
    """The settings with one purchase process, which rehearsals and model then share.

    Args:
        settings: Where they say `best`, it is the best for
        present: these histories, whose outcomes are not looked at.

    Raises:
        QuerenciaError: It is to be found out, and no process can be fitted.
    """
    if settings.purchases != "best":
        return settings
    best = PurchaseModel("best", random_state=settings.random_state).fit(*present.history)
    return settings.model_copy(update={"purchases": best.kind_})


def _rehearsal(known: Snapshot, then: Snapshot, settings: TrainingSettings) -> Rehearsal:
    with warnings.catch_warnings():
        # What there is to warn of is said of the model that serves.
        warnings.simplefilter("ignore", ModelWarning)
        value = fit_value(then, settings)
    known, then = known.untreated, then.untreated
    members = fit_members(rhythm(value, then.provenance), known, settings)
    said = _said(members, then)
    prospects = Prospects(value, then, then.provenance, BuyersSpend.learn(known))
    return Rehearsal(
        then.provenance.cutoff,
        said,
        _said(baselines(known), then),
        then.churned,
        amounts(then, prospects.expected_amounts(_mean(said))),
    )


def _said(models: Mapping[str, RiskModel], then: Snapshot) -> dict[str, Floats]:
    rows = Rows.of(then)
    return {name: model.predict(rows) for name, model in models.items()}
