"""Touches: whom the company was in touch with of late, from records and from campaigns."""

from collections.abc import Callable
from datetime import UTC, datetime

import pandas as pd
import pytest

from features.store import Store
from serving.limits import CampaignSettings
from serving.touches import Touches

CUTOFF = datetime(2026, 6, 1, tzinfo=UTC)


def ago(days: int) -> pd.Timestamp:
    return pd.Timestamp(CUTOFF) - pd.Timedelta(days=days)


def offers(*rows: tuple[str, str, int, str]) -> pd.DataFrame:
    told = [(offer, customer, "c", ago(days), arm) for offer, customer, days, arm in rows]
    return pd.DataFrame(
        told, columns=["offer_id", "customer_id", "campaign_id", "decided_at", "arm"]
    )


@pytest.fixture
def look(make_store: Callable[..., Store]) -> Callable[..., Touches]:
    sold = pd.DataFrame(
        {
            "transaction_id": ["1"],
            "customer_id": ["ann"],
            "occurred_at": [ago(300)],
            "amount": [1.0],
        }
    )

    def touches(*sent: pd.DataFrame, limits: object = None, **tables: pd.DataFrame) -> Touches:
        store = make_store(sold, **tables)
        wanted = CampaignSettings.model_validate(limits or {})
        return Touches.look(store, sent, CUTOFF, wanted, horizon_days=90)

    return touches


def test_of_purchases_alone_nothing_is_known(look: Callable[..., Touches]) -> None:
    assert look() == Touches()


def test_who_had_an_offer_of_late_is_tired_and_who_is_control_is_held(
    look: Callable[..., Touches],
) -> None:
    recorded = offers(
        ("1", "ann", 89, "gift"), ("2", "bob", 91, "gift"), ("3", "eve", 89, "control")
    )
    sent = offers(("4", "joe", 0, "call"), ("5", "sue", 91, "control"), ("6", "kim", -3, "control"))
    touches = look(sent, offers=recorded)
    assert touches.tired == {"ann", "joe"}
    assert touches.held == {"eve", "kim"}


def test_an_offer_that_is_recorded_and_on_a_list_counts_once(look: Callable[..., Touches]) -> None:
    recorded = offers(("1", "ann", 9, "gift"))
    assert look(recorded, offers=recorded, limits={"fatigue_contacts": 2}).tired == set()
    other = offers(("2", "ann", 9, "gift"))
    assert look(other, offers=recorded, limits={"fatigue_contacts": 2}).tired == {"ann"}


def test_who_called_or_answered_of_late_was_heard(look: Callable[..., Touches]) -> None:
    contacts = pd.DataFrame(
        {
            "contact_id": ["1", "2"],
            "customer_id": ["ann", "bob"],
            "occurred_at": [ago(179), ago(181)],
            "channel": "phone",
        }
    )
    surveys = pd.DataFrame(
        {
            "survey_id": ["1", "2"],
            "customer_id": ["eve", "joe"],
            "kind": "nps",
            "asked_at": [ago(200), ago(10)],
            "answered_at": [ago(100), pd.NaT],
            "score": [9.0, None],
        }
    )
    assert look(contacts=contacts).heard == {"ann"}
    assert look(contacts=contacts, surveys=surveys).heard == {"ann", "eve"}


def test_segments_are_the_companys_own(look: Callable[..., Touches]) -> None:
    customers = pd.DataFrame({"customer_id": ["ann", "bob"], "segment": ["gold", None]})
    touches = look(customers=customers)
    assert touches.segment == {"ann": "gold"}
    unknown = touches.of(pd.Series(["eve", "ann", "bob"])).segment
    assert unknown.tolist()[1] == "gold"
    assert unknown.isna().tolist() == [True, False, True]


def test_of_each_customer_it_is_known_what_is_known_of_all() -> None:
    touches = Touches(tired=frozenset({"ann"}), held=frozenset({"bob"}), heard=frozenset())
    touched = touches.of(pd.Series(["bob", "ann"]))
    assert touched.tired.tolist() == [False, True]
    assert touched.held.tolist() == [True, False]
    assert touched.heard is not None
    assert touched.heard.tolist() == [False, False]
    assert Touches().of(pd.Series(["bob"])).heard is None
