"""The desk of a company: its offers, limits, and whom it was in touch with, as of its scores."""

from datetime import datetime
from zoneinfo import ZoneInfo

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


def standing(settings: Settings) -> str:
    """The id of the campaign that decisions of now belong to: the draft's, or that of the next."""
    drafts = Campaigns(settings.data).drafts()
    return drafts[-1].id if drafts else next_campaign(settings)


def next_campaign(settings: Settings) -> str:
    """The id of the campaign that would be made now."""
    today = datetime.now(ZoneInfo(settings.features.time_zone)).date()
    return Campaigns(settings.data).next_id(today)


def signs(settings: Settings) -> tuple[int, ...]:
    """Change whenever a desk would not be the same any more."""
    store = Store(settings.data)
    files = [store.path(table) for table in ("offers", "contacts", "surveys", "customers")]
    places = (*files, Campaigns(settings.data).folder)
    return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in places)
