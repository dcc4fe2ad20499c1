"""Which features records carry, and what would bring the others."""

import pytest

from features import snapshot
from features.coverage import families, missing_columns, missing_tables
from features.records import CONTRACTS, TIMELINES

PURCHASES = frozenset({"transactions", "transactions.amount"})
EVERYTHING = frozenset(
    {
        *TIMELINES,
        *(f"{table}.{name}" for table in TIMELINES for name in TIMELINES[table].names),
    }
)


def names(has: frozenset[str]) -> set[str]:
    return {feature.name for feature in snapshot.present(has)}


def test_all_families_are_carried_whole_by_all_records() -> None:
    found = families(EVERYTHING)
    assert [carried.family for carried in found] == [family.name for family in snapshot.FAMILIES]
    assert all(len(carried.features) == carried.of for carried in found)
    assert all(carried.lacking == () for carried in found)


def test_a_family_that_steps_aside_tells_what_it_cannot_do_without() -> None:
    found = {carried.family: carried for carried in families(PURCHASES)}
    assert found["purchases"].lacking == ()
    assert found["promises"].features == ()
    assert found["promises"].lacking == (
        "transactions.delivered_at",
        "transactions.promised_at",
    )
    assert found["satisfaction"].lacking == ("surveys",)
    assert found["effort"].lacking == ("tickets",)


def test_a_family_that_is_there_in_part_tells_what_the_rest_needs() -> None:
    has = PURCHASES | {"tickets", "tickets.resolved_at", "surveys"}
    effort = next(carried for carried in families(has) if carried.family == "effort")
    assert 0 < len(effort.features) < effort.of
    assert "contacts" in effort.lacking
    assert "tickets.topic" in effort.lacking
    assert "surveys" not in effort.lacking


def test_what_is_derived_is_told_by_what_the_user_can_bring() -> None:
    has = EVERYTHING - {"referred_purchases", "referrals.referred_customer_id"}
    loyalty = next(carried for carried in families(has) if carried.family == "loyalty")
    assert loyalty.lacking == ("referrals.referred_customer_id",)
    (missing,) = missing_columns(
        CONTRACTS["referrals"], {*CONTRACTS["referrals"].names} - {"referred_customer_id"}, has
    )
    assert missing.adds == ("referred_purchases",)


@pytest.mark.parametrize("table", [table for table in CONTRACTS if table in TIMELINES])
def test_what_a_table_would_add_is_what_it_adds(table: str) -> None:
    own = {name for name in EVERYTHING if name.partition(".")[0] == table}
    derived = {"referred_purchases"} if table == "referrals" else set()
    without = EVERYTHING - own - derived
    (missing,) = missing_tables({*CONTRACTS} - {table}, without)
    assert missing.name == table
    assert set(missing.adds) == names(EVERYTHING) - names(without)


def test_a_missing_column_adds_what_it_alone_would_bring() -> None:
    found = missing_columns(CONTRACTS["transactions"], {"customer_id"}, PURCHASES)
    adds = {missing.name: missing.adds for missing in found}
    assert "customer_id" not in adds
    assert adds["category"] == ("categories",)
    assert adds["margin"] == ()
    assert adds["delivered_at"] == ()  # nothing without promised_at
    promised = PURCHASES | {"transactions.promised_at"}
    found = missing_columns(CONTRACTS["transactions"], {"customer_id"}, promised)
    adds = {missing.name: missing.adds for missing in found}
    assert "late_share" in adds["delivered_at"]
