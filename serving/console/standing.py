"""Standing: how the customers stand by the scores of one edition, and what is decided of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from features import stages
from features.indicators.known import frame, known
from features.store import Store
from serving import rescore
from serving.batch import ScoreFile
from serving.chooser import Chooser, Chosen
from serving.console.masks import Masks
from serving.edition import Edition
from serving.settings import Settings
from training.scoring import Scores


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

    @cached_property
    def chooser(self) -> Chooser:
        """Decides whom to contact within limits."""
        return Chooser(self.settings, self.edition.origin, self.scores.rows)

    def segments(self) -> list[str]:
        """The company's segments."""
        return self.chooser.segments

    def segment(self, customer_id: str) -> str | None:
        """A customer's segment."""
        return (self.chooser.touches.segment or {}).get(customer_id)

    @cached_property
    def drivers(self) -> list[str]:
        """What puts customers at risk."""
        return sorted(self.scores.rows["driver"].unique())

    @cached_property
    def leaving(self) -> list[int]:
        """The best customers who are about to leave, by their rows, the largest loss first."""
        return self.edition.leaving()

    def decided(self, settings: Settings, *, unlimited: bool = False) -> Chosen:
        """The list as `outreach.flag` would write it now.

        Args:
            settings: The limits and the offers.
            unlimited: As if there were money and contacts for everybody.
        """
        everybody = {"budget": float("inf"), "contacts": float("inf")} if unlimited else {}
        return self.chooser.choose(settings.campaign.but(**everybody), settings.offers)


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
