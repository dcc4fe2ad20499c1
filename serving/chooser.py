"""The chooser: whom to contact within limits, decided when first asked for and kept while it holds.

What the console lists and the endpoint `at_risk` tells is what `querencia flag` would write.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from features.provenance import Provenance
from serving import desks
from serving.catalogue import Offer, catalogue, question
from serving.crowd import Crowd
from serving.decisions import Decisions, Desk
from serving.exclusions import Mask, only
from serving.limits import CampaignSettings
from serving.settings import Settings
from serving.touches import Touches

KEPT = 16
"""Decisions kept, so that pages of one list need not make them again."""


@dataclass(frozen=True)
class Chosen:
    """A list that was decided on.

    Attributes:
        campaign: The id it would have.
        decisions: It.
    """

    campaign: str
    decisions: Decisions

    @property
    def rows(self) -> pd.DataFrame:
        """Whom it is about, control included."""
        return self.decisions.rows

    @cached_property
    def places(self) -> Mapping[str, int]:
        """In which row each of them is."""
        return {customer: place for place, customer in enumerate(self.rows["customer_id"])}


@dataclass(frozen=True, eq=False)
class Chooser:
    """Decides on customers by their scores.

    Attributes:
        settings: Where records and campaigns lie, and what is offered.
        origin: Provenance of the scores.
        rows: The scores, with the columns that decisions look at.
    """

    settings: Settings
    origin: Provenance
    rows: pd.DataFrame = field(repr=False)
    _ready: dict[Hashable, tuple[Desk, Crowd]] = field(default_factory=dict, repr=False)
    _chosen: dict[Hashable, Chosen] = field(default_factory=dict, repr=False)

    def choose(self, limits: CampaignSettings, offers: Mapping[str, Offer] | None = None) -> Chosen:
        """The list as `outreach.flag` would write it now.

        Args:
            limits: Budget, contacts, who comes into question.
            offers: What can be offered; left out: what is configured.

        Raises:
            QuerenciaError: where no customer has the segment or the driver wanted.
        """
        configured, money = self.settings.offers, self.settings.training.money
        offered = configured if offers is None else offers
        made, name = catalogue(offered, money), desks.next_campaign(self.settings)
        key = name, limits, *made.items(), desks.signs(self.settings)
        found = self._chosen.pop(key, None)
        if found is None:
            desk, crowd = self._now()
            decider = replace(desk, offers=made, question=question(offered, money), limits=limits)
            found = Chosen(name, decider.choose(crowd, campaign=name))
        self._chosen[key] = found  # the one asked for last is forgotten last
        for old in list(self._chosen)[:-KEPT]:
            self._chosen.pop(old, None)
        return found

    def only(self, *, segment: str | None = None, driver: str | None = None) -> Mask:
        """Who has the segment and the driver that are wanted, shape (n,).

        Raises:
            QuerenciaError: where nobody has.
        """
        _, crowd = self._now()
        found = np.empty(len(self.rows), dtype=bool)
        found[crowd.numbers] = only(crowd.rows, crowd.touched, segment=segment, driver=driver)
        return found

    @property
    def segments(self) -> list[str]:
        """The company's segments."""
        return sorted(self._now()[1].touched.segment.cat.categories)

    @property
    def touches(self) -> Touches:
        """Whom the company was in touch with."""
        return self.desk.touches

    @property
    def desk(self) -> Desk:
        """What decisions are made by; another one when anything changed that it rests on."""
        return self._now()[0]

    def _now(self) -> tuple[Desk, Crowd]:
        signs = desks.signs(self.settings)
        found = self._ready.get(signs)
        if found is None:
            desk = desks.desk(self.settings, self.origin)
            found = desk, Crowd.of(self.rows, desk.touches, seed=desk.limits.seed)
            self._ready.clear()
            self._ready[signs] = found
        return found
