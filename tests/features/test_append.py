"""Files appended day by day give the records that all of them at once give, dirt and all."""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import changes, snapshot
from features.errors import QuerenciaError
from features.intake import Intake, append, refer, take_in
from features.records import CONTRACTS
from features.settings import FeatureSettings
from features.sources import Source
from features.store import Store
from tests.properties import rarely

MADRID = FeatureSettings(time_zone="Europe/Madrid")

Row = Mapping[str, str]
Day = Mapping[str, Sequence[Row]]

COLUMNS = {
    "customers": ("customer_id", "segment", "contract_ends_at", "erased_at"),
    "rates": ("currency", "occurred_at", "rate"),
    "transactions": (
        "transaction_id",
        "customer_id",
        "occurred_at",
        "amount",
        "currency",
        "channel",
        "margin",
        "delivered_at",
        "recorded_at",
    ),
    "surveys": (
        "survey_id",
        "customer_id",
        "kind",
        "asked_at",
        "answered_at",
        "score",
        "scale_min",
        "scale_max",
        "comment",
    ),
    "tickets": ("ticket_id", "customer_id", "opened_at", "resolved_at", "handling_minutes"),
    "referrals": ("referral_id", "customer_id", "occurred_at", "referred_customer_id"),
}
RATES = [
    {"currency": "USD", "occurred_at": "2024-01-02", "rate": "0.9"},
    {"currency": "USD", "occurred_at": "2024-01-03", "rate": "0.7"},
]
FIRST = {
    "customers": [{"customer_id": "ada"}],
    "rates": RATES,
    "transactions": [
        {"transaction_id": "0", "customer_id": "ada", "occurred_at": "2024-01-01", "amount": "1"}
    ],
    "referrals": [
        {
            "referral_id": "0",
            "customer_id": "ada",
            "occurred_at": "2024-01-01",
            "referred_customer_id": "bea",
        }
    ],
}
WHO = st.sampled_from(["ana", "bea", "eva", "17850.0", "17850", "", " eva "])
WHEN = st.sampled_from(
    ["2024-01-01", "2024-01-02T23:30:00Z", "2024-03-31 02:30", "2024-01-01 00:00", "soon"]
)
KEY = st.sampled_from(["1", "1", "2", "2.0", "3", ""])

sale = st.fixed_dictionaries(
    {
        "transaction_id": KEY,
        "customer_id": WHO,
        "occurred_at": WHEN,
        "amount": st.sampled_from(["5", "-5", "5.00", "20", "oops"]),
    },
    optional={
        "currency": st.sampled_from(["USD", "EUR", "CHF"]),
        "channel": st.sampled_from(["web", "shop, old", 'the "app"']),
        "margin": st.sampled_from(["1", "1.0", "2"]),
        "delivered_at": st.sampled_from(["2024-01-03", "2024-04-02", "never"]),
        "recorded_at": st.sampled_from(["2024-01-01", "2024-01-04", "2024-02-01", "late"]),
    },
)
person = st.fixed_dictionaries(
    {"customer_id": WHO},
    optional={
        "segment": st.sampled_from(["new", "old"]),
        "contract_ends_at": WHEN,
        "erased_at": st.sampled_from(["2024-02-01", "2024-02-02", "", "gone"]),
    },
)
referral = st.fixed_dictionaries(
    {"referral_id": KEY, "customer_id": WHO, "occurred_at": WHEN},
    optional={"referred_customer_id": WHO},
)
day = st.fixed_dictionaries(
    {},
    optional={
        "customers": st.lists(person, min_size=1, max_size=3),
        "transactions": st.lists(sale, min_size=4, max_size=8),
        "referrals": st.lists(referral, min_size=1, max_size=3),
    },
)


def _owned(days: Iterable[Day]) -> list[Day]:
    """The days, each version of a row being of one customer, and friend, wherever it comes.

    What an erased customer's row kept out stays out when they go; that is all that differs.
    """
    owners: dict[tuple[str, ...], str] = {}

    def owned(table: str, row: Row) -> Row:
        if table not in ("transactions", "referrals"):
            return row
        key = row["transaction_id" if table == "transactions" else "referral_id"]
        version = (table, key.removesuffix(".0"), row.get("recorded_at", ""))
        told = {
            name: owners.setdefault((*version, name), row[name])
            for name in ("customer_id", "referred_customer_id")
            if row.get(name)
        }
        return {**row, **told}

    return [{name: [owned(name, row) for row in rows] for name, rows in d.items()} for d in days]


def write(
    path: Path, table: str, rows: Sequence[Row], without: frozenset[str] = frozenset()
) -> Source:
    """Write a file that has the columns that some row fills."""
    found = {name for row in rows for name in row}
    names = [name for name in COLUMNS[table] if name in found - without]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore", quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)
    return Source(path)


def by_days(folder: Path, days: Sequence[Day], without: frozenset[str] = frozenset()) -> None:
    for tables in days:
        for table in (table for table in CONTRACTS if table in tables):
            source = write(folder / "day.csv", table, tables[table], without)
            append(source, CONTRACTS[table], folder, MADRID)
        refer(folder)


def at_once(folder: Path, days: Sequence[Day], without: frozenset[str] = frozenset()) -> None:
    for table in (table for table in CONTRACTS if table in COLUMNS):
        if rows := [row for tables in days for row in tables.get(table, ())]:
            source = write(folder / "all.csv", table, rows, without)
            take_in(source, CONTRACTS[table], folder, MADRID)
    refer(folder)


def records(folder: Path) -> dict[str, pa.Table]:
    return {path.stem: pq.read_table(path) for path in (folder / "records").iterdir()}


def refused(folder: Path) -> dict[str, Counter[tuple[tuple[str, str], ...]]]:
    """The rows refused, wherever they came from."""
    found = {}
    for path in (folder / "quarantine").iterdir():
        with path.open(newline="") as file:
            rows = [
                {name: text for name, text in row.items() if name not in ("source", "row")}
                for row in csv.DictReader(file)
            ]
        found[path.stem] = Counter(tuple(row.items()) for row in rows)
    return found


@pytest.mark.parametrize("numbered", [False, True])
@rarely(5)
@given(days=st.lists(day, min_size=2, max_size=4))
def test_day_by_day_gives_what_all_at_once_gives(numbered: bool, days: list[Day]) -> None:
    without = frozenset({"transaction_id", "recorded_at"} if numbered else ())
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        split, whole = Path(one), Path(other)
        history = [FIRST, *_owned(days)]
        by_days(split, history, without)
        at_once(whole, history, without)
        found, expected = records(split), records(whole)
        assert found.keys() == expected.keys()
        for table, rows in expected.items():
            assert found[table].schema == rows.schema, table
            assert found[table].to_pylist() == rows.to_pylist(), table
        assert refused(split) == refused(whole)


ASKED = {"customer_id": "ana", "kind": "csat", "asked_at": "2024-01-02"}

survey = st.fixed_dictionaries(
    {"survey_id": st.sampled_from(["1", "2"])},
    optional={
        "answered_at": st.sampled_from(["2024-01-03", "2024-01-03", "2024-01-04", "2024-01-01"]),
        "score": st.sampled_from(["4", "4", "6"]),
        "scale_min": st.sampled_from(["1", "1", "10"]),
        "scale_max": st.sampled_from(["5", "5", "7"]),
        "comment": st.sampled_from(["good", "good", "bad"]),
    },
)


def _faults(row: Row) -> list[str]:
    """What is wrong with a survey as it stands."""
    faults = []
    if row.get("answered_at", row["asked_at"]) < row["asked_at"]:
        faults.append("answered_at is before asked_at")
    if score := float(row.get("score", 0)):
        scale = [float(row.get(name, score)) for name in ("scale_min", "scale_max")]
        if "scale_min" in row and "scale_max" in row:
            scale.sort()
        if not scale[0] <= score <= scale[1]:
            faults.append("score is off its scale")
    return faults


def _one_by_one(rows: Iterable[Row]) -> tuple[dict[str, Row], Counter[str]]:
    """The surveys that these make, read one after another, and what became of each row."""
    kept: dict[str, Row] = {}
    became: Counter[str] = Counter()
    for row in rows:
        so_far = kept.get(row["survey_id"], row)
        whole = {**row, **so_far}
        if faults := _faults(row):
            became.update(faults)
        elif so_far is row:
            kept[row["survey_id"]] = row
        elif any(so_far.get(name, text) != text for name, text in row.items()):
            became["survey_id appears more than once"] += 1
        elif faults := _faults(whole):
            became.update(faults)
        elif whole == so_far:
            became["again"] += 1
        else:
            kept[row["survey_id"]] = whole
            became["completed"] += 1
    return kept, became


def _became(intakes: Iterable[Intake]) -> Counter[str]:
    found: Counter[str] = Counter()
    for intake in intakes:
        found.update({fault.reason: fault.rows for fault in intake.faults})
        found.update(again=intake.again, completed=intake.completed)
    return +found


@rarely(3)
@given(rows=st.lists(survey, min_size=4, max_size=10), size=st.integers(2, 5))
def test_rows_that_come_again_are_taken_one_after_another(rows: list[Row], size: int) -> None:
    asked = [{"survey_id": "0", **ASKED}, *({**row, **ASKED} for row in rows)]
    kept, became = _one_by_one(asked)
    expected = _taken([list(kept.values())])[0].to_pylist()
    split = [asked[first : first + size] for first in range(0, len(asked), size)]
    for batches in ([asked], split):
        found, intakes = _taken(batches)
        assert _became(intakes) == became
        assert found.to_pylist() == [
            {name: row.get(name) for name in found.column_names} for row in expected
        ]


def _taken(batches: Iterable[Sequence[Row]]) -> tuple[pa.Table, list[Intake]]:
    """The surveys that are held after these were added."""
    with TemporaryDirectory() as name:
        intakes = [add(Path(name), "surveys", *batch) for batch in batches]
        (found,) = records(Path(name)).values()
    return found, intakes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder that holds the first day."""
    by_days(tmp_path, [FIRST])
    changes.settle(tmp_path)
    return tmp_path


def add(folder: Path, table: str, *rows: Row, **other: str) -> Intake:
    source = write(folder / "day.csv", table, rows)
    return append(source, CONTRACTS[table], folder, MADRID.model_copy(update=other))


def sold(number: str, customer: str, amount: str, **other: str) -> Row:
    when = {"occurred_at": "2024-01-05"} | other
    return {"transaction_id": number, "customer_id": customer, "amount": amount, **when}


def held(folder: Path, table: str, *columns: str) -> list[tuple[object, ...]]:
    rows = pq.read_table(folder / "records" / f"{table}.parquet", columns=list(columns))
    return [tuple(row.values()) for row in rows.to_pylist()]


def touched(folder: Path) -> list[str]:
    found = changes.changed(folder)
    assert found is not None
    ids: list[str] = found["customer_id"].to_pylist()
    return ids


def test_a_row_sent_again_is_counted_and_a_different_one_refused(folder: Path) -> None:
    intake = add(
        folder,
        "transactions",
        FIRST["transactions"][0],
        {**FIRST["transactions"][0], "amount": "2"},
        sold("7", "bea", "3"),
        sold("7", "bea", "3.00"),
    )
    assert (intake.rows, intake.kept, intake.again) == (2, 1, 2)
    assert [str(fault.reason) for fault in intake.faults] == [
        "transaction_id appears more than once"
    ]
    assert held(folder, "transactions", "transaction_id", "amount") == [("0", 1), ("7", 3)]
    assert touched(folder) == ["bea"]


def test_nothing_new_changes_nothing(folder: Path) -> None:
    before = records(folder)
    for table, rows in FIRST.items():
        assert add(folder, table, *rows).kept == (table == "customers")
    assert records(folder) == before
    assert touched(folder) == []


ASKED_TWICE = [
    {"survey_id": number, **ASKED, "asked_at": "2024-01-01T00:00:00Z"} for number in "12"
]
ANSWER = {"answered_at": "2024-01-09", "score": "4", "comment": "fine"}


def test_an_outcome_completes_the_row_of_an_earlier_day(folder: Path) -> None:
    add(folder, "surveys", *ASKED_TWICE)
    changes.settle(folder)
    answered = {**ASKED_TWICE[1], **ANSWER}
    intake = add(folder, "surveys", ASKED_TWICE[0], answered, {**answered, "comment": ""})
    assert (intake.rows, intake.kept, intake.again, intake.completed) == (0, 0, 2, 1)
    assert intake.faults == ()
    assert held(folder, "surveys", "survey_id", "score", "comment") == [
        ("1", None, None),
        ("2", 4, "fine"),
    ]
    found = changes.changed(folder)
    assert found is not None
    assert found.to_pylist() == [
        {"customer_id": "ana", "since": datetime(2024, 1, 1, tzinfo=UTC)}
    ], "features may differ from the row's own time on"


def test_what_was_completed_is_contradicted_by_what_differs_from_it(folder: Path) -> None:
    add(folder, "surveys", ASKED_TWICE[0])
    add(folder, "surveys", {**ASKED_TWICE[0], **ANSWER})
    intake = add(
        folder,
        "surveys",
        {**ASKED_TWICE[0], "score": "5"},
        {**ASKED_TWICE[0], "score": "4", "scale_max": "3"},
        {**ASKED_TWICE[0], "scale_max": "3"},
        {**ASKED_TWICE[0], "scale_max": "5"},
    )
    assert {fault.reason: fault.rows for fault in intake.faults} == {
        "score is off its scale": 2,
        "survey_id appears more than once": 1,
    }
    assert (intake.rows, intake.kept, intake.completed) == (3, 0, 1)
    assert held(folder, "surveys", "score", "scale_max") == [(4, 5)]


def test_rules_are_judged_by_what_the_row_is_by_then(folder: Path) -> None:
    top, bottom, score = (
        {**ASKED, name: text}
        for name, text in {"scale_max": "5", "scale_min": "9", "score": "6"}.items()
    )
    orders = [(top, bottom, score), (top, score, bottom)]
    rows = [{"survey_id": str(n), **row} for n, order in enumerate(orders) for row in order]
    intake = add(folder, "surveys", *rows)
    assert [(fault.reason, fault.rows) for fault in intake.faults] == [
        ("score is off its scale", 1)
    ]
    assert held(folder, "surveys", "scale_max", "scale_min", "score") == [(5, 9, 6), (5, 9, None)]


def test_a_row_with_a_time_of_recording_is_a_version_and_completes_none(folder: Path) -> None:
    first = FIRST["transactions"][0]
    delivered = {**first, "delivered_at": "2024-01-02"}
    recorded = {**first, "recorded_at": "2024-01-05"}
    intake = add(folder, "transactions", recorded, {**recorded, "channel": "web"}, delivered)
    assert (intake.kept, intake.completed) == (1, 2)
    assert [
        (channel, delivered_at is None, superseded_at is None)
        for channel, delivered_at, superseded_at in held(
            folder, "transactions", "channel", "delivered_at", "superseded_at"
        )
    ] == [(None, False, False), ("web", True, True)]


def test_an_outcome_told_later_is_unknown_before_its_own_time(folder: Path) -> None:
    opened = {"ticket_id": "1", "customer_id": "ada", "opened_at": "2024-01-02"}
    add(folder, "tickets", opened)
    add(folder, "tickets", {**opened, "resolved_at": "2024-01-10", "handling_minutes": "30"})
    store = Store(folder)
    taken = snapshot.take(
        store.records(),
        [datetime(2024, 1, day, tzinfo=UTC) for day in (9, 11)],
        MADRID,
        has=store.has,
    ).rows
    ada = taken[taken["customer_id"] == "ada"]
    assert ada["tickets_open"].tolist() == [1, 0]
    assert ada["handling_minutes"].isna().tolist() == [True, False]
    assert ada["handling_minutes"].tolist()[1] == 30


def test_a_correction_changes_both_customers_of_a_row_that_moves(folder: Path) -> None:
    add(folder, "transactions", sold("0", "eva", "1", recorded_at="2024-02-01"))
    assert touched(folder) == ["ada", "eva"]
    found = held(folder, "transactions", "customer_id", "superseded_at")
    assert [(who, when is None) for who, when in found] == [("ada", False), ("eva", True)]


def test_a_purchase_of_someone_referred_changes_the_referrer(folder: Path) -> None:
    add(folder, "transactions", sold("1", "bea", "9"))
    refer(folder)
    assert touched(folder) == ["ada", "bea"]
    changes.settle(folder)
    refer(folder)
    assert touched(folder) == []


def test_whoever_is_erased_later_leaves_no_trace(folder: Path) -> None:
    add(folder, "transactions", sold("1", "bea", "9"), sold("", "bea", "9"), sold("2", "bea", ""))
    add(folder, "customers", {"customer_id": "bea", "segment": "secret"})
    refer(folder)
    changes.settle(folder)
    add(folder, "customers", {"customer_id": "bea", "erased_at": "2024-02-01"})
    refer(folder)
    assert touched(folder) == ["ada", "bea"]
    assert held(folder, "transactions", "customer_id") == [("ada",)]
    assert held(folder, "referrals", "customer_id", "referred_customer_id") == [("ada", None)]
    assert held(folder, "referred_purchases", "customer_id") == []
    assert held(folder, "customers", "customer_id", "segment") == [("ada", None), ("bea", None)]
    assert not any(rows for rows in refused(folder).values())
    add(folder, "customers", {"customer_id": "bea", "segment": "back", "erased_at": ""})
    assert held(folder, "customers", "customer_id", "segment")[1] == ("bea", None)


def test_the_refused_of_every_file_are_kept_with_where_they_were(folder: Path) -> None:
    add(folder, "transactions", sold("1", "", "9"))
    add(folder, "transactions", sold("2", "eva", "9", channel="web"), sold("3", "eva", "oops"))
    with (folder / "quarantine" / "transactions.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [(row["row"], row["transaction_id"], row["channel"]) for row in found] == [
        ("1", "1", ""),
        ("2", "3", ""),
    ]
    assert {row["source"] for row in found} == {str(folder / "day.csv")}


def test_a_file_without_a_good_row_is_told_and_changes_nothing(folder: Path) -> None:
    intake = add(folder, "transactions", sold("1", "", "9"))
    assert (intake.rows, intake.kept, intake.faults[0].reason) == (1, 0, "customer_id is missing")
    assert len(held(folder, "transactions", "customer_id")) == 1


def test_numbers_go_on_where_the_last_file_ended(tmp_path: Path) -> None:
    for count in range(3):
        rows = [{"customer_id": who, "occurred_at": "2024-01-01", "amount": "1"} for who in "abc"]
        add(tmp_path, "transactions", *rows[count:], {"customer_id": "lost"})
    assert held(tmp_path, "transactions", "transaction_id", "customer_id") == [
        ("1", "a"),
        ("2", "b"),
        ("5", "b"),
        ("3", "c"),
        ("6", "c"),
        ("8", "c"),
    ]


def test_rows_with_a_key_and_without_are_not_mixed(folder: Path) -> None:
    row = {"customer_id": "bea", "occurred_at": "2024-01-01", "amount": "1"}
    with pytest.raises(QuerenciaError, match="those there are have transaction_id and this file"):
        add(folder, "transactions", row)


@pytest.mark.parametrize("other", [{"currency": "USD"}, {"time_zone": "UTC"}])
def test_other_definitions_are_refused(folder: Path, other: Mapping[str, str]) -> None:
    with pytest.raises(QuerenciaError, match="Read all files anew"):
        add(folder, "transactions", sold("1", "bea", "9"), **other)


@pytest.mark.parametrize(
    ("currency", "since", "late"),
    [
        ("USD", "2024-01-04", True),  # converted by an older rate
        ("USD", "2024-01-06", False),
        ("CHF", "2024-01-01", True),  # refused for want of a rate
        ("CHF", "2024-01-06", False),
        ("GBP", "2024-01-01", False),
    ],
)
def test_rates_may_not_come_after_the_sales_they_convert(
    folder: Path, currency: str, since: str, late: bool
) -> None:
    sales = [sold(money, "bea", "10", currency=money) for money in ("USD", "CHF", "EUR")]
    assert add(folder, "transactions", *sales).kept == 2
    rate = {"currency": currency, "occurred_at": since, "rate": "2"}
    before = records(folder)
    if late:
        with pytest.raises(QuerenciaError, match=f"e.g. one in {currency} of 2024-01-05"):
            add(folder, "rates", rate)
        assert records(folder) == before
    else:
        assert add(folder, "rates", *RATES, rate).again == len(RATES)


def test_of_a_customer_what_is_told_last_counts(folder: Path) -> None:
    add(folder, "customers", {"customer_id": "ada", "segment": "new"}, {"customer_id": "zoe"})
    add(
        folder, "customers", {"customer_id": "ada", "segment": "", "contract_ends_at": "2024-05-01"}
    )
    assert touched(folder) == ["ada", "zoe"]
    found = held(folder, "customers", "customer_id", "segment")
    assert found == [("ada", "new"), ("zoe", None)]


def test_records_read_anew_are_everyone_s(folder: Path) -> None:
    at_once(folder, [FIRST])
    assert changes.changed(folder) is None
    changes.settle(folder)
    assert touched(folder) == []
