"""The voice of the customer: what comments are about, what follows them, who may be quoted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from scipy import stats

from features.comments import Themes
from features.indicators.figures import LEVEL, Figure, share, share_difference
from features.indicators.known import frame, hours, known, literal
from features.indicators.period import Period
from features.indicators.trends import Trend, trends
from features.satisfaction import KINDS
from features.settings import FeatureSettings
from features.store import Store

THEME = "theme"
_KINDS = ", ".join(f"'{kind}'" for kind in KINDS)


def comments(
    store: Store, settings: FeatureSettings, period: Period, themes: Themes
) -> pd.DataFrame:
    """The comments answered in a period, each with the theme it is most about.

    Columns: `customer_id`, `answered_at`, `comment`, `consent` (whether it may be quoted), `share`
    (the answer it came with, 0 to 1; NaN without one or where it is not on satisfaction), `theme`
    (missing where it has no word of any), `churn` (whether nothing was bought in the horizon after)
    and `spend` (net, in it), both NaN where the horizon had not closed by the period's end.
    """
    horizon, end = hours(settings.horizon_days), literal(period.end)
    with known(store, settings.time_zone, before=period.end) as connection:
        found = frame(
            connection,
            f"""
            WITH told AS (
                SELECT s.survey_id, s.customer_id, s.answered_at, s.comment, s.language,
                       coalesce(s.consent, false) AS consent,
                       CASE WHEN s.kind IN ({_KINDS}) THEN a.share END AS share,
                       s.answered_at + {horizon} <= {end} AS is_closed
                FROM surveys s LEFT JOIN answers a USING (survey_id)
                WHERE s.answered_at >= {literal(period.start)} AND trim(s.comment) <> '')
            SELECT told.*, CASE WHEN is_closed THEN (bought IS NULL)::INT END AS churn,
                   CASE WHEN is_closed THEN coalesce(sold, 0) END AS spend
            FROM told LEFT JOIN (
                SELECT survey_id, sum(amount) AS sold, max(amount) FILTER (amount >= 0) AS bought
                FROM told JOIN transactions t ON t.customer_id = told.customer_id
                     AND t.occurred_at > told.answered_at
                     AND t.occurred_at < told.answered_at + {horizon}
                GROUP BY survey_id) USING (survey_id)
            ORDER BY answered_at, survey_id""",
        )
    weights = themes.weigh(found["comment"], found["language"])
    names = np.array([*themes.names, None], dtype=object)
    main = np.where(weights.max(axis=1) > 0, weights.argmax(axis=1), -1)
    return found.drop(columns=["survey_id", "language", "is_closed"]).assign(theme=names[main])


@dataclass(frozen=True)
class ThemeVoice:
    """What is said of a theme, and what follows.

    Attributes:
        theme: Its name; and
        words: those that tell it.
        stated: Share of the comments that are about it: how much is made of it.
        churn: Share of customers who did not buy in the horizon after such a comment, less that
            after other comments: how much it matters. Each customer's last comment counts.
        spend: Currency spent in that horizon, less that after other comments.
        detractors: Comments on it by detractors (answers in the lower 0-6 of ten), as a
            share of all comments, beside the period of the same length before.
    """

    theme: str
    words: tuple[str, ...]
    stated: Figure
    churn: Figure
    spend: Figure
    detractors: Trend | None


def voices(told: pd.DataFrame, before: pd.DataFrame, themes: Themes) -> tuple[ThemeVoice, ...]:
    """Every theme that comments of a period are about, the one most is made of first.

    Args:
        told: Of the period, as `comments` gives; and
        before: of the period of the same length before it.
        themes: What they may be about.
    """
    closed = told[told["churn"].notna()].drop_duplicates("customer_id", keep="last")
    moves = _detractors(before, told)
    counted = told[THEME].value_counts()
    return tuple(
        ThemeVoice(
            theme,
            themes.telling[theme],
            share(len(told), int(counted[theme])),
            _churn(closed, closed[THEME] == theme),
            _spend(closed, closed[THEME] == theme),
            moves.get(theme),
        )
        for theme in sorted(counted.index, key=lambda name: (-counted[name], name))
    )


def _churn(closed: pd.DataFrame, about: "pd.Series[bool]") -> Figure:
    """Share of leavers after comments on a theme less that after all others."""
    own, others = (closed.loc[rows, "churn"] for rows in (about, ~about))
    return share_difference(*(share(len(each), each.sum()) for each in (own, others)))


def _spend(closed: pd.DataFrame, about: "pd.Series[bool]") -> Figure:
    """Mean spend after comments on a theme less that after all others, by Welch's interval."""
    own, others = (closed.loc[rows, "spend"].astype(float) for rows in (about, ~about))
    if min(len(own), len(others)) < 2:
        return Figure(len(own))
    value = float(own.mean() - others.mean())
    parts = np.array([each.var() / len(each) for each in (own, others)])
    if not parts.any():
        return Figure(len(own), value)
    freedom = parts.sum() ** 2 / (parts**2 / [len(own) - 1, len(others) - 1]).sum()
    reach = float(stats.t.ppf((1 + LEVEL) / 2, freedom) * np.sqrt(parts.sum()))
    return Figure(len(own), value, value - reach, value + reach)


DETRACTOR, PROMOTER = 0.65, 0.85
"""Shares of a scale under which an answer is a detractor's, and from which it is a promoter's."""


def _detractors(before: pd.DataFrame, now: pd.DataFrame) -> Mapping[str, Trend]:
    early, late = (
        told.loc[told["share"] < DETRACTOR, THEME].value_counts().to_dict()
        for told in (before, now)
    )
    counts = {str(name): (early.get(name, 0), late.get(name, 0)) for name in early | late}
    moves = trends(counts, exposure=max(len(now), 1) / max(len(before), 1))
    return {move.name: move for move in moves}


def quotes(told: pd.DataFrame) -> Mapping[str, tuple[str, ...]]:
    """By theme, what promoters wrote and allowed to be quoted, the latest first.

    Args:
        told: As `comments` gives.
    """
    allowed = told[told["consent"].astype(bool) & (told["share"] >= PROMOTER)]
    latest = allowed.sort_values("answered_at", ascending=False, kind="stable")
    return {str(theme): tuple(rows["comment"]) for theme, rows in latest.groupby(THEME, sort=True)}


def silent(store: Store, settings: FeatureSettings, *, at: datetime, days: int) -> tuple[str, ...]:
    """Ids of the customers who had bought before an instant and of whom nothing was heard lately.

    No contact, no ticket and no answer in the days before it: whoever leaves of these leaves
    without a word.
    """
    since = f">= {literal(at)} - {hours(days)}"
    with known(store, settings.time_zone, before=at) as connection:
        rows = connection.execute(f"""
            SELECT DISTINCT customer_id FROM purchases WHERE customer_id NOT IN (
                SELECT customer_id FROM contacts WHERE occurred_at {since} UNION ALL
                SELECT customer_id FROM tickets WHERE opened_at {since} UNION ALL
                SELECT customer_id FROM surveys WHERE answered_at {since})
            ORDER BY customer_id""").fetchall()
    return tuple(customer for (customer,) in rows)
