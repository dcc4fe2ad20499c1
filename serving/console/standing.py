"""Standing: how the customers stand by the scores of one edition, and what is decided of them."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import pandas as pd

from features import stages
from features.indicators.known import frame, known
from features.store import Store
from serving import desks, rescore
from serving.batch import ScoreFile
from serving.campaigns import Campaigns
from serving.catalogue import catalogue, question
from serving.console.masks import Masks
from serving.decisions import Decisions, Desk
from serving.edition import Edition
from serving.limits import CampaignSettings
from serving.settings import Settings
from serving.touches import Touches
from training.scoring import Scores

KEPT = 16
"""Decisions kept, so that pages of one list need not make them again."""


@dataclass(frozen=True, eq=False)
class Standing:
    """All customers of an edition.

    Attributes:
        edition: The version and the definitions.
        scores: What it says of each.
        tokens: What stands for each in addresses, and their row.
        stages: Of each customer who has one.
    """

    edition: Edition
    scores: Scores
    tokens: Mapping[str, int] = field(repr=False)
    stages: Mapping[str, str] = field(repr=False)
    _desks: dict[tuple[str, ...], Desk] = field(default_factory=dict, repr=False)
    _decided: OrderedDict[object, "Decided"] = field(default_factory=OrderedDict, repr=False)

    @classmethod
    def of(cls, edition: Edition, masks: Masks) -> "Standing":
        """Read the scores that an edition was made of; where there are none on file, make them."""
        scores = _scores(edition)
        ids = scores.rows["customer_id"]
        tokens = {token: row for row, token in enumerate(masks.tokens(ids))}
        standing = cls(edition, scores, tokens, _stages(edition))
        for unlimited in (False, True):
            standing.decided(edition.settings, unlimited=unlimited)
        return standing

    @property
    def settings(self) -> Settings:
        """The definitions."""
        return self.edition.settings

    def touches(self) -> Touches:
        """Whom we were in touch with, campaigns sent just now among them."""
        return self._desk().touches

    def segments(self) -> list[str]:
        """The company's segments."""
        known = self.touches().segment
        return [] if known is None else sorted(known.unique())

    def segment(self, customer_id: str) -> str | None:
        """A customer's segment."""
        known = self.touches().segment
        return None if known is None else known.get(customer_id)

    def drivers(self) -> list[str]:
        """What puts customers at risk."""
        return sorted(self.scores.rows["driver"].unique())

    @cached_property
    def leaving(self) -> list[int]:
        """The best customers who are about to leave, by their rows, the largest loss first."""
        best = self.settings.list.model_dump(exclude={"most"})
        return self.edition.ranking.at_risk(**best, most=len(self.scores.rows))

    def decided(self, settings: Settings, *, unlimited: bool = False) -> "Decided":
        """The list as `outreach.flag` would write it now.

        Args:
            settings: The limits and the offers.
            unlimited: As if there were money and contacts for everybody.
        """
        limits = _unlimited(settings.campaign) if unlimited else settings.campaign
        desk = replace(
            self._desk(),
            offers=catalogue(settings.offers, settings.training.money),
            question=question(settings.offers, settings.training.money),
            limits=limits,
        )
        name = desks.next_campaign(settings)
        key = name, limits, *desk.offers, self._sent()
        if key not in self._decided:
            self._decided[key] = Decided(desk.decide(self.scores.rows, campaign=name))
        self._decided.move_to_end(key)
        while len(self._decided) > KEPT:
            self._decided.popitem(last=False)
        return self._decided[key]

    def _desk(self) -> Desk:
        """What decisions are made by; another once a campaign was sent."""
        sent = self._sent()
        if sent not in self._desks:
            self._desks[sent] = desks.desk(self.settings, self.scores.provenance)
        return self._desks[sent]

    def _sent(self) -> tuple[str, ...]:
        return tuple(campaign.id for campaign in Campaigns(self.settings.data).sent())


@dataclass(frozen=True)
class Decided:
    """A list that was decided on.

    Attributes:
        decisions: It.
    """

    decisions: Decisions

    @property
    def rows(self) -> pd.DataFrame:
        """Whom it is about, control included."""
        return self.decisions.rows

    @cached_property
    def places(self) -> Mapping[str, int]:
        """In which row each of them is."""
        return {customer: place for place, customer in enumerate(self.rows["customer_id"])}


def _unlimited(limits: CampaignSettings) -> CampaignSettings:
    return limits.model_copy(update={"budget": float("inf"), "contacts": float("inf")})


def _scores(edition: Edition) -> Scores:
    file = ScoreFile(edition.settings.data)
    ready = file.path.is_file() and file.provenance.model_version == str(edition.number)
    return file.read() if ready else rescore.aside(edition.champion)


def _stages(edition: Edition) -> Mapping[str, str]:
    settings = edition.settings
    zone = settings.features.time_zone
    with known(Store(settings.data), zone, before=edition.cutoff) as connection:
        told = frame(connection, stages.sql(edition.cutoff, zone))
    return dict(zip(told["customer_id"], told["stage"], strict=True))
