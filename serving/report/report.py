"""The whole report: every section that the records, scores, campaigns and model carry."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from features import usability
from features.indicators.period import Period, last_day
from features.indicators.trends import Trend, ticket_trends
from features.journey import Touchpoint, touchpoints
from features.settings import FeatureSettings
from features.store import Store
from features.usability import Report as Usability
from serving import batch
from serving.batch import ScoreFile
from serving.campaigns import Campaign, Campaigns
from serving.past import Past, look_back
from serving.report.life import Life, life
from serving.report.moves import Indicators, indicators
from serving.report.risk import Risk, risk
from serving.report.trust import Trust, trust
from serving.report.voice import Silent, Voice, silent_risk, voice
from serving.settings import Settings
from training.champion import Champion
from training.scoring import Scores

LONG = 4
"""Horizons looked back over where what follows must be seen too: journey, voice, next stages."""


@dataclass(frozen=True)
class Report:
    """What a company should know of its customers.

    Attributes:
        made_at: When it was made.
        settings: The definitions it was made under.
        indicators: What changed.
        life: Stages and moves between them.
        topics: Tickets by topic beside the period before, the surest changes first.
        journey: Touchpoints, moments of truth first; and
        journey_over: the period they are of.
        voice: What comments are about.
        risk: Who is at risk, and what it costs.
        silent: Who of them says nothing.
        campaign: The latest list; and
        campaigns: every one, with what came of it.
        trust: How the model did.
        health: What the records are good for.
    """

    made_at: datetime
    settings: Settings
    indicators: Indicators
    life: Life | None
    topics: tuple[Trend, ...]
    journey: tuple[Touchpoint, ...]
    journey_over: Period
    voice: Voice | None
    risk: Risk | None
    silent: Silent | None
    campaign: Campaign | None
    campaigns: tuple[Past, ...]
    trust: Trust | None
    health: Usability


def gather(settings: Settings, *, now: datetime) -> Report:
    """Everything there is to report as of the last day of the records.

    Raises:
        QuerenciaError: where there are no records, they were read under other definitions, or the
            scores are not those of the model that serves.
    """
    store, features = Store(settings.data), settings.features
    buys = "transactions" in store.has
    if buys:
        store.require_same(features)
    period, long = periods(store, features)
    scored = _scored(settings)
    scores, champion = scored or (None, None)
    every = Campaigns(settings.data).all()
    return Report(
        now,
        settings,
        indicators(
            store,
            features,
            period,
            learned_over=long,
            targets={name: entry.target for name, entry in settings.indicators.items()},
        ),
        life(store, features, period, learned_over=long) if buys else None,
        ticket_trends(store, features, period) if "tickets" in store.has else (),
        _journey(store, features, long) if buys else (),
        long,
        voice(store, features, long, champion.model.themes if champion else None),
        risk(scores, store, features) if scores else None,
        silent_risk(scores, store, features, min_risk=settings.list.min_risk) if scores else None,
        every[-1] if every else None,
        tuple(look_back(campaign, store, features) for campaign in every),
        trust(settings.registry, champion) if champion else None,
        usability.report(usability.learn(store, features, now=now), now=now),
    )


def periods(store: Store, settings: FeatureSettings) -> tuple[Period, Period]:
    """The last horizon of the records, and the longer period that ends with it."""
    end, days = last_day(store), settings.horizon_days
    short, long = (
        Period.of(end - timedelta(days=count * days - 1), end, settings.time_zone)
        for count in (1, LONG)
    )
    return short, long


def _scored(settings: Settings) -> tuple[Scores, Champion] | None:
    """The last scores and the model that made them; None before the first."""
    if not ScoreFile(settings.data).path.is_file():
        return None
    champion = Champion.require(settings.registry)
    return batch.last(settings.data, champion, settings.features), champion


def _journey(store: Store, settings: FeatureSettings, period: Period) -> tuple[Touchpoint, ...]:
    """The touchpoints; none where purchases are all there is, which is no journey."""
    found = touchpoints(store, settings, period)
    return found if any(each.phase != "purchase" for each in found) else ()
