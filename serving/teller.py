"""What the model says of posted rows, in arrays: the figures of `training.scoring.score`.

That one makes data frames, which is right for a million rows and takes 50 ms for one. Here every
parameter and every formula is the model's own; `training.reasons` says why reasons add up as they
do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from scipy.special import expit, logit

from features import snapshot
from serving.leaves import Leaves
from serving.silence import Silence
from training.blend import BASE, PEER_LIMITS
from training.buyers import BuyersSpend
from training.calibration import clipped
from training.churn import LogisticRisk, Member, RhythmRisk, TreeRisk
from training.model import Model
from training.purchases.histories import Histories
from training.scoring import FAINT, NO_DRIVER

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

NEEDED = ("frequency", "recency", "T", "monetary_value")
"""Features that every row must have: without them there is no purchase process, and no value."""

FEW = 16
"""Rows up to which the table of leaves is quicker than xgboost."""

AMOUNTS = (
    *("risk", "value", "value_low", "value_high", "value_at_stake", "expected_loss"),
    *("expected_purchases", "expected_purchases_low", "expected_purchases_high"),
    *("expected_spend", "expected_spend_low", "expected_spend_high"),
)
"""The figures of a row, in the order of `training.scoring.COLUMNS`."""

WINDOW = {"next_purchase_from": 0.1, "next_purchase_at": 0.5, "next_purchase_by": 0.8}
"""Chances of having bought again by the instants told of the next purchase."""

_CLOSE = 1e-6
_RARE = 1e-12


class Rows(NamedTuple):
    """Features as the model reads them.

    Attributes:
        values: Shape (rows, features), in the order of `Teller.features`; NaN where not known.
        monetary_value: In currency, shape (rows,).
        histories: Frequency, recency and T.
    """

    values: Floats
    monetary_value: Floats
    histories: Histories


class Judgement(NamedTuple):
    """What is thought of each row.

    Attributes:
        risk: Shape (rows,).
        members: What each member of the risk says, each of shape (rows,).
        there: The chance that the customer is still there, shape (rows,).
    """

    risk: Floats
    members: dict[str, Floats]
    there: Floats


@dataclass(frozen=True)
class Why:
    """Why each row's risk is what it is.

    Attributes:
        base: Risk of a typical customer who bought as often, shape (rows,).
        points: What each driver adds to it, as a probability, shape (rows, drivers).
        drivers: Their names.
    """

    base: Floats
    points: Floats
    drivers: tuple[str, ...]

    @property
    def told(self) -> list[str]:
        """The driver that adds most to each row; `NO_DRIVER` where none adds a half point."""
        best = self.points.argmax(axis=1)
        clear = self.most > FAINT
        return [
            self.drivers[i] if is_clear else NO_DRIVER
            for i, is_clear in zip(best, clear, strict=True)
        ]

    @property
    def most(self) -> Floats:
        """What it adds."""
        return np.asarray(self.points.max(axis=1))


class Teller:
    """One model, ready to be asked about a few rows."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.features: tuple[str, ...] = model.risk.logistic.features
        self._place = {name: place for place, name in enumerate(self.features)}
        self._leaves = Leaves.of(model.risk.trees.booster_)
        self._silence = Silence(model.value.purchases)
        self._drivers, self._of_driver = _drivers(self.features)
        self._peers = {name: self._typical(name) for name in model.risk.blending.weights}
        days, weights = zip(*model.value._grid(), strict=True)
        self._days = np.array([*days, model.provenance.horizon_days], dtype=float)
        self._weights = np.array([*weights, 0.0])

    def rows(self, columns: Mapping[str, Floats]) -> Rows:
        """The rows of these columns, each of shape (rows,); a column that is left out is not known.

        Raises:
            KeyError: where one that is `NEEDED` is missing.
            QuerenciaError: where a purchase history is impossible.
        """
        histories = Histories.of(*(columns[name] for name in NEEDED[:3]))
        unknown = np.full(histories.x.size, np.nan)
        values = np.array([columns.get(name, unknown) for name in self.features]).T
        return Rows(values, np.asarray(columns["monetary_value"], dtype=float), histories)

    def judge(self, rows: Rows) -> Judgement:
        """The risk of each row, and what its other figures and its reasons rest on."""
        model, h = self._model, rows.histories
        members = model.risk.members
        said = {
            name: self._predict(member, rows)
            for name, member in members.items()
            if not isinstance(member, RhythmRisk)
        }
        if model.provenance.churn != "inactivity":
            return Judgement(model.risk.blending(said), said, self._silence.p_alive(h))
        silent, if_there = self._silence.p_silent(model.provenance.horizon_days, h)
        said |= {name: silent for name, each in members.items() if isinstance(each, RhythmRisk)}
        risk = model.risk.blending(said)
        return Judgement(risk, said, (1 - risk) / np.maximum(1 - if_there, _RARE))

    def figures(self, rows: Rows, judged: Judgement) -> dict[str, Floats]:
        """`AMOUNTS` of each row, each of shape (rows,)."""
        model, h, (risk, _, there) = self._model, rows.histories, judged
        value, outlook = model.value, model.outlook
        bought = self._silence.purchases_if_alive(self._days, h)
        paid = value.spend.expected_spend(h.x, rows.monetary_value)
        if_there = (bought @ self._weights) * value.margin_rate * paid
        tilt = self._tilt(rows, bought[:, -1], paid)
        at_stake = outlook.level("spend") * tilt * np.maximum(there, 1) * if_there
        worth = np.minimum(there, 1) * at_stake
        purchases = there * bought[:, -1]
        expected = outlook.corrected({"purchases": purchases, "spend": purchases * paid * tilt})
        told = (
            *(risk, worth, *model.value_interval(worth), at_stake, risk * worth),
            *(expected["purchases"], *outlook.interval("purchases", expected["purchases"])),
            *(expected["spend"], *outlook.interval("spend", expected["spend"])),
        )
        return dict(zip(AMOUNTS, told, strict=True))

    def next_purchase(self, rows: Rows) -> Floats:
        """Whole days from the cut-off, by the chances of `WINDOW`, shape (rows, 3)."""
        chances = np.array([*WINDOW.values()])
        return self._silence.next_purchase_days(chances, rows.histories)

    def why(self, rows: Rows, judged: Judgement) -> Why:
        """What each driver adds to these risks: `BlendedRisk.reasons`, in arrays."""
        peers = np.digitize(rows.histories.x, PEER_LIMITS)
        risk = judged.risk
        base, points = np.zeros(len(risk)), np.zeros((len(risk), len(self._drivers)))
        for name, weight in self._model.risk.blending.weights.items():
            typical_base, typical = (each[peers] for each in self._peers[name])
            added = self._contributions(name, rows, judged) - typical
            points += weight * _in_points(added, typical_base)
            base += weight * expit(typical_base)
        corrected = self._model.risk.blending.correction(base)
        return Why(corrected, _shared_out(points, risk - corrected), self._drivers)

    def _predict(self, member: Member, rows: Rows) -> Floats:
        """What a member that has learned says; the purchase process is asked by `judge`."""
        if isinstance(member, LogisticRisk):
            return np.asarray(expit(member.intercept_ + self._linear(member, rows).sum(axis=1)))
        if isinstance(member, TreeRisk):
            return self._trees(member, rows.values)
        raise TypeError(type(member).__name__)

    def _trees(self, member: TreeRisk, values: Floats) -> Floats:
        if self._leaves is None or len(values) > FEW:
            return np.asarray(member.booster_.inplace_predict(values.astype(np.float32)), float)
        return np.asarray([self._leaves.predict(row) for row in values])

    def _linear(self, member: LogisticRisk | BuyersSpend, rows: Rows) -> Floats:
        logs = np.sign(rows.values) * np.log1p(np.abs(rows.values))
        return np.nan_to_num((logs - member.logs_.mean) / member.logs_.scale) * member.coef_

    def _tilt(self, rows: Rows, purchases: Floats, paid: Floats) -> Floats:
        """`training.prospects.tilt`, in arrays."""
        buyers = self._model.buyers
        if buyers is None:
            return np.ones_like(paid)
        silent = self._silence.p_silent_if_alive(self._days[-1:], rows.histories)[:, 0]
        formula = np.maximum(purchases / np.maximum(1 - silent, _RARE), 1) * paid
        learned = buyers.level_ * np.exp(self._linear(buyers, rows).sum(axis=1))
        return np.asarray(np.sqrt(learned / formula))

    def _contributions(self, name: str, rows: Rows, judged: Judgement) -> Floats:
        """Log-odds each driver adds, by one member, shape (rows, drivers)."""
        member = self._model.risk.members[name]
        if isinstance(member, LogisticRisk):
            return self._linear(member, rows) @ self._of_driver
        if isinstance(member, TreeRisk):
            return self._tree_shares(member, rows.values) @ self._of_driver
        silence = np.zeros((len(rows.values), len(self._drivers)))
        silence[:, self._drivers.index("silence")] = logit(clipped(judged.members[name]))
        return silence

    def _tree_shares(self, member: TreeRisk, values: Floats) -> Floats:
        if self._leaves is None or len(values) > FEW:
            data = xgb.DMatrix(values.astype(np.float32), nthread=1)
            told: Floats = member.booster_.predict(data, pred_contribs=True)
            shares: Floats = np.array(told, dtype=float)[:, :-1]
            return shares
        return np.stack([self._leaves.contributions(row) for row in values])

    def _typical(self, name: str) -> tuple[Floats, Floats]:
        """Log-odds of a typical customer of each class, and what each driver adds to them."""
        peers = self._model.risk.peers[name]
        added = np.zeros((len(peers), len(self._drivers)))
        for feature in peers.columns.drop(BASE):
            added[:, self._drivers.index(snapshot.driver(feature))] += peers[feature].to_numpy()
        return peers[BASE].to_numpy(dtype=float), added


def _drivers(features: Sequence[str]) -> tuple[tuple[str, ...], Floats]:
    """The drivers in order of name, and which of them each feature belongs to, as ones."""
    own = [snapshot.driver(name) for name in features]
    names = tuple(sorted({*own, "silence"}))
    return names, np.array([[float(name == each) for name in names] for each in own])


def _in_points(log_odds: Floats, base: Floats) -> Floats:
    """`training.reasons.in_points`, in arrays."""
    added, typical = log_odds.sum(axis=1), expit(base)
    slope = _slope(expit(base + added) - typical, added, typical * (1 - typical))
    return log_odds * slope[:, None]


def _shared_out(points: Floats, total: Floats) -> Floats:
    """`training.reasons.shared_out`, in arrays."""
    added = points.sum(axis=1)
    shared = points * _slope(total, added, np.ones_like(added))[:, None]
    left = (total - shared.sum(axis=1)) / points.shape[1]
    return np.asarray(shared + left[:, None], dtype=float)


def _slope(rise: Floats, run: Floats, where_flat: Floats) -> Floats:
    return np.divide(rise, run, out=where_flat.copy(), where=np.abs(run) > _CLOSE)
