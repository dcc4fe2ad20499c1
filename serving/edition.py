"""An edition: one version of the model with its scores, ready to answer."""

import json
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import QuerenciaError
from features.provenance import Provenance
from features.snapshot import Snapshot
from serving import desks, lines
from serving.chooser import Chooser
from serving.lines import Lines
from serving.ranking import Ranking
from serving.seen import Seen
from serving.settings import Settings
from serving.verdicts import Verdicts
from training.champion import Champion
from training.model import Model
from training.rows import Rows
from training.scoring import FIGURES, Scores, figures
from training.sealed import EXAMPLE

Floats = NDArray[np.float64]

AGREES_TO = 1e-6
"""How far the two ways of scoring may be apart, relative to what is at stake."""

_STAKES = {*("customer_id", "risk", "value", "value_at_stake", "expected_loss", "leaves", "driver")}
"""Of the scores, beside what offers do: all that decisions and their promise look at."""

_MANY = 100
"""Rows beside the example, with which it is scored as many rows are."""


@dataclass(frozen=True, eq=False)
class Edition:
    """One version with its scores; every answer comes from one edition as a whole.

    Attributes:
        champion: The model and what it is registered as.
        settings: The definitions, which are those it was trained under.
        origin: Provenance of the scores.
        places: Where each customer's line is.
        lines: What is told of each.
        ranking: For lists.
        example: The rows that were registered with the model.
        stakes: What decisions are made by, a row per customer.
        seen: The risks of what clients posted.
    """

    champion: Champion
    settings: Settings
    origin: Provenance
    places: dict[str, int] = field(repr=False)
    lines: Lines = field(repr=False)
    ranking: Ranking = field(repr=False)
    example: Snapshot = field(repr=False)
    stakes: pd.DataFrame = field(repr=False)
    seen: Seen = field(default_factory=Seen, repr=False)
    _decided: dict[Hashable, Verdicts] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, champion: Champion, scores: Scores, settings: Settings) -> Self:
        """Make ready, and check.

        Raises:
            QuerenciaError: where the model does not score its own example as it should.
        """
        champion.model.risk.trees.booster_.set_param({"nthread": 1})
        folder = settings.registry.fetch(champion.version)
        edition = cls(
            champion,
            settings,
            scores.provenance,
            {customer: place for place, customer in enumerate(scores.rows["customer_id"])},
            Lines.of(lines.told(scores.rows, settings.language)),
            Ranking.of(scores.rows),
            _example(folder, champion.model.provenance),
            _stakes(scores.rows),
        )
        edition._check()
        return edition

    @property
    def model(self) -> Model:
        """What scores."""
        return self.champion.model

    @property
    def number(self) -> int:
        """The registered version."""
        return self.champion.version.number

    @property
    def cutoff(self) -> datetime:
        """The instant the scores look back from."""
        return self.origin.cutoff

    @cached_property
    def trained_as_of(self) -> datetime:
        """The model knows nothing after this instant."""
        return self.champion.trained_as_of

    @cached_property
    def knows(self) -> frozenset[str]:
        """The tables and columns the model knows customers by."""
        return frozenset(self.champion.model.provenance.records)

    def verdicts(self) -> Verdicts:
        """What would be done about each customer now.

        It is decided when first asked for, and again once a campaign was made or sent since, or
        the company was in touch with somebody.

        Raises:
            QuerenciaError: where no customer has the segment or driver that limits ask for.
        """
        campaign = desks.standing(self.settings)
        sign = (campaign, *desks.signs(self.settings))
        if sign not in self._decided:
            self._decided.clear()
            decider = self.chooser.desk
            self._decided[sign] = Verdicts.of(decider, self.stakes, campaign=campaign)
        return self._decided[sign]

    @cached_property
    def chooser(self) -> Chooser:
        """Decides whom to contact within limits."""
        return Chooser(self.settings, self.origin, self.stakes)

    def leaving(
        self,
        *,
        top_share: float | None = None,
        min_risk: float | None = None,
        segment: str | None = None,
        driver: str | None = None,
        most: int | None = None,
    ) -> list[int]:
        """The best customers who are about to leave, the largest expected loss first.

        Args:
            top_share: As of `Ranking.at_risk`, as is
            min_risk: this one; left out: as configured (`[list]`).
            segment: Only those of this segment; and
            driver: only those put at risk by this.
            most: At most so many; left out: all of them.

        Returns:
            Their places.

        Raises:
            QuerenciaError: where no customer has the segment or the driver.
        """
        usual = self.settings.list
        return self.ranking.at_risk(
            top_share=usual.top_share if top_share is None else top_share,
            min_risk=usual.min_risk if min_risk is None else min_risk,
            most=len(self.stakes) if most is None else most,
            among=self.chooser.only(segment=segment, driver=driver) if segment or driver else None,
        )

    def forget(self, customers: Iterable[str]) -> None:
        """Answer for these customers no more."""
        for customer_id in customers:
            place = self.places.pop(customer_id, None)
            if place is not None:
                self.ranking.place[place] = np.inf  # no list goes so far down

    def definitions(self, cutoff: datetime | None = None) -> dict[str, Any]:
        """What goes with every answer."""
        looked_back = cutoff or self.cutoff
        age_days = round((datetime.now(UTC) - looked_back).total_seconds() / 86_400, 3)
        return {**self._constant, "cutoff": looked_back, "age_days": age_days}

    @cached_property
    def _constant(self) -> dict[str, Any]:
        origin = self.origin
        return {
            "model_version": str(self.number),
            "cutoff": None,
            "age_days": None,
            "churn": origin.churn,
            "horizon_days": origin.horizon_days,
            "currency": origin.currency,
            "time_zone": origin.time_zone,
            "feature_version": origin.feature_version,
        }

    @property
    def is_sound(self) -> bool:
        """Whether the model answers its own example with probabilities."""
        risk = self.model.risk.predict(self.example)
        return bool(((risk >= 0) & (risk <= 1)).all())

    def _check(self) -> None:
        """Score the example as few rows are, and as many are; the trees also by xgboost itself."""
        rows, trees = np.arange(len(self.example)), self.model.risk.trees
        many = self.example.select(np.resize(rows, rows.size + _MANY))
        quick, slow = (figures(self.model, Rows.of(each)) for each in (self.example, many))
        far = AGREES_TO * (1 + quick["value_at_stake"])
        agreed = [_agree(quick[name], slow[name][: rows.size], far) for name in FIGURES]
        agreed.append(_agree(trees.predict(self.example), trees.by_xgboost(self.example), far))
        if not all(agreed):
            raise self._refused("scores its example in two ways that differ")
        if not self.is_sound:
            raise self._refused("gives its example risks that are no probabilities")

    def _refused(self, what: str) -> QuerenciaError:
        return QuerenciaError(f"Version {self.number} {what}. Train again: querencia train")


def _stakes(scores: pd.DataFrame) -> pd.DataFrame:
    kept = [name for name in scores if name in _STAKES or str(name).startswith("saved_")]
    return scores[kept].astype({"driver": "category"})


def _agree(one: Floats, other: Floats, far: Floats) -> bool:
    return bool(np.isclose(one, other, rtol=AGREES_TO, atol=far, equal_nan=True).all())


def _example(folder: Path, origin: Provenance) -> Snapshot:
    """The example rows that were registered with a model."""
    stored = json.loads((folder / EXAMPLE).read_text("utf-8"))
    columns: list[str] = stored["columns"]
    rows = pd.DataFrame(stored["data"], columns=columns).astype(float)
    rows.insert(0, "customer_id", [f"example {i}" for i in range(len(rows))])
    rows.insert(1, "cutoff", pd.Timestamp(origin.cutoff))
    return Snapshot.of(rows, tuple(columns), origin)
