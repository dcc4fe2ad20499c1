"""The desk of a company: its offers, limits, and whom it was in touch with, as of its scores."""

from features.provenance import Provenance
from features.store import Store
from serving.campaigns import Campaigns
from serving.catalogue import catalogue, question
from serving.decisions import Desk
from serving.settings import Settings
from serving.touches import Touches


def desk(settings: Settings, origin: Provenance) -> Desk:
    """What decisions on scores of this origin are made by."""
    money = settings.training.money
    touches = Touches.look(
        Store(settings.data),
        [campaign.decided() for campaign in Campaigns(settings.data).sent()],
        origin.cutoff,
        settings.campaign,
        horizon_days=origin.horizon_days,
    )
    return Desk(
        catalogue(settings.offers, money),
        question(settings.offers, money),
        settings.campaign,
        touches,
    )
