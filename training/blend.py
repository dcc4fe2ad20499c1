"""The served risk: a mean of members that err differently, and the reasons for it."""

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from features import snapshot
from features.snapshot import Snapshot
from training.blending import Blending
from training.calibration import clipped
from training.churn import LogisticRisk, Member, RhythmRisk, TreeRisk, fit_members
from training.reasons import Reasons, belonging, in_points, shared_out
from training.rows import Known, Rows
from training.settings import TrainingSettings

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

BASE = "base"
"""Column of the peers: log-odds of a typical one of them."""


class _Typical(NamedTuple):
    """What the members with a weight say of a typical customer of each class of peers.

    Attributes:
        weights: Of the members, shape (members,).
        base: Log-odds, shape (members, classes).
        risk: The probabilities that these are.
        points: What each driver adds to them, shape (members, classes, drivers).
        of_driver: By member, which driver each feature is of (`training.reasons.belonging`).
    """

    weights: Floats
    base: Floats
    risk: Floats
    points: Floats
    of_driver: dict[str, Floats]


class BlendedRisk:
    """The served risk: the mean of purchase process, logistic regression and trees.

    The three err differently; their mean is as good as the best with many customers and far
    better with few (docs/decisions.md).

    Args:
        members: By name.
        blending: Their weights, and the correction of their mean.
        peers: What each member says of a typical customer, one row per class of `peer_class`: the
            mean over such customers of the log-odds (`BASE`) and of what each feature adds.
    """

    def __init__(
        self,
        members: Mapping[str, Member],
        blending: Blending,
        peers: Mapping[str, pd.DataFrame],
    ) -> None:
        self.members = dict(members)
        self.blending = blending
        self.peers = peers

    @classmethod
    def fit(
        cls,
        rhythm: RhythmRisk | None,
        past: Snapshot,
        settings: TrainingSettings,
        *,
        present: pd.DataFrame,
        blending: Blending | None = None,
        trees: TreeRisk | None = None,
    ) -> Self:
        """Learn logistic regression and trees.

        Args:
            rhythm: The purchase process, already fitted; None where churn is not its silence.
            past: Rows at past cut-offs, with labels.
            settings: How.
            present: Rows of today's customers, who are one another's peers.
            blending: Chosen by rehearsals; left out: the plain mean.
            trees: Where they have learned elsewhere.
        """
        members = fit_members(rhythm, past, settings, trees=trees)
        sample = _sample(present, settings.random_state)
        peers = {name: _peers(member, sample) for name, member in members.items()}
        return cls(members, blending or Blending.equal(tuple(members)), peers)

    def predict(self, rows: Known) -> Floats:
        """P(churn within the horizon) of each row."""
        rows = Rows.of(rows)
        return self.blending({name: each.predict(rows) for name, each in self.members.items()})

    @property
    def rhythm(self) -> RhythmRisk | None:
        """The purchase process; None where churn is not its silence."""
        return next((each for each in self.members.values() if isinstance(each, RhythmRisk)), None)

    @property
    def logistic(self) -> LogisticRisk:
        """The linear member."""
        return next(each for each in self.members.values() if isinstance(each, LogisticRisk))

    @property
    def trees(self) -> TreeRisk:
        """The trees."""
        return next(each for each in self.members.values() if isinstance(each, TreeRisk))

    def reasons(self, rows: Known, *, risk: Floats | None = None, fast: bool = False) -> Reasons:
        """What each driver adds to the risk of each row against its peers: it adds up to the bit.

        Args:
            rows: Snapshot rows.
            risk: Theirs, where it is known already.
            fast: Take the trees' part by the fast way (`TreeRisk.fast_contributions`).
        """
        rows, typical = Rows.of(rows), self._typical
        classes = peer_class(rows)
        own = np.stack(
            [
                self._contributions(name, rows, fast=fast) @ of
                for name, of in typical.of_driver.items()
            ]
        )
        base, likely = typical.base[:, classes], typical.risk[:, classes]
        points = in_points(own - typical.points[:, classes], base, likely)
        corrected = self.blending.correction(typical.weights @ likely)
        total = (self.predict(rows) if risk is None else risk) - corrected
        together = (typical.weights[:, None, None] * points).sum(axis=0)
        return Reasons(corrected, shared_out(together, total), self._drivers)

    def _contributions(self, name: str, rows: Rows, *, fast: bool) -> Floats:
        member = self.members[name]
        if fast and isinstance(member, TreeRisk):
            return member.fast_contributions(rows)
        return member.contributions(rows)

    @cached_property
    def _drivers(self) -> tuple[str, ...]:
        """All that members with a weight tell of, in order."""
        told = (name for each in self.blending.weights for name in self.members[each].features)
        return tuple(sorted({snapshot.driver(name) for name in told}))

    @cached_property
    def _typical(self) -> _Typical:
        weights = self.blending.weights
        features = {name: self.members[name].features for name in weights}
        of = {name: belonging(told, self._drivers) for name, told in features.items()}
        base = np.stack([self.peers[name][BASE].to_numpy() for name in weights])
        points = [self.peers[name][list(features[name])].to_numpy() @ of[name] for name in weights]
        return _Typical(np.array([*weights.values()]), base, expit(base), np.stack(points), of)


PEER_LIMITS = (1, 2, 4, 8, 16)
"""Frequencies at which another class of peers begins."""

_LIMITS = np.array(PEER_LIMITS, dtype=float)

_SAMPLE = 1_000
"""Customers of a class whose mean the peers are: enough for a mean, and quick."""


def peer_class(rows: Known) -> Ints:
    """Which class of peers each row belongs to, by repeat purchase days: 0 to 5."""
    return np.searchsorted(_LIMITS, Rows.of(rows)["frequency"], side="right")


def _sample(present: pd.DataFrame, random_state: int) -> pd.DataFrame:
    mixed = present.sample(frac=1, random_state=random_state)
    return mixed.groupby(peer_class(mixed)).head(_SAMPLE)


def _peers(member: Member, sample: pd.DataFrame) -> pd.DataFrame:
    told = member.contributions(sample)
    parts = pd.DataFrame(told, columns=list(member.features), index=sample.index)
    parts[BASE] = logit(clipped(member.predict(sample)))
    means = parts.groupby(peer_class(sample)).mean().reindex(range(len(PEER_LIMITS) + 1))
    # A class nobody is in has everybody as its peers.
    return means.fillna(parts.mean())
