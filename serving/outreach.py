"""Outreach: the list of a campaign made from the last scores, and noted once it went out."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from features import intake
from features.probation import changing
from features.records import CONTRACTS
from features.sources import Source
from serving import batch, desks, forgetting
from serving.batch import ScoreFile
from serving.campaigns import Campaign, Campaigns
from serving.past import Past
from serving.promise import Promise
from serving.settings import Settings


def flag(settings: Settings) -> Campaign:
    """Write the list of a campaign from the last scores: a draft, in place of the one before."""
    with changing(settings.data):
        forgetting.settle(settings)
        scores = ScoreFile(settings.data).read()
        campaigns = Campaigns(settings.data)
        name = desks.next_campaign(settings)
        desk = desks.desk(settings, scores.provenance)
        decisions = desk.decide(scores.rows, campaign=name)
        rows = batch.listed(
            decisions.rows, scores.provenance, campaign=name, language=settings.language
        )
        promise = Promise.of(decisions, settings.campaign.budget)
        return campaigns.write(name, rows, promise.summary(desk, scores.provenance))


def send(settings: Settings, campaign: str, day: date | None = None) -> Past:
    """Note that the list of a campaign went out: its offers are records from now on.

    Args:
        settings: Where it lies.
        campaign: Its id.
        day: When it went out, at its begin; left out: now.
    """
    zone = ZoneInfo(settings.features.time_zone)
    at = datetime.combine(day, time(), zone) if day else datetime.now(UTC)
    with changing(settings.data):
        went = Campaigns(settings.data).send(campaign, at.astimezone(UTC))
        record([went], settings.data, settings)
    return Past(went, None, "closes")


def record(sent: Iterable[Campaign], folder: Path, settings: Settings) -> None:
    """Add the offers of sent campaigns to the records, where they are not there yet."""
    for campaign in sent:
        intake.append(Source(campaign.offers), CONTRACTS["offers"], folder, settings.features)
