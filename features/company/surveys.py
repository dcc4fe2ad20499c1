"""What the company asks its customers, and what they answer."""

import numpy as np
import pandas as pd
from scipy.special import ndtr

from features.company.arrays import Bools, Floats, Ints, Strings, pick, traits, where_known
from features.company.comments import LANGUAGES, THEMES, write_comments
from features.company.effects import Effects
from features.company.experience import Experience

_NPS_START, _NPS_EVERY = 45, 180  # days after acquisition
_RESPONSE_AFTER_LEAVING = 0.15  # relative to before
_DAYS_TO_ANSWER = 1.67  # median among the Olist reviews

# score = centre + loyal * loyalty - upset * points + noise * normal, rounded and clipped.
# A high CES says it was easy; its points are those of the theme "service" alone.
_SCALES = pd.DataFrame(
    {
        "nps": (0, 10, 8.2, 0.9, 2.0, 1.3),
        "csat": (1, 5, 4.3, 0.4, 1.0, 0.7),
        "ces": (1, 7, 6.0, 0.2, 1.5, 1.0),
        "review": (1, 5, np.nan, np.nan, np.nan, np.nan),
    },
    ("scale_min", "scale_max", "centre", "loyal", "upset", "noise"),
).T

# Cumulative shares of scores 1 to 4 among 14,518 Olist reviews: on time (mean 4.28), late (2.27).
_REVIEW_SHARES = np.array([[0.0666, 0.0934, 0.1768, 0.3808], [0.5331, 0.6197, 0.7382, 0.8376]])
_REVIEW_LOYALTY = 0.35  # correlation with loyalty
_COMMENT_SHARES = np.array([0.70, 0.35])  # of unhappy and happy answers, as with Olist


def draw_surveys(
    purchases: pd.DataFrame,
    tickets: pd.DataFrame,
    people: pd.DataFrame,
    experience: Experience,
    days: int,
    effects: Effects,
    *,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Every survey sent, and what comes back."""
    sent = pd.concat(
        [
            _after_delivery(purchases, rng),
            _after_visit(purchases, rng),
            _after_ticket(tickets, "csat", rng),
            _after_ticket(tickets, "ces", rng),
            _relationship(people, days),
        ],
        ignore_index=True,
    )
    sent = sent[sent["asked_at"] < days].reset_index(drop=True)
    points = experience.points(sent["customer"].to_numpy(), sent["asked_at"].to_numpy())
    chance = _response_chance(sent, people, points.sum(axis=1), effects)
    delay = _DAYS_TO_ANSWER * np.exp(rng.normal(size=len(sent)))
    sent["answered_at"] = (sent["asked_at"] + delay).where(rng.random(len(sent)) < chance)
    return sent.join(_answers(sent, people, points, rng))


def _after_delivery(purchases: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    asked = purchases[purchases["delivered_at"].notna() & (rng.random(len(purchases)) < 0.6)]
    return _sent("review", "delivery", asked, asked["delivered_at"] + 1.0)


def _after_visit(purchases: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    asked = purchases[(purchases["channel"] == "shop") & (rng.random(len(purchases)) < 0.15)]
    return _sent("csat", "shop", asked, asked["occurred_at"])


def _after_ticket(tickets: pd.DataFrame, kind: str, rng: np.random.Generator) -> pd.DataFrame:
    asked = tickets[rng.random(len(tickets)) < 0.8]
    return _sent(kind, "help desk", asked, asked["resolved_at"])


def _relationship(people: pd.DataFrame, days: int) -> pd.DataFrame:
    waves = np.arange(_NPS_START, days, _NPS_EVERY)
    everybody = np.arange(len(people))
    asked = pd.DataFrame(
        {"purchase": -1, "customer": np.repeat(everybody, len(waves)), "channel": "email"}
    )
    asked_at = traits(people, "acquired_at", asked) + np.tile(waves, len(people))
    return _sent("nps", "relationship", asked, pd.Series(asked_at))


def _sent(
    kind: str, touchpoint: str, asked: pd.DataFrame, asked_at: "pd.Series[float]"
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "purchase": asked["purchase"],
            "customer": asked["customer"],
            "kind": kind,
            "asked_at": asked_at,
            "touchpoint": touchpoint,
            "channel": asked["channel"],
            "is_late": asked.get("is_late", False),
        }
    )


def _response_chance(
    sent: pd.DataFrame, people: pd.DataFrame, upset: Floats, effects: Effects
) -> Floats:
    silence = effects.silence * traits(people, "is_silent", sent)
    has_left = sent["asked_at"].to_numpy() > traits(people, "left_at", sent)
    after_leaving = np.where(has_left, _RESPONSE_AFTER_LEAVING, 1.0)
    return effects.response_share * np.exp(-silence * upset) * after_leaving


def _answers(
    asked: pd.DataFrame, people: pd.DataFrame, points: Floats, rng: np.random.Generator
) -> pd.DataFrame:
    """Scores on their scales and, for some, a comment in the customer's language."""
    scale = _SCALES.loc[asked["kind"]].set_index(asked.index)
    loyalty = traits(people, "loyalty", asked)
    effort = points[:, THEMES.index("service")]
    felt = np.where(asked["kind"] == "ces", effort, points.sum(axis=1))
    score = np.where(
        asked["kind"] == "review",
        _review_score(asked["is_late"].to_numpy(bool), loyalty, rng),
        _score(scale, loyalty, felt, rng),
    )
    height = (score - scale["scale_min"]) / (scale["scale_max"] - scale["scale_min"])
    language = traits(people, "speaks_english", asked).astype(int)
    comment = _comments(asked, language, points, height.to_numpy() >= 0.7, rng)
    return scale[["scale_min", "scale_max"]].assign(
        score=score,
        comment=comment,
        language=where_known(pd.notna(comment), pick(LANGUAGES, language)),
    )


def _score(scale: pd.DataFrame, loyalty: Floats, felt: Floats, rng: np.random.Generator) -> Floats:
    noise = scale["noise"] * rng.normal(size=len(scale))
    score = scale["centre"] + scale["loyal"] * loyalty - scale["upset"] * felt + noise
    rounded: Floats = score.round().clip(scale["scale_min"], scale["scale_max"]).to_numpy()
    return rounded + 0.0  # no negative zeros


def _review_score(is_late: Bools, loyalty: Floats, rng: np.random.Generator) -> Floats:
    own = np.sqrt(1 - _REVIEW_LOYALTY**2) * rng.normal(size=len(loyalty))
    rank = ndtr(_REVIEW_LOYALTY * loyalty + own)
    score: Floats = 1.0 + (rank[:, None] > _REVIEW_SHARES[is_late.astype(int)]).sum(axis=1)
    return score


def _comments(
    asked: pd.DataFrame, language: Ints, points: Floats, is_happy: Bools, rng: np.random.Generator
) -> Strings:
    """About the theme with the most points; about any theme when happy or without points.

    An unhappy review is about the delivery it follows if, and only if, that was late.
    """
    blame = np.where(asked["is_late"], np.inf, np.where(asked["kind"] == "review", -np.inf, 0.0))
    grief = points.copy()
    grief[:, THEMES.index("delivery")] += blame
    grief = np.where(is_happy[:, None], 0.0, grief) + 1e-9 * rng.random(points.shape)
    comments = write_comments(language, grief.argmax(axis=1), is_happy, rng=rng)
    has_comment = rng.random(len(language)) < _COMMENT_SHARES[is_happy.astype(int)]
    return where_known(has_comment, comments)
