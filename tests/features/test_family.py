"""Families step aside when what they need is missing, and the provenance says so."""

from collections import Counter
from typing import Any

import pandas as pd
import pytest

from features import snapshot
from features.feature import ACTIONS
from features.records import TIMELINES
from features.settings import FeatureSettings
from tests.features.histories import EVERYTHING, SALES, at, look, records
from tests.features.naive import Contact, Row, Ticket

KNOWN = {f"{table}.{name}" for table, one in TIMELINES.items() for name in one.names} | {*TIMELINES}


def families(*missing: str) -> tuple[str, ...]:
    return snapshot.provenance(FeatureSettings(), [at(1)], EVERYTHING - {*missing}).families


def test_a_company_with_everything_has_every_family() -> None:
    assert families() == (
        *("purchases", "promises", "satisfaction", "effort", "loyalty", "offers"),
    )
    assert snapshot.provenance(FeatureSettings(), [at(1)], SALES).families == ("purchases",)


@pytest.mark.parametrize(
    ("missing", "family"),
    [
        ("transactions.promised_at", "promises"),
        ("transactions.delivered_at", "promises"),
        ("surveys", "satisfaction"),
        ("tickets", "effort"),
        ("tickets.resolved_at", "effort"),
        ("offers", "offers"),
    ],
)
def test_a_family_steps_aside_and_the_provenance_says_so(missing: str, family: str) -> None:
    assert set(families()) - set(families(missing)) == {family}
    origins = [
        snapshot.provenance(FeatureSettings(), [at(1)], has)
        for has in (EVERYTHING, EVERYTHING - {missing})
    ]
    assert set(origins[0].records) - set(origins[1].records) == {missing}
    assert origins[0].feature_version != origins[1].feature_version
    assert origins[0].definitions() != origins[1].definitions()


def test_the_provenance_names_only_what_makes_a_difference() -> None:
    has = EVERYTHING | {"surveys.mood", "weather"}
    assert set(snapshot.provenance(FeatureSettings(), [at(1)], has).records) == snapshot.NEEDED


def test_the_records_a_provenance_names_carry_the_same_features() -> None:
    for has in (EVERYTHING, EVERYTHING - {"contacts", "transactions.discount"}, SALES):
        origin = snapshot.provenance(FeatureSettings(), [at(1)], has)
        assert snapshot.present(frozenset(origin.records)) == snapshot.present(has)


def test_columns_are_those_present_or_those_asked_for() -> None:
    (offers,) = (one for one in snapshot.FAMILIES if one.name == "offers")
    history = {"transactions": [Row("a", at(0), 5.0)], "offers": []}
    seen = look(records(history), at(9))
    assert list(offers.columns(seen, EVERYTHING)) == [f.name for f in offers.features]
    assert list(offers.columns(seen, EVERYTHING, {"offers", "spend"})) == ["offers"]
    assert offers.columns(seen, SALES) == {}


def test_what_is_needed_is_in_the_contracts() -> None:
    assert snapshot.NEEDED <= KNOWN


def test_features_are_declared_once_with_a_meaning_and_something_to_do() -> None:
    features = snapshot.columns(EVERYTHING)
    assert Counter(feature.name for feature in features).most_common(1)[0][1] == 1
    for feature in features:
        assert feature.name.isidentifier()
        assert feature.meaning
        assert feature.unit
        assert feature.action == ACTIONS[feature.driver]
        if feature.window_days and feature.name.endswith("d"):
            assert feature.name.rsplit("_", 1)[1][:-1].isdigit()
    assert {feature.name for feature in snapshot.present(EVERYTHING)} == set(snapshot.DRIVERS)


def test_what_a_model_does_not_know_is_not_looked_at() -> None:
    """The open ticket is an errand; the contact and the channels are not seen."""
    history: dict[str, list[Any]] = {
        "transactions": [
            Row("a", at(0), 5.0, channel="web", category="hats"),
            Row("a", at(1), 5.0, channel="shop"),
        ],
        "tickets": [Ticket("a", "t", at(2))],
        "contacts": [Contact("a", at(2), "mail", "t")],
        "referrals": [],
    }

    def row(*unknown: str) -> pd.Series:
        taken = snapshot.take(
            [records(history)],
            [at(9)],
            FeatureSettings(),
            has=EVERYTHING - {"surveys", "offers", "referred_purchases", *unknown},
            observed_until=at(9),
        )
        return taken.rows.iloc[0]

    assert row()[["effort_index", "connection"]].tolist() == [1 - 1 / 3, 0.5]
    less = row("contacts", "transactions.channel")
    assert less[["effort_index", "connection"]].tolist() == [0.5, 0.25]
