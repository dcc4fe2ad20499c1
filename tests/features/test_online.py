"""A posted history gets the row that the batch would give it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta, timezone
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import online, snapshot
from features.company import simulate
from features.labels import LABELS
from features.records import TIMELINES
from features.settings import FeatureSettings
from features.store import Store
from tests.features.histories import (
    EVERYTHING,
    SALES,
    THEMES,
    at,
    by_customer,
    companies,
    indexed,
    looks,
    of_customer,
    records,
    sales,
    time_zones,
)
from tests.features.naive import Contact, History, Row, Ticket
from tests.properties import rarely


def posted(history: History) -> online.History:
    """The rows as a client sends them."""
    return {table: [row._asdict() for row in rows] for table, rows in history.items()}


def standing(history: History, customer_id: str, cutoff: datetime) -> History:
    """The rows of one customer but for versions that others have taken the place of."""
    own = of_customer(history, customer_id)
    sold = [row for row in own["transactions"] if (row.superseded_at or cutoff) >= cutoff]
    return own | {"transactions": sold}


def sold(*rows: tuple[datetime, float]) -> online.History:
    return posted({"transactions": [Row("a", *row) for row in rows]})


@given(looks(late=False), time_zones, st.randoms(use_true_random=False))
def test_the_online_row_equals_the_batch_row(
    look: tuple[list[Row], list[datetime]], time_zone: str, random: Random
) -> None:
    rows, cutoffs = look
    settings = FeatureSettings(time_zone=time_zone)
    batch = snapshot.take(
        [sales(rows, time_zone)], cutoffs, settings, has=SALES, observed_until=min(cutoffs)
    )
    random.shuffle(rows)
    rows_online = [
        online.row(customer_id, posted({"transactions": own}), cutoff, settings, has=SALES).rows
        for customer_id, own in by_customer(rows).items()
        for cutoff in cutoffs
    ]
    equal(pd.concat(rows_online), batch.rows.drop(columns=list(LABELS)))


@rarely(2)
@given(companies(), time_zones, st.sets(st.sampled_from(sorted(snapshot.NEEDED - SALES))))
def test_with_every_table_the_online_row_equals_the_batch_row(
    company: tuple[History, list[datetime]], time_zone: str, unknown: set[str]
) -> None:
    """As far as the model knows them, late rows and all."""
    history, (cutoff, *_) = company
    settings, has = FeatureSettings(time_zone=time_zone), EVERYTHING - unknown
    batch = snapshot.take([records(history, time_zone)], [cutoff], settings, has=has, themes=THEMES)
    rows = [
        online.row(
            name,
            posted(standing(history, name, cutoff)),
            cutoff,
            settings,
            has=has,
            themes=THEMES,
        )
        for name in "abc"
    ]
    assert {row.provenance for row in rows} == {batch.provenance}
    assert {row.names for row in rows} == {batch.names}
    equal(pd.concat([row.rows for row in rows]), batch.rows)


def test_on_a_simulated_company_online_and_batch_are_one(
    make_store: Callable[..., Store],
) -> None:
    """What was taken in from files, of customers of every kind."""
    store = make_store(**simulate(150).tables)
    has, settings = store.has, FeatureSettings()
    cutoff = datetime.combine(store.span()[1], time(), UTC) - timedelta(days=90)
    tables = {name: pq.read_table(store.path(name)).to_pylist() for name in TIMELINES}
    batch = snapshot.take(store.records(themes=THEMES), [cutoff], settings, has=has, themes=THEMES)
    chosen = batch.rows.iloc[::3]
    assert len(chosen) > 30
    assert (chosen["theme_en_1"] > 0).any()
    rows = [
        online.row(
            name,
            {
                table: [row for row in rows if row["customer_id"] == name]
                for table, rows in tables.items()
            },
            cutoff,
            settings,
            has=has,
            themes=THEMES,
        ).rows
        for name in chosen["customer_id"]
    ]
    equal(pd.concat(rows), chosen)


def equal(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(
        indexed(found),
        indexed(expected),
        check_index_type=False,
        check_exact=False,
        rtol=1e-9,
        atol=1e-9,
    )


def test_a_ticket_and_its_contacts_find_each_other_in_any_order() -> None:
    history = posted(
        {
            "transactions": [Row("a", at(0), 5)],
            "tickets": [
                Ticket("a", "y", at(1), resolved_at=at(3)),
                Ticket("a", "x", at(1), resolved_at=at(3)),
            ],
            "contacts": [
                Contact("a", at(1), "mail", None),
                Contact("a", at(1), "mail", "x"),
                Contact("a", at(2), "phone", "x"),
                Contact("a", at(1), "mail", "y"),
            ],
        }
    )
    row = online.row("a", history, at(9), FeatureSettings(), has=EVERYTHING).rows
    assert row["first_contact"].tolist() == [0.5]
    assert row["contacts_per_ticket"].tolist() == [1.5]
    assert row["switches_per_ticket"].tolist() == [0.5]


def test_no_purchase_before_the_cutoff_gives_no_row() -> None:
    for history in ({}, sold(), sold((at(1), 5)), sold((at(0), -5))):
        assert online.row("a", history, at(1), FeatureSettings(), has=SALES).rows.empty


def test_times_may_be_written_under_any_offset() -> None:
    winter, summer = (timezone(timedelta(hours=hours)) for hours in (1, 2))
    madrid = ZoneInfo("Europe/Madrid")
    history = sold(
        (datetime(2024, 1, 15, 23, 30, tzinfo=winter), 5),
        (datetime(2024, 7, 15, 0, 30, tzinfo=summer), 7),
        (datetime(2024, 7, 15, 23, 30, tzinfo=madrid), 9),
    )
    settings = FeatureSettings(time_zone="Europe/Madrid")
    row = online.row("a", history, datetime(2024, 8, 1, tzinfo=summer), settings, has=SALES)
    assert row.rows[["frequency", "recency", "T", "spend"]].to_numpy().tolist() == [
        [1, 182, 198, 21]
    ]


def test_in_one_instant_the_refund_comes_after_the_purchase() -> None:
    history = sold((at(0), 10), (at(3), -5), (at(3), 20))
    row = online.row("a", history, at(4), FeatureSettings(), has=SALES).rows
    assert row["monetary_value"].tolist() == [15]


def test_there_are_no_labels_and_the_provenance_is_the_batchs() -> None:
    settings = FeatureSettings()
    row = online.row("a", sold((at(0), 5)), at(1), settings, has=SALES)
    assert row.rows["customer_id"].tolist() == ["a"]
    assert not set(LABELS) & set(row.rows)
    assert row.provenance == snapshot.provenance(settings, [at(1)], SALES)


def test_a_time_without_a_zone_is_refused() -> None:
    history = sold((at(0), 5), (datetime(2023, 1, 1), 5))
    with pytest.raises(TypeError, match="offset-naive"):
        online.row("a", history, at(1), FeatureSettings(), has=SALES)


def test_rows_asked_for_at_a_time_are_those_asked_for_one_by_one() -> None:
    histories = [sold(*((at(3 * day), 5 + day) for day in range(buys))) for buys in range(1, 25)]

    def row(history: online.History) -> list[float]:
        taken = online.row("a", history, at(99), FeatureSettings(), has=SALES)
        return [float(values[0]) for values in taken.columns.values()]

    one_by_one = [row(history) for history in histories]
    with ThreadPoolExecutor(8) as threads:
        at_a_time = list(threads.map(row, histories * 4))
    np.testing.assert_array_equal(at_a_time, one_by_one * 4)
