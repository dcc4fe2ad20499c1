"""What an offer does to each customer, learned from contacts whose arm was drawn at random.

Three ways, all on boosted trees. The T-learner fits each arm and takes the difference. The
X-learner goes on to fit what each contact of one arm lacks against the other arm's forecast of it,
and so learns the difference itself (Künzel et al. 2019, "Metalearners for estimating heterogeneous
treatment effects using machine learning", equations 7 to 9). The response model ranks by the
outcome under the offer alone: the baseline that sometimes wins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, get_args

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from training.rows import Known, Rows

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Values = NDArray[np.float32]

Kind = Literal["t", "x", "response"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_ARMS = {"objective": "binary:logistic", "eta": 0.05, "max_depth": 4, "min_child_weight": 20}
_DIFFERENCE = {
    "objective": "reg:squarederror",
    "eta": 0.03,
    "max_depth": 3,
    "min_child_weight": 100,
    "lambda": 50,
}
_SHARED = {"subsample": 0.8, "colsample_bytree": 0.6, "nthread": 1}
_ROUNDS = 100


@dataclass(frozen=True)
class Uplift:
    """Fall of the chance of a loss by an offer, of each customer.

    Attributes:
        kind: The way.
        features: What it looks at.
        share: Share of the contacts it learned from to whom the offer was made.
        trees: By arm: the chance of a loss, or of the X-learner what the offer saves.
    """

    kind: Kind
    features: tuple[str, ...]
    share: float
    trees: Mapping[str, xgb.Booster]

    def predict(self, rows: Known) -> Floats:
        """What the offer saves, in points of risk; of the response model, a rank alone."""
        values = _values(rows, self.features)
        offered = _tell(self.trees["offered"], values)
        if self.kind == "response":
            return 1 - offered
        control = _tell(self.trees["control"], values)
        if self.kind == "t":
            return control - offered
        return self.share * control + (1 - self.share) * offered

    def save(self, folder: Path, name: str) -> dict[str, Any]:
        """Write the trees as `NAME-ARM.ubj`; the rest is given back, for JSON."""
        for arm, trees in self.trees.items():
            trees.save_model(folder / f"{name}-{arm}.ubj")
        return {
            "kind": self.kind,
            "features": list(self.features),
            "share": self.share,
            "arms": list(self.trees),
        }

    @classmethod
    def load(cls, folder: Path, name: str, state: Mapping[str, Any]) -> Self:
        """What `save` wrote."""
        return cls(
            state["kind"],
            tuple(state["features"]),
            state["share"],
            {arm: xgb.Booster(model_file=folder / f"{name}-{arm}.ubj") for arm in state["arms"]},
        )


def learn(
    rows: Known,
    lost: Floats,
    offered: Mask,
    *,
    features: Sequence[str],
    random_state: int = 0,
) -> dict[Kind, Uplift]:
    """Every learner, all on the same two arms.

    Args:
        rows: What was known at the contact.
        lost: 1 where the customer was lost, or how likely, shape (n,).
        offered: Whether the offer was made, else held out, shape (n,).
        features: What to look at.
        random_state: Seed of the trees.
    """
    values, share = _values(rows, features), float(offered.mean())

    def fit(of: Mask, target: Floats, parameters: Mapping[str, Any]) -> xgb.Booster:
        data = xgb.QuantileDMatrix(values[of], target)
        return xgb.train({**_SHARED, **parameters, "seed": random_state}, data, _ROUNDS)

    arms = {name: fit(of, lost[of], _ARMS) for name, of in _of(offered)}
    saved = {
        "offered": _tell(arms["control"], values[offered]) - lost[offered],
        "control": lost[~offered] - _tell(arms["offered"], values[~offered]),
    }
    differences = {name: fit(of, saved[name], _DIFFERENCE) for name, of in _of(offered)}
    return {
        "t": Uplift("t", tuple(features), share, arms),
        "x": Uplift("x", tuple(features), share, differences),
        "response": Uplift("response", tuple(features), share, {"offered": arms["offered"]}),
    }


def _of(offered: Mask) -> tuple[tuple[str, Mask], ...]:
    return ("offered", offered), ("control", ~offered)


def _tell(trees: xgb.Booster, values: Values) -> Floats:
    return np.asarray(trees.inplace_predict(values), dtype=float)


def _values(rows: Known, features: Sequence[str]) -> Values:
    return Rows.of(rows).values(tuple(features)).astype(np.float32)
