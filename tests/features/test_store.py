"""The store gives whole customers, a group at a time, and all of them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features import snapshot
from features.company import simulate
from features.cutoffs import microseconds
from features.errors import QuerenciaError
from features.intake import refer, take_in
from features.records import CONTRACTS, TIMELINES, Records
from features.settings import FeatureSettings
from features.sources import Source
from features.store import Store, timelines
from features.timeline import UNKNOWN
from tests.features.histories import SALES, at, by_customer, indexed, table
from tests.features.naive import Row

UNTIL = at(400)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Forty customers of very unequal length."""
    random = np.random.default_rng(7)
    return [
        Row(
            f"customer {number:02}",
            at(int(random.integers(400)), int(random.integers(1_440))),
            round(random.normal(30, 20), 2),
        )
        for number in range(40)
        for _ in range(random.choice([1, 2, 5, 60]))
    ]


@pytest.fixture(scope="module")
def store(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store whose row groups cut customers in two."""
    made = Store(tmp_path_factory.mktemp("store"))
    made.path("transactions").parent.mkdir()
    pq.write_table(table(rows, "Europe/Madrid"), made.path("transactions"), row_group_size=17)
    return made


def whole(records: Records) -> Iterator[tuple[str, list[int], list[int], list[int]]]:
    """Each customer with everything that is held of them."""
    timeline = records["transactions"]
    parts = [timeline.times, timeline.columns["amount"], timeline.columns["day"]]
    for customer, *own in zip(
        records.customers, *(np.split(part, timeline.offsets[1:-1]) for part in parts), strict=True
    ):
        yield customer, *(part.tolist() for part in own)


def test_at_once_all_rows_of_all_customers_are_read(rows: list[Row], store: Store) -> None:
    (records,) = store.records()
    assert {name: len(times) for name, times, *_ in whole(records)} == {
        name: len(own) for name, own in by_customer(rows).items()
    }


@pytest.mark.parametrize("customers_at_once", [1, 3, 39, 40])
def test_read_in_groups_no_customer_is_split(store: Store, customers_at_once: int) -> None:
    (at_once,) = store.records()
    groups = list(store.records(customers_at_once))
    assert (len(groups) > 1) == (customers_at_once < 40)
    assert [own for group in groups for own in whole(group)] == list(whole(at_once))


def test_snapshots_do_not_depend_on_the_groups(store: Store) -> None:
    settings = FeatureSettings(time_zone="Europe/Madrid", horizon_days=60)

    def rows(records: Iterator[Records]) -> pd.DataFrame:
        taken = snapshot.take(records, [at(90), at(365)], settings, has=SALES, observed_until=UNTIL)
        return indexed(taken.rows)

    pd.testing.assert_frame_equal(rows(store.records(2)), rows(store.records()), check_exact=True)


def test_of_many_customers_some_are_drawn_the_same_ones_in_any_groups(store: Store) -> None:
    few = store.drawn(20)
    drawn = [name for records in few.records() for name in records.customers]
    assert 10 <= len(drawn) <= 30
    again = [each for records in few.records(3) for each in whole(records)]
    assert [name for name, *_ in again] == drawn
    everybody = {name: rest for records in store.records() for name, *rest in whole(records)}
    assert all(everybody[name] == rest for name, *rest in again)


@pytest.mark.parametrize("most", [40, 1_000_000])
def test_where_there_are_no_more_customers_all_are_drawn(store: Store, most: int) -> None:
    assert store.drawn(most) is store


def test_the_span_is_of_whole_days_in_the_zone(rows: list[Row], store: Store) -> None:
    days = table(rows, "Europe/Madrid")["day"].to_pandas()
    first, end = store.span()
    assert (first, end) == (days.min(), days.max() + pd.Timedelta(days=1))


def test_a_store_without_transactions_says_what_to_do(tmp_path: Path) -> None:
    for ask in (Store(tmp_path).span, lambda: list(Store(tmp_path).records())):
        with pytest.raises(QuerenciaError, match=r"no transactions in .* yet.*querencia check"):
            ask()


def instants(*values: datetime | None) -> pa.Array:
    return pa.array(values, pa.timestamp("us", "UTC"))


def test_records_are_known_when_recorded_but_never_before_they_happen() -> None:
    kept = pa.table(
        {
            "customer_id": ["a", "a", "b"],
            "occurred_at": instants(at(1), at(2), at(3)),
            "amount": [0.1, 19.99, -3.0],
            "day": [date(2023, 1, 2), date(2023, 1, 3), date(2023, 1, 4)],
        }
    )
    late = kept.append_column("recorded_at", instants(None, at(5), at(2)))
    punctual, tardy = (timelines(np.array(["a", "b"]), {"transactions": t}) for t in (kept, late))
    assert punctual.late.tolist() == [False, False]
    assert tardy.late.tolist() == [True, False]

    def counted(day: int) -> list[int]:
        return np.diff(tardy.known(microseconds((at(day),))[0])["transactions"].offsets).tolist()

    assert [counted(day) for day in (2, 3, 4, 6)] == [[1, 0], [1, 0], [1, 1], [2, 1]]


def test_amounts_are_whole_ten_thousandths() -> None:
    kept = pa.table(
        {
            "customer_id": ["a"] * 3,
            "occurred_at": instants(at(1), at(2), at(3)),
            "amount": [0.1 + 0.2, 19.99, -0.0001],
            "day": [date(2023, 1, 2)] * 3,
        }
    )
    amounts = timelines(np.array(["a"]), {"transactions": kept})["transactions"].columns["amount"]
    assert amounts.tolist() == [3_000, 199_900, -1]


def with_margins(
    folder: Path, rows: Sequence[Row], margins: Sequence[float | None], *, late: bool = True
) -> Store:
    """A store of a single customer's rows, in order, with these margins."""
    store = Store(folder)
    store.path("transactions").parent.mkdir()
    kept = table(rows, "UTC").append_column("margin", pa.array(margins, pa.float64()))
    kept = kept if late else kept.drop_columns("recorded_at")
    pq.write_table(kept, store.path("transactions"), row_group_size=2)
    return store


@pytest.mark.parametrize("late", [True, False])
def test_the_margin_rate_is_that_of_the_sales_whose_margin_was_known(
    tmp_path: Path, late: bool
) -> None:
    rows = [
        Row("a", at(1), 100),
        Row("a", at(2), 60, at(9) if late else at(2)),
        Row("a", at(3), 1_000),
        Row("a", at(4), -20),
        Row("a", at(9), 500),
    ]
    store = with_margins(tmp_path, rows, [30, 30, None, -4, 5], late=late)
    assert store.margin_rate(before=at(9)) == pytest.approx(26 / 80 if late else 56 / 140)
    assert store.margin_rate(before=at(9, 1)) == pytest.approx(61 / 640)


@pytest.mark.parametrize(
    ("margins", "rate"), [([None, None], None), ([-5, 1], None), ([0, 0], None), ([90, 90], 1)]
)
def test_a_margin_rate_is_a_share_or_unknown(
    tmp_path: Path, margins: list[float | None], rate: float | None
) -> None:
    store = with_margins(tmp_path, [Row("a", at(1), 50), Row("a", at(2), 50)], margins)
    assert store.margin_rate(before=at(9)) == rate


def test_of_a_corrected_sale_the_margin_is_that_of_the_version_then(tmp_path: Path) -> None:
    rows = [
        Row("a", at(1), 100, at(1), superseded_at=at(5)),
        Row("a", at(1), 50, at(5)),
        Row("a", at(2), 100),
    ]
    store = with_margins(tmp_path, rows, [30, 5, 10])
    assert store.margin_rate(before=at(4)) == pytest.approx(40 / 200)
    assert store.margin_rate(before=at(6)) == pytest.approx(15 / 150)


def test_the_store_has_the_tables_and_columns_written(store: Store) -> None:
    columns = ("customer_id", "occurred_at", "amount", "day", "recorded_at", "discount")
    assert {"transactions", *(f"transactions.{name}" for name in columns)} <= store.has
    assert not any(name.startswith(("surveys", "tickets")) for name in store.has)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A simulated company as it is taken in."""
    folder = tmp_path_factory.mktemp("company")
    for name, rows in simulate(150, days=300).tables.items():
        rows.to_parquet(folder / f"{name}.parquet")
        source = Source(folder / f"{name}.parquet")
        take_in(source, CONTRACTS[name], folder, FeatureSettings())
    refer(folder)
    return Store(folder)


def test_every_table_is_read_with_its_customers(company: Store) -> None:
    (records,) = company.records()
    assert set(records.tables) == set(TIMELINES)
    for name, rows in records.tables.items():
        written = pq.read_table(company.path(name)).to_pandas()
        counted = written["customer_id"].value_counts().reindex(records.customers, fill_value=0)
        assert np.diff(rows.offsets).tolist() == counted.tolist()


def test_snapshots_of_every_table_do_not_depend_on_the_groups(company: Store) -> None:
    until = company.span()[1]
    cutoffs = [datetime.combine(until, time(), UTC) - timedelta(days=days) for days in (150, 60)]

    def rows(records: Iterator[Records]) -> pd.DataFrame:
        return indexed(
            snapshot.take(
                records, cutoffs, FeatureSettings(), has=company.has, observed_until=cutoffs[1]
            ).rows
        )

    whole = rows(company.records())
    assert {feature.name for feature in snapshot.columns(company.has)} <= set(whole)
    assert whole["tickets"].gt(0).any()
    assert whole["first_contact"].between(0, 1).any()
    pd.testing.assert_frame_equal(rows(company.records(7)), whole, check_exact=True)


def test_the_ends_of_contracts_are_those_of_their_customers(
    rows: list[Row], tmp_path: Path
) -> None:
    store = Store(tmp_path)
    store.path("transactions").parent.mkdir()
    pq.write_table(table(rows, "UTC"), store.path("transactions"))
    (without,) = store.records()
    assert without.contract_ends is None
    names = ["customer 03", "customer 07", "nobody"]
    ends = instants(at(5), None, at(9))
    pq.write_table(
        pa.table({"customer_id": names, "contract_ends_at": ends}), store.path("customers")
    )
    found = {
        name: end
        for group in store.records(7)
        if group.contract_ends is not None
        for name, end in zip(group.customers, group.contract_ends, strict=True)
        if end != UNKNOWN
    }
    assert found == {"customer 03": microseconds((at(5),))[0]}


def test_without_margins_the_rate_is_unknown(store: Store) -> None:
    assert store.margin_rate(before=UNTIL) is None


def test_records_of_another_time_zone_or_currency_are_refused(company: Store) -> None:
    company.require_same(FeatureSettings())
    for name, other in (("time_zone", "Europe/Madrid"), ("currency", "USD")):
        settings = FeatureSettings.model_validate({name: other})
        with pytest.raises(QuerenciaError, match=f"features.{name} = .*, not {other}. Read"):
            company.require_same(settings)
