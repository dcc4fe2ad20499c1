"""What an offer does to each customer, learned from contacts whose arm was drawn at random.

Three ways, all on boosted trees. The T-learner fits each arm and takes the difference. The
X-learner goes on to fit what each contact of one arm lacks against the other arm's forecast of it,
and so learns the difference itself (Künzel et al. 2019, "Metalearners for estimating heterogeneous
treatment effects using machine learning", equations 7 to 9). The response model ranks by the
outcome under the offer alone: the baseline that sometimes wins.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self, get_args

import numpy as np
import pandas as pd
import xgboost as xgb
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

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


class Uplift:
    """Fall of the chance of a loss by an offer, of each customer.

    Args:
        kind: The way.
        features: What it looks at.
        random_state: Seed of the trees.
    """

    def __init__(self, kind: Kind, *, features: Sequence[str], random_state: int = 0) -> None:
        self.kind = kind
        self.features = tuple(features)
        self.random_state = random_state

    def fit(self, rows: pd.DataFrame, lost: Floats, offered: Mask) -> Self:
        """Learn.

        Args:
            rows: What was known at the contact.
            lost: 1 where the customer was lost, or how likely, shape (n,).
            offered: Whether the offer was made, else held out, shape (n,).
        """
        values = self._values(rows)
        self.share_ = float(offered.mean())
        self.trees_ = {"offered": self._trees(values[offered], lost[offered], _ARMS)}
        if self.kind != "response":
            self.trees_["control"] = self._trees(values[~offered], lost[~offered], _ARMS)
        if self.kind == "x":
            self.trees_ = self._differences(values, lost, offered)
        return self

    def _differences(
        self, values: NDArray[np.float32], lost: Floats, offered: Mask
    ) -> dict[str, xgb.Booster]:
        saved = self._tell("control", values[offered]) - lost[offered]
        could_be = lost[~offered] - self._tell("offered", values[~offered])
        return {
            "offered": self._trees(values[offered], saved, _DIFFERENCE),
            "control": self._trees(values[~offered], could_be, _DIFFERENCE),
        }

    def predict(self, rows: pd.DataFrame) -> Floats:
        """What the offer saves, in points of risk; of the response model, a rank alone."""
        values = self._values(rows)
        offered = self._tell("offered", values)
        if self.kind == "response":
            return 1 - offered
        control = self._tell("control", values)
        if self.kind == "t":
            return control - offered
        return self.share_ * control + (1 - self.share_) * offered

    def _trees(
        self, values: NDArray[np.float32], target: Floats, parameters: Mapping[str, Any]
    ) -> xgb.Booster:
        data = xgb.QuantileDMatrix(values, target)
        return xgb.train({**_SHARED, **parameters, "seed": self.random_state}, data, _ROUNDS)

    def _tell(self, arm: str, values: NDArray[np.float32]) -> Floats:
        return np.asarray(self.trees_[arm].inplace_predict(values), dtype=float)

    def _values(self, rows: pd.DataFrame) -> NDArray[np.float32]:
        return rows[list(self.features)].to_numpy(dtype=np.float32)

    def save(self, folder: Path, name: str) -> dict[str, Any]:
        """Write the trees as `NAME-ARM.ubj`; the rest is given back, for JSON."""
        for arm, trees in self.trees_.items():
            trees.save_model(folder / f"{name}-{arm}.ubj")
        return {
            "kind": self.kind,
            "features": list(self.features),
            "share": self.share_,
            "arms": list(self.trees_),
        }

    @classmethod
    def load(cls, folder: Path, name: str, state: Mapping[str, Any]) -> Self:
        """What `save` wrote."""
        model = cls(state["kind"], features=state["features"])
        model.share_ = state["share"]
        model.trees_ = {
            arm: xgb.Booster(model_file=folder / f"{name}-{arm}.ubj") for arm in state["arms"]
        }
        return model
