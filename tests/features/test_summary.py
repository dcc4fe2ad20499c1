"""Counts and dates of what is in a store."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.store import Store
from features.summary import AHEAD, Held, Purchases, Summary, summarise
from tests.features.histories import at, table
from tests.features.naive import Row

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "it's a folder")
    made.path("transactions").parent.mkdir(parents=True)
    return made


def write(store: Store, name: str, key: str, **columns: list[object]) -> None:
    """A table of records: ids, customers, and whatever else, with the day of its time."""
    days = pa.array([when.date() if when else None for when in columns.pop("when")])  # type: ignore[attr-defined]
    ids = pa.array([str(number) for number in range(len(days))])
    pq.write_table(
        pa.table({key: ids, **{n: pa.array(v) for n, v in columns.items()}, "day": days}),
        store.path(name),
    )


def sell(store: Store, *sold: tuple[str, datetime]) -> None:
    customers, times = [who for who, _ in sold], [when for _, when in sold]
    write(
        store,
        "transactions",
        "transaction_id",
        customer_id=[*customers],
        occurred_at=[*times],
        amount=[1.0] * len(sold),
        when=[*times],
    )


def of(summary: Summary, table: str) -> Held:
    return next(held for held in summary.tables if held.table == table)


def test_purchases_are_counted_by_customer_and_day(store: Store) -> None:
    rows = [
        *(Row("twice", at(day), 5) for day in (3, 3, 9)),
        *(Row("once", at(4, minute), 5) for minute in (1, 2)),
        *(Row("returner", at(day), amount) for day, amount in ((5, 5), (6, -5))),
        Row("taker", at(2), -1),
        *(Row("free", at(day), 0) for day in (7, 8)),
    ]
    named = pa.array([str(number) for number in range(len(rows))])
    written = table(rows, "UTC").append_column("transaction_id", named)
    pq.write_table(written, store.path("transactions"))
    found = summarise(store, "UTC", now=at(30))
    assert found.purchases == Purchases(10, 5, 2, at(2).date(), at(9).date())
    assert of(found, "transactions") == Held("transactions", 10, 5, 5, at(2).date(), at(9).date())


def test_older_versions_of_a_corrected_record_are_not_counted(store: Store) -> None:
    later = datetime(2024, 2, 1, tzinfo=UTC)
    times = [datetime(2024, 1, day, tzinfo=UTC) for day in (1, 9, 5)]
    write(
        store,
        "transactions",
        "transaction_id",
        customer_id=["a", "a", "a"],
        occurred_at=[*times],
        amount=[5.0, 6.0, 7.0],
        superseded_at=[None, later, None],
        when=[*times],
    )
    assert summarise(store, "UTC", now=NOW).purchases == Purchases(
        2, 1, 1, date(2024, 1, 1), date(2024, 1, 5)
    )


def test_who_answered_a_survey_and_bought_is_counted_once(store: Store) -> None:
    day = datetime(2024, 1, 1, tzinfo=UTC)
    sell(store, ("a", day), ("b", day), ("c", day), ("d", day))
    write(
        store,
        "surveys",
        "survey_id",
        customer_id=["a", "a", "b", "stranger"],
        asked_at=[day] * 4,
        answered_at=[day, day, None, day],
        when=[day] * 4,
    )
    found = summarise(store, "UTC", now=NOW)
    assert (found.answering, found.survey_coverage) == (1, 0.25)
    assert of(found, "surveys") == Held("surveys", 4, 3, 2, day.date(), day.date())


def test_surveys_without_answers_cover_nobody(store: Store) -> None:
    day = datetime(2024, 1, 1, tzinfo=UTC)
    sell(store, ("a", day))
    write(store, "surveys", "survey_id", customer_id=["a"], asked_at=[day], when=[day])
    assert summarise(store, "UTC", now=NOW).survey_coverage == 0


def test_records_dated_in_the_future_are_counted_with_an_example(store: Store) -> None:
    past, soon = datetime(2024, 1, 1, tzinfo=UTC), NOW + AHEAD
    typo = datetime(2042, 1, 1, tzinfo=UTC)
    sell(store, ("a", past), ("b", soon), ("c", typo), ("d", typo))
    found = summarise(store, "UTC", now=NOW)
    sold = of(found, "transactions")
    assert (sold.rows, sold.future, sold.last) == (4, 2, soon.date())
    assert sold.example == {"transaction_id": "2", "occurred_at": "2042-01-01 00:00:00+00"}
    assert found.purchases == Purchases(2, 2, 0, past.date(), soon.date())


def test_what_is_promised_may_lie_in_the_future_and_what_happened_may_not(store: Store) -> None:
    past, later = datetime(2024, 1, 1, tzinfo=UTC), NOW + timedelta(days=9)
    write(
        store,
        "transactions",
        "transaction_id",
        customer_id=["a", "a"],
        occurred_at=[past, past],
        amount=[1.0, 1.0],
        promised_at=[later, later],
        delivered_at=[None, later],
        when=[past, past],
    )
    sold = of(summarise(store, "UTC", now=NOW), "transactions")
    assert sold.future == 1
    assert sold.example == {"transaction_id": "1", "delivered_at": "2024-06-10 12:00:00+00"}


def test_contracts_and_rates_may_run_into_the_future(store: Store) -> None:
    later = NOW + timedelta(days=400)
    write(
        store,
        "customers",
        "customer_id",
        acquired_at=[None],
        contract_ends_at=[later],
        when=[None],
    )
    pq.write_table(
        pa.table({"currency": ["USD"], "occurred_at": [later], "day": [later.date()]}),
        store.path("rates"),
    )
    found = summarise(store, "UTC", now=NOW)
    assert [held.future for held in found.tables] == [0, 0]
    assert of(found, "customers") == Held("customers", 1, 1, 0, None, None)
    assert of(found, "rates").customers == 0


@pytest.mark.parametrize("sold", [(), (("a", datetime(2042, 1, 1, tzinfo=UTC)),)])
def test_without_purchases_there_are_none_to_speak_of(
    store: Store, sold: tuple[tuple[str, datetime], ...]
) -> None:
    if sold:
        sell(store, *sold)
    found = summarise(store, "UTC", now=NOW)
    assert found.purchases is None
    assert found.survey_coverage == 0


def test_days_are_those_of_the_zone(store: Store) -> None:
    """A record of tomorrow's small hours in Auckland is no typing error."""
    sell(store, ("a", NOW + timedelta(hours=13)))
    assert of(summarise(store, "Pacific/Auckland", now=NOW), "transactions").future == 0
