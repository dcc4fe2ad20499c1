"""The whole report: every section that the records, scores, campaigns and model carry."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from features import usability
from features.indicators.period import Period, looked_at
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
from serving.report.staying import Staying
from serving.report.staying import read as staying
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
        staying: How models get worse with age, and how often to train.
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
    staying: Staying | None
    health: Usability

    @property
    def followed_from(self) -> datetime:
        """From when on it is judged what followed touchpoints: a horizon before the end."""
        return self.journey_over.end - timedelta(days=self.settings.features.horizon_days)


def gather(
    settings: Settings, *, now: datetime, first: date | None = None, last: date | None = None
) -> Report:
    """Everything there is to report on a period; who is at risk, and the model, are of now.

    Args:
        settings: Where everything lies, and the definitions.
        now: The present.
        first: The first day of the period, and
        last: its last; left out: the last horizon of the records.

    Raises:
        QuerenciaError: where there are no records, they were read under other definitions, or the
            scores are not those of the model that serves.
    """
    store, features = Store(settings.data), settings.features
    buys = "transactions" in store.has
    if buys:
        store.require_same(features)
    period = looked_at(store, features, first=first, last=last)
    long = _longer(period, features)
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
        staying(settings.data, features),
        usability.report(usability.learn(store, features, now=now), now=now),
    )


def _longer(period: Period, settings: FeatureSettings) -> Period:
    """The period, or as long a time before its end as what follows takes to be seen."""
    start = period.end - timedelta(days=LONG * settings.horizon_days)
    return Period(min(start, period.start), period.end)


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
