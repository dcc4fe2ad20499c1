"""The model that serves: risk and value, trained as of one instant, in plain files."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.comments import Themes
from features.provenance import DefinitionError, Provenance
from features.snapshot import Snapshot
from training import novelty
from training.blend import BlendedRisk
from training.blending import Blending
from training.buyers import BuyersSpend
from training.churn import LogisticRisk, Member, TreeRisk
from training.effects import Effects
from training.outlook import Outlook
from training.prospects import Prospects, fit_value, rhythm
from training.purchases.histories import Histories
from training.rows import Known
from training.settings import MoneySettings, TrainingSettings
from training.value import ValueModel

Floats = NDArray[np.float64]

FORMAT = 6
"""Version of the files below; a model in another format is refused."""

PARAMETERS, TREES = "model.json", "trees.ubj"


@dataclass(frozen=True)
class Everybody:
    """What was learned of all customers, where the rows at hand are of those drawn.

    Attributes:
        histories: As of the instant the model is trained as of.
        trees: Of the churn model.
    """

    histories: Histories | None = None
    trees: TreeRisk | None = None


@dataclass(frozen=True)
class Model:
    """Risk and value under one set of definitions.

    Attributes:
        risk: Tells the chance of churn within the horizon.
        value: Tells the expected discounted margin.
        provenance: The definitions it was trained under; its cut-offs are those it learned from.
        themes: What comments are about; None where there were too few to learn it.
        outlook: Levels and intervals of what is expected.
        unvaried: The features that were the same for everybody it learned from.
        buyers: Tells what those who buy spend; None where too few bought to learn it.
        effects: What offers do.
    """

    risk: BlendedRisk
    value: ValueModel
    provenance: Provenance
    themes: Themes | None = None
    outlook: Outlook = field(default_factory=Outlook)
    unvaried: novelty.Constants = field(default_factory=dict)
    buyers: BuyersSpend | None = None
    effects: Effects = field(default_factory=lambda: Effects.untried(MoneySettings()))

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
        outlook: Outlook | None = None,
        everybody: Everybody | None = None,
    ) -> Self:
        """Learn what can be known at the cut-off of `present`.

        Args:
            past: Rows at cut-offs whose horizons have closed, with labels. Those who were made an
                offer in the horizon are left out: the risk is the risk without one.
            present: Rows at the cut-off the model is trained as of; their labels are not looked
                at.
            settings: How.
            margin_rate: What the company keeps of its net sales.
            blending: How members become the risk, as `training.blending.choose` says; left out:
                their plain mean.
            themes: What the rows' comments are told by.
            outlook: Learned at rehearsals; left out: no levels and no intervals.
            everybody: What was learned elsewhere of more customers than these.
        """
        past, present = _ordered(past.untreated), _ordered(present)
        more = everybody or Everybody()
        value = fit_value(present, settings, margin_rate=margin_rate, histories=more.histories)
        process = rhythm(value, past.provenance)
        risk = BlendedRisk.fit(
            process, past, settings, present=present.rows, blending=blending, trees=more.trees
        )
        unvaried = novelty.constants(past.rows, past.names)
        buyers = BuyersSpend.learn(past)
        return cls(
            risk,
            value,
            past.provenance,
            themes,
            outlook or Outlook(),
            unvaried,
            buyers,
            Effects.untried(settings.money),
        )

    @property
    def features(self) -> tuple[str, ...]:
        """What it knows of a customer, in order."""
        return self.risk.logistic.features

    def prospects(self, rows: Known) -> Prospects:
        """What value and buyers tell of rows of any cut-off, made under its definitions."""
        return Prospects(self.value, rows, self.provenance, self.buyers)

    def expected_amounts(self, prospects: Prospects, risk: Floats) -> dict[str, Floats]:
        """Expected `purchases` (days) and `spend` (currency) of each row in the horizon.

        Args:
            prospects: Of the rows.
            risk: Theirs, as `self.risk` predicts it.
        """
        return self.outlook.corrected(prospects.expected_amounts(risk))

    def value_at_stake(self, prospects: Prospects, risk: Floats) -> tuple[Floats, Floats]:
        """What each row is worth, and what is lost if they leave now, in currency."""
        level = self.outlook.level("spend")
        value, at_stake = prospects.value_at_stake(risk)
        return level * value, level * at_stake

    def value_interval(self, value: Floats) -> tuple[Floats, Floats]:
        """The ends between which what 80 % of such customers are worth ends up, in currency.

        The value horizon is longer than any that has closed: the margin is taken to vary as spend
        of the same size does over the horizon. How that did on the company's own past, over what
        has closed, is in `Outlook.hindsight`. On CDNOW, learned over 90 days and asked for 180 to
        365, such intervals about what the purchase process expects held 79 to 88 % of the
        customers and 79 to 87 % of the top tenth.
        """
        margin = self.value.margin_rate
        low, high = self.outlook.interval("spend", value / margin)
        return margin * low, margin * high

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
                    "outlook": self.outlook.to_dict(),
                    "effects": self.effects.save(folder),
                    "themes": self.themes.to_dict() if self.themes else None,
                    "unvaried": dict(self.unvaried),
                    "buyers": self.buyers.to_dict() if self.buyers else None,
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
        trees = TreeRisk.load(folder / TREES, features=parameters["trees"]["features"])
        members: dict[str, Member] = {
            "logistic": LogisticRisk.from_dict(parameters["logistic"]),
            "trees": trees,
        }
        if process := rhythm(value, provenance):
            members = {process.purchases.kind_: process, **members}
        peers = {name: pd.DataFrame(each) for name, each in parameters["peers"].items()}
        risk = BlendedRisk(members, Blending.from_dict(parameters["blending"]), peers)
        themes = Themes.from_dict(parameters["themes"]) if parameters["themes"] else None
        outlook = Outlook.from_dict(parameters["outlook"])
        buyers = BuyersSpend.from_dict(parameters["buyers"]) if parameters["buyers"] else None
        effects = Effects.load(folder, parameters["effects"], trees=trees)
        unvaried = parameters["unvaried"]
        return cls(risk, value, provenance, themes, outlook, unvaried, buyers, effects)


def _ordered(snapshot: Snapshot) -> Snapshot:
    """The rows in one order, for what is drawn from them depends on it."""
    return snapshot.select(
        np.lexsort((snapshot.ids.astype(str)[snapshot.customer], snapshot.instants))
    )
