"""The voice: themes with what follows them, quotes, and who at risk does not say a word."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from features.comments import Themes
from features.indicators.period import Period
from features.settings import FeatureSettings
from features.store import Store
from features.voice import ThemeVoice, comments, quotes, silent, voices
from serving.report.risk import Group
from training.scoring import Scores


@dataclass(frozen=True)
class Voice:
    """What customers say.

    Attributes:
        period: When they said it.
        comments: How many.
        themes: What they are about, the one most is made of first.
        quotes: By theme, what promoters wrote and allowed to be quoted, the latest first.
    """

    period: Period
    comments: int
    themes: tuple[ThemeVoice, ...]
    quotes: Mapping[str, tuple[str, ...]]


def voice(
    store: Store, settings: FeatureSettings, period: Period, themes: Themes | None
) -> Voice | None:
    """What comments of a period are about; None where there are too few to find themes."""
    if themes is None or "surveys.comment" not in store.has:
        return None
    told = comments(store, settings, period, themes)
    if told.empty:
        return None
    before = comments(store, settings, period.before, themes)
    return Voice(period, len(told), voices(told, before, themes), quotes(told))


@dataclass(frozen=True)
class Silent:
    """Customers at risk of whom nothing was heard: no contact, no ticket, no answer.

    Attributes:
        days: In so many days.
        group: What the scores say of them.
        rows: Their scores, the greatest expected loss first: a list to ask.
    """

    days: int
    group: Group
    rows: pd.DataFrame


def silent_risk(
    scores: Scores, store: Store, settings: FeatureSettings, *, min_risk: float
) -> Silent | None:
    """Who is at risk and silent; None where no table could have told of them."""
    if not store.has & {"contacts", "tickets", "surveys"}:
        return None
    days = settings.horizon_days
    quiet = silent(store, settings, at=scores.provenance.cutoff, days=days)
    rows = scores.rows
    found = rows[(rows["risk"] >= min_risk) & rows["customer_id"].isin(quiet)]
    ordered = found.sort_values(["expected_loss", "customer_id"], ascending=[False, True])
    return Silent(days, Group.of("silent", found), ordered)
