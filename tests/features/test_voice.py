"""Comments by theme, what follows them, and who says nothing."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from features import voice
from features.indicators.period import Period
from features.settings import FeatureSettings
from features.store import Store
from tests.features.histories import THEMES

SETTINGS = FeatureSettings(horizon_days=30)
MAY = Period.of(date(2024, 5, 1), date(2024, 5, 31), "UTC")
LATE, PRICE, OTHER = "la entrega llegó tarde", "el precio", "hola"
DELIVERY, COST = THEMES.names[:2]


def company() -> dict[str, pd.DataFrame]:
    """Eight comment on the first of May: four on delivery, who leave; three on price; one hello."""
    told = [
        *((f"d{n}", "2024-05-01", LATE, 1, None) for n in range(4)),
        *((f"p{n}", "2024-05-01", PRICE, 5, n == 0) for n in range(3)),
        ("hello", "2024-05-01", OTHER, 5, True),
        ("p1", "2024-05-20", PRICE, 4, True),  # no promoter; and the horizon is open
        ("p2", "2024-04-10", LATE, 2, None),  # in the period before
        ("p2", "2024-05-02", "  ", 5, True),
        ("d0", "2024-06-10", PRICE, 5, True),  # after the period
    ]
    columns = ["customer_id", "answered_at", "comment", "score", "consent"]
    surveys = pd.DataFrame(told, columns=columns)
    surveys["answered_at"] = pd.to_datetime(surveys["answered_at"], utc=True)
    sold = [(who, "2024-01-01", 10.0) for who in {row[0] for row in told}] + [
        *((f"p{n}", "2024-05-15", 20.0) for n in range(3)),
        ("hello", "2024-05-16", 60.0),
        ("d1", "2024-06-15", 500.0),
    ]
    transactions = pd.DataFrame(sold, columns=["customer_id", "occurred_at", "amount"])
    transactions["occurred_at"] = pd.to_datetime(transactions["occurred_at"], utc=True)
    return {
        "transactions": transactions.assign(transaction_id=transactions.index.astype(str)),
        "surveys": surveys.assign(
            survey_id=[f"{n:02}" for n in surveys.index],
            asked_at=surveys["answered_at"],
            kind="review",
            language="es",
            consent=surveys["consent"].astype("boolean"),
        ),
    }


@pytest.fixture(scope="module")
def store(make_store: Callable[..., Store]) -> Store:
    return make_store(**company())


def voices(store: Store) -> tuple[voice.ThemeVoice, ...]:
    told, before = (voice.comments(store, SETTINGS, each, THEMES) for each in (MAY, MAY.before))
    return voice.voices(told, before, THEMES)


def test_comments_come_with_their_theme_and_what_followed(store: Store) -> None:
    told = voice.comments(store, SETTINGS, MAY, THEMES).set_index("customer_id", append=True)
    assert len(told) == 9
    assert told["theme"].value_counts().to_dict() == {DELIVERY: 4, COST: 4}
    first = told.iloc[:8].droplevel(0)
    assert first.loc["d1", ["churn", "spend"]].tolist() == [1, 0]
    assert first.loc["p0", ["churn", "spend"]].tolist() == [0, 20]
    assert told.iloc[8][["churn", "spend"]].isna().all()


def test_themes_are_set_against_churn_and_spend_of_other_comments(store: Store) -> None:
    """Four leave; of p0, p2 and hello, whose last closed comment is on something else, none."""
    delivery, cost = voices(store)
    assert (delivery.theme, delivery.words) == (DELIVERY, THEMES.telling[DELIVERY])
    assert delivery.stated[:2] == (9, 4 / 9)
    assert delivery.churn[:2] == (4, 1.0)
    assert delivery.churn.low < 0.5 < delivery.churn.high == 1  # eight customers tell little
    assert delivery.spend[:2] == (4, -np.mean([20, 20, 20, 60]))
    assert delivery.spend.low < -30 < delivery.spend.high
    assert cost.churn[:2] == (3, pytest.approx(-4 / 5))


def test_detractors_themes_have_a_trend(store: Store) -> None:
    delivery, cost = voices(store)
    assert delivery.detractors is not None
    assert (delivery.detractors.before, delivery.detractors.now) == (1, 4)
    assert delivery.detractors.ratio.value == pytest.approx((4 / 9) / (1 / 1))
    assert cost.detractors is None


def test_only_promoters_who_allow_it_are_quoted(store: Store) -> None:
    told = voice.comments(store, SETTINGS, MAY, THEMES)
    assert voice.quotes(told) == {COST: (PRICE,)}


def test_without_consent_on_record_nobody_is_quoted(make_store: Callable[..., Store]) -> None:
    tables = company()
    tables["surveys"] = tables["surveys"].drop(columns="consent")
    told = voice.comments(make_store(**tables), SETTINGS, MAY, THEMES)
    assert len(told) == 9
    assert voice.quotes(told) == {}


def test_the_silent_bought_and_were_not_heard_of(make_store: Callable[..., Store]) -> None:
    tables = company()
    contacts = pd.DataFrame(
        {
            "contact_id": ["1", "2"],
            "customer_id": ["d0", "d1"],
            "occurred_at": pd.to_datetime(["2024-06-01", "2024-02-01"], utc=True),
            "channel": "phone",
        }
    )
    at = datetime(2024, 6, 10, tzinfo=UTC)
    store = make_store(**tables, contacts=contacts)
    assert voice.silent(store, SETTINGS, at=at, days=30) == ("d1", "d2", "d3", "hello", "p0", "p2")
    assert voice.silent(store, SETTINGS, at=at, days=45) == ()
