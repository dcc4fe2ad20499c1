"""A posted history gets the row that the batch would give it."""

from datetime import datetime, timedelta, timezone
from random import Random
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import online, snapshot
from features.online import Purchase
from features.settings import FeatureSettings
from tests.features.histories import at, by_customer, indexed, looks, records, time_zones
from tests.features.naive import Row


def purchases(rows: list[Row]) -> list[Purchase]:
    return [Purchase(row.occurred_at, row.amount) for row in rows]


@given(looks(late=False), time_zones, st.randoms(use_true_random=False))
def test_the_online_row_equals_the_batch_row(
    look: tuple[list[Row], list[datetime]], time_zone: str, random: Random
) -> None:
    rows, cutoffs = look
    settings = FeatureSettings(time_zone=time_zone)
    batch = snapshot.take(
        [records(rows, time_zone)], cutoffs, settings, observed_until=min(cutoffs)
    )
    random.shuffle(rows)
    posted = [
        online.row(customer_id, purchases(own), cutoff, settings).rows
        for customer_id, own in by_customer(rows).items()
        for cutoff in cutoffs
    ]
    pd.testing.assert_frame_equal(
        indexed(pd.concat(posted)),
        indexed(batch.rows),
        check_index_type=False,
        check_exact=False,
        rtol=1e-9,
        atol=1e-9,
    )


def test_no_purchase_before_the_cutoff_gives_no_row() -> None:
    settings = FeatureSettings()
    assert online.row("a", [], at(1), settings).rows.empty
    assert online.row("a", [Purchase(at(1), 5)], at(1), settings).rows.empty
    assert online.row("a", [Purchase(at(0), -5)], at(1), settings).rows.empty


def test_times_may_be_written_under_any_offset() -> None:
    winter, summer = (timezone(timedelta(hours=hours)) for hours in (1, 2))
    madrid = ZoneInfo("Europe/Madrid")
    posted = [
        Purchase(datetime(2024, 1, 15, 23, 30, tzinfo=winter), 5),
        Purchase(datetime(2024, 7, 15, 0, 30, tzinfo=summer), 7),
        Purchase(datetime(2024, 7, 15, 23, 30, tzinfo=madrid), 9),
    ]
    settings = FeatureSettings(time_zone="Europe/Madrid")
    row = online.row("a", posted, datetime(2024, 8, 1, tzinfo=summer), settings)
    assert row.rows[["frequency", "recency", "T", "spend"]].to_numpy().tolist() == [
        [1, 182, 198, 21]
    ]


def test_in_one_instant_the_refund_comes_after_the_purchase() -> None:
    posted = [Purchase(at(0), 10), Purchase(at(3), -5), Purchase(at(3), 20)]
    row = online.row("a", posted, at(4), FeatureSettings()).rows
    assert row["monetary_value"].tolist() == [15]


def test_labels_are_unknown_and_the_provenance_is_the_batchs() -> None:
    settings = FeatureSettings()
    row = online.row("a", [Purchase(at(0), 5)], at(1), settings)
    assert row.rows["customer_id"].tolist() == ["a"]
    assert row.rows["churned"].isna().all()
    assert row.provenance == snapshot.provenance(settings, [at(1)])


def test_a_time_without_a_zone_is_refused() -> None:
    posted = [Purchase(at(0), 5), Purchase(datetime(2023, 1, 1), 5)]
    with pytest.raises(TypeError, match="offset-naive"):
        online.row("a", posted, at(1), FeatureSettings())
