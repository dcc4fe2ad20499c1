"""The model that serves: risk and value, trained as of one instant, in plain files."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from features.comments import Themes
from features.provenance import DefinitionError, Provenance
from features.snapshot import Snapshot
from training.blend import BlendedRisk
from training.blending import Blending
from training.btyd import PurchaseModel
from training.churn import LogisticRisk, Member, RhythmRisk, TreeRisk
from training.settings import TrainingSettings
from training.spend import SpendModel
from training.value import ValueModel

FORMAT = 3
"""Version of the files below; a model in another format is refused."""

PARAMETERS, TREES = "model.json", "trees.ubj"


@dataclass(frozen=True)
class Model:
    """Risk and value under one set of definitions.

    Attributes:
        risk: Tells the chance of churn within the horizon.
        value: Tells the expected discounted margin.
        provenance: The definitions it was trained under; its cut-offs are those it learned from.
        themes: What comments are about; None where there were too few to learn it.
    """

    risk: BlendedRisk
    value: ValueModel
    provenance: Provenance
    themes: Themes | None = None

    @classmethod
    def fit(
        cls,
        past: Snapshot,
        present: Snapshot,
        settings: TrainingSettings,
        *,
        margin_rate: float,
        blending: Blending | None = None,
        themes: Themes | None = None,
    ) -> Self:
        """Learn what can be known at the cut-off of `present`.

        Args:
            past: Rows at cut-offs whose horizons have closed, with labels.
            present: Rows at the cut-off the model is trained as of; their labels are not looked
                at.
            settings: How.
            margin_rate: What the company keeps of its net sales.
            blending: How members become the risk, as `training.blending.choose` says; left out:
                their plain mean.
            themes: What the rows' comments are told by.
        """
        past, present = _ordered(past), _ordered(present)
        money = settings.money
        value = ValueModel(
            PurchaseModel(settings.purchases, random_state=settings.random_state),
            SpendModel(),
            margin_rate=margin_rate,
            discount_rate=money.discount_rate,
            value_horizon_days=money.value_horizon_days,
        ).fit(*present.history, present.rows["monetary_value"].to_numpy())
        rhythm = _rhythm(value, past.provenance)
        risk = BlendedRisk.fit(rhythm, past, settings, present=present.rows, blending=blending)
        return cls(risk, value, past.provenance, themes)

    def save(self, folder: Path) -> None:
        """Write the model as JSON and UBJ files; nothing is pickled."""
        folder.mkdir(parents=True, exist_ok=True)
        self.risk.trees.save(folder / TREES)
        (folder / PARAMETERS).write_text(
            json.dumps(
                {
                    "format": FORMAT,
                    "provenance": self.provenance.model_dump(mode="json"),
                    "logistic": self.risk.logistic.to_dict(),
                    "trees": {"features": list(self.risk.trees.features)},
                    "blending": self.risk.blending.to_dict(),
                    "peers": {name: each.to_dict("list") for name, each in self.risk.peers.items()},
                    "value": self.value.to_dict(),
                    "themes": self.themes.to_dict() if self.themes else None,
                },
                indent=1,
            )
        )

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The model that `save` wrote.

        Raises:
            DefinitionError: where it was written in another format.
        """
        parameters = json.loads((folder / PARAMETERS).read_text())
        if parameters["format"] != FORMAT:
            raise DefinitionError(
                f"This model has format {parameters['format']}, and this version "
                f"reads format {FORMAT}. Train again: querencia train"
            )
        provenance = Provenance.model_validate(parameters["provenance"])
        value = ValueModel.from_dict(parameters["value"])
        members: dict[str, Member] = {
            "logistic": LogisticRisk.from_dict(parameters["logistic"]),
            "trees": TreeRisk.load(folder / TREES, features=parameters["trees"]["features"]),
        }
        if rhythm := _rhythm(value, provenance):
            members = {rhythm.purchases.kind_: rhythm, **members}
        peers = {name: pd.DataFrame(each) for name, each in parameters["peers"].items()}
        risk = BlendedRisk(members, Blending.from_dict(parameters["blending"]), peers)
        themes = Themes.from_dict(parameters["themes"]) if parameters["themes"] else None
        return cls(risk, value, provenance, themes)


def _ordered(snapshot: Snapshot) -> Snapshot:
    """The rows in one order, for what is drawn from them depends on it."""
    return snapshot.select(
        np.lexsort((snapshot.ids.astype(str)[snapshot.customer], snapshot.instants))
    )


def _rhythm(value: ValueModel, provenance: Provenance) -> RhythmRisk | None:
    """The purchase process as a member of the risk, where churn is its silence."""
    if provenance.churn != "inactivity":
        return None
    return RhythmRisk(value.purchases, provenance.horizon_days)
