"""The clustered store: checked records, sorted by customer and time, read a few customers at once.

Memory stays flat however many records there are, because a group of customers is all that is
ever held.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features import chance, comments, snapshot
from features.comments import Themes
from features.errors import QuerenciaError
from features.records import CONTRACTS, LEFT_OUT, TIMELINES, UNITS, Kind, Records
from features.settings import FeatureSettings
from features.snapshot import Snapshot
from features.sources import connect
from features.timeline import UNKNOWN, Ints, Timeline, running_total

CUSTOMERS_AT_ONCE = 20_000
ROWS_AT_ONCE = 1 << 18
_KEY = "learned from"

TIMES = {table: contract.time for table, contract in TIMELINES.items()}
"""The tables that make timelines, and the column that orders each."""

_KINDS: dict[str, Kind] = {
    column.name: column.kind for contract in CONTRACTS.values() for column in contract.columns
} | {"superseded_at": "instant"}


@dataclass(frozen=True)
class _Sorted:
    """Rows that lie in order of their customers: whose they are, and how many each has."""

    rows: pa.Table
    customers: list[str]
    lengths: list[int]

    @classmethod
    def of(cls, rows: pa.Table) -> "_Sorted":
        """Rows with a column `customer_id`."""
        coded = rows["customer_id"].dictionary_encode().unify_dictionaries().combine_chunks()
        # There is a run to look up for each customer, not every row.
        runs = pc.run_end_encode(coded.indices)
        lengths = np.diff(np.asarray(runs.run_ends), prepend=0)
        return cls(rows, coded.dictionary.take(runs.values).to_pylist(), lengths.tolist())


def timelines(
    customers: NDArray[Any], tables: Mapping[str, pa.Table], themes: Themes | None = None
) -> Records:
    """Records of these customers from tables that hold their rows.

    Args:
        customers: Customer ids in ascending order, shape (customers,).
        tables: Rows sorted by customer and time, the columns named as in the contracts; those of
            other customers are left out.
        themes: What comments are about; without it they are not looked at.
    """
    return _records(customers, {name: _Sorted.of(rows) for name, rows in tables.items()}, themes)


def _records(
    customers: NDArray[Any], tables: Mapping[str, _Sorted], themes: Themes | None
) -> Records:
    if themes is not None and "surveys" in tables:
        surveys = tables["surveys"]
        tables = {**tables, "surveys": replace(surveys, rows=_weighed(surveys.rows, themes))}
    issues = _shared([own.rows for own in tables.values() if "ticket_id" in own.rows.column_names])
    return Records(
        customers,
        {name: _timeline(customers, own, TIMES[name], issues) for name, own in tables.items()},
    )


def _weighed(surveys: pa.Table, themes: Themes) -> pa.Table:
    """The surveys with their comments' weights on each theme."""
    told = comments.columns(themes, _texts(surveys, "comment"), _texts(surveys, "language"))
    for name, weights in told.items():
        surveys = surveys.append_column(name, pa.array(weights))
    return surveys


def _texts(rows: pa.Table, column: str) -> list[str | None]:
    """A column of texts, all missing where the company does not have it."""
    if column not in rows.column_names:
        return [None] * len(rows)
    texts: list[str | None] = rows[column].to_pylist()
    return texts


def contract_ends(customers: NDArray[Any], rows: pa.Table) -> Ints:
    """Instant each customer's contract ends, microseconds, `UNKNOWN` where it goes on.

    Args:
        customers: Customer ids, shape (customers,).
        rows: Columns `customer_id` and `contract_ends_at`.
    """
    ends = np.full(len(customers), UNKNOWN)
    place = pc.index_in(pa.array(customers, pa.string()), rows["customer_id"].cast(pa.string()))
    known = np.asarray(place.is_valid())
    ends[known] = _integers(rows["contract_ends_at"], "instant")[np.asarray(place.drop_null())]
    return ends


def _shared(tables: list[pa.Table]) -> pa.Array:
    """The ticket ids of all tables: a ticket has one number wherever it appears."""
    ids = [chunk.cast(pa.string()) for table in tables for chunk in table["ticket_id"].chunks]
    return pc.unique(pa.chunked_array(ids, pa.string())).drop_null()


def _timeline(customers: NDArray[Any], own: _Sorted, time: str, issues: pa.Array) -> Timeline:
    owners = pc.index_in(pa.array(own.customers, pa.string()), pa.array(customers, pa.string()))
    table, lengths = own.rows, np.array(own.lengths, dtype=np.int64)
    if owners.null_count:
        known = np.asarray(owners.is_valid())
        table = table.filter(pa.array(np.repeat(known, lengths)))
        owners, lengths = owners.drop_null(), lengths[known]
    rows = np.zeros(len(customers), dtype=np.int64)
    rows[owners.to_numpy()] = lengths
    columns, words = _columns(table, issues)
    return Timeline(running_total(rows), columns[time], columns, words)


def _columns(table: pa.Table, issues: pa.Array) -> tuple[dict[str, Ints], dict[str, Sequence[str]]]:
    """The columns of a timeline, and the words of those that are text."""
    columns: dict[str, Ints] = {}
    words: dict[str, Sequence[str]] = {}
    for name in table.column_names:
        if name == "ticket_id":
            columns[name] = _codes(pc.index_in(table[name], issues))
            words[name] = ()
        elif _KINDS.get(name) in ("id", "text") and name not in LEFT_OUT:
            coded = table[name].combine_chunks().dictionary_encode()
            columns[name] = _codes(coded.indices)
            words[name] = tuple(coded.dictionary.to_pylist())
        elif name not in LEFT_OUT:
            columns[name] = _integers(table[name], _KINDS.get(name))
    return columns, words


def _codes(indices: pa.Array | pa.ChunkedArray) -> Ints:
    return np.asarray(pc.fill_null(indices.cast(pa.int64()), -1))


def _integers(column: pa.ChunkedArray, kind: Kind | None) -> Ints:
    if kind == "instant":
        whole = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    elif kind in ("money", "number"):
        units = np.rint(np.asarray(column.cast(pa.float64())) * UNITS)
        whole = pa.array(units, from_pandas=True)  # missing again where it became NaN
    elif pa.types.is_date(column.type):
        whole = column.cast(pa.int32())
    else:
        whole = column
    whole = whole.cast(pa.int64())
    return np.asarray(pc.fill_null(whole, UNKNOWN) if whole.null_count else whole)


@dataclass(frozen=True)
class Store:
    """The records of a data folder.

    Attributes:
        folder: Where `querencia check` wrote them: `records/TABLE.parquet`.
    """

    folder: Path

    def path(self, table: str) -> Path:
        """Where a table's records lie."""
        return self.folder / "records" / f"{table}.parquet"

    @cached_property
    def has(self) -> frozenset[str]:
        """The tables ("surveys") and columns ("surveys.score") there are."""
        names = set()
        for table in TIMES:
            if self.path(table).is_file():
                columns = pq.read_schema(self.path(table)).names
                names |= {table, *(f"{table}.{column}" for column in columns)}
        return frozenset(names)

    def _path(self, table: str) -> Path:
        if not self.path(table).is_file():
            raise QuerenciaError(
                f"There are no {table} in {self.folder} yet. Read your files first: "
                "querencia check FILE"
            )
        return self.path(table)

    def span(self) -> tuple[date, date]:
        """The calendar day of the first transaction, and the day after the last one."""
        with pq.ParquetFile(self._path("transactions")) as file:
            groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
            index = file.schema_arrow.get_field_index("day")
            statistics = [group.column(index).statistics for group in groups]
        return (min(s.min for s in statistics), max(s.max for s in statistics) + timedelta(days=1))

    def margin_rate(self, *, before: datetime) -> float | None:
        """Margin over net sales of what was known before an instant; None where it isn't known."""
        if "transactions.margin" not in self.has:
            return None
        told = {"recorded_at", "superseded_at"} & set(self._columns("transactions"))
        margin = sales = 0.0
        with pq.ParquetFile(self._path("transactions")) as file:
            for batch in file.iter_batches(columns=["occurred_at", *told, "amount", "margin"]):
                known = pc.and_(batch["margin"].is_valid(), pc.less(batch["occurred_at"], before))
                for time in told:
                    is_before = pc.less(batch[time], before)
                    holds = pc.invert(is_before) if time == "superseded_at" else is_before
                    known = pc.and_(known, pc.fill_null(holds, True))
                sold = batch.filter(known)
                margin += pc.sum(sold["margin"]).as_py() or 0.0
                sales += pc.sum(sold["amount"]).as_py() or 0.0
        return min(margin / sales, 1.0) if margin > 0 and sales > 0 else None

    def require_same(self, settings: FeatureSettings) -> None:
        """Refuse records that were read under another currency or time zone.

        Raises:
            QuerenciaError: naming what differs.
        """
        notes = pq.read_metadata(self._path("transactions")).metadata or {}
        for name, value in (("currency", settings.currency), ("time_zone", settings.time_zone)):
            there = notes.get(name.encode(), value.encode()).decode()
            if there != value:
                raise QuerenciaError(
                    f"The records were read with features.{name} = {there}, not {value}. Read "
                    "your files anew: querencia check"
                )

    def records(
        self, customers_at_once: int = CUSTOMERS_AT_ONCE, *, themes: Themes | None = None
    ) -> Iterator[Records]:
        """The records of all customers with a transaction, some customers at a time.

        Customers come in ascending order, and none is ever split. Comments are read where there
        are themes to tell them by.
        """
        sold, *others = (
            _Rows(self._path(table), self._wanted(table, themes)) for table in self._tables
        )
        while len(customers := sold.next_customers(customers_at_once)):
            rows = sold.until(customers[-1])
            tables = [rows, *(other.until(customers[-1]) for other in others)]
            own = dict(zip(self._tables, tables, strict=True))
            ends = own.pop("customers", None)
            known = None if ends is None else contract_ends(customers, ends.rows)
            yield replace(_records(customers, own, themes), contract_ends=known)

    def drawn(self, most: int) -> "Store":
        """The records of about so many customers, of more; drawn by chance, the same every time."""
        if pq.read_metadata(self._path("transactions")).num_rows <= most:
            return self
        share = most / self.customers
        return Drawn(self.folder, share) if share < 1 else self

    @cached_property
    def customers(self) -> int:
        """How many customers have a transaction."""
        path = str(self._path("transactions"))
        with connect("UTC") as connection:
            counted = "SELECT count(DISTINCT customer_id) FROM read_parquet(?)"
            ((customers,),) = connection.execute(counted, [path]).fetchall()
        return int(customers)

    def take(
        self,
        cutoffs: Iterable[datetime],
        settings: FeatureSettings,
        *,
        has: Set[str],
        themes: Themes | None = None,
        observed_until: datetime | None = None,
        only: Set[str] | None = None,
    ) -> Snapshot:
        """Look at every customer at every cut-off: `features.snapshot.take` of all records."""
        return snapshot.take(
            self.records(themes=themes),
            cutoffs,
            settings,
            has=has,
            themes=themes,
            observed_until=observed_until,
            only=only,
        )

    @property
    def _tables(self) -> list[str]:
        """The tables to read, the transactions first, which there must be."""
        others = [table for table in TIMES if table in self.has - {"transactions"}]
        return ["transactions", *others, *(["customers"] if self.has_contracts else [])]

    def _wanted(self, table: str, themes: Themes | None) -> list[str]:
        """The columns that features look at."""
        if table == "customers":
            return ["customer_id", "contract_ends_at"]
        unread = LEFT_OUT if themes is None else LEFT_OUT - {"comment"}
        return ["customer_id", *(name for name in self._columns(table) if name not in unread)]

    def comments(self, *, before: datetime) -> tuple[list[str | None], list[str | None]]:
        """Texts and languages of the comments given before an instant."""
        names = set(self._columns("surveys"))
        if not {"comment", "answered_at"} <= names:
            return [], []
        wanted = ["comment", "answered_at", *(names & {"language"})]
        rows = pq.read_table(self.path("surveys"), columns=wanted)
        rows = rows.filter(pc.less(rows["answered_at"], before))
        return _texts(rows, "comment"), _texts(rows, "language")

    def _columns(self, table: str) -> list[str]:
        return [name.removeprefix(f"{table}.") for name in self.has if name.startswith(f"{table}.")]

    @property
    def has_contracts(self) -> bool:
        """Whether it is known when customers' contracts end."""
        path = self.path("customers")
        return path.is_file() and "contract_ends_at" in pq.read_schema(path).names


def are_drawn(customers: Iterable[str], share: float) -> NDArray[np.bool_]:
    """Which of these customers are of a share of all, drawn by chance."""
    return np.asarray(chance.draws(customers, key=_KEY) < share)


@dataclass(frozen=True)
class Drawn(Store):
    """The records of a data folder, of some customers.

    Attributes:
        share: Of all customers.
    """

    share: float

    def records(
        self, customers_at_once: int = CUSTOMERS_AT_ONCE, *, themes: Themes | None = None
    ) -> Iterator[Records]:
        """The records of those drawn, as those of all are given."""
        for group in super().records(customers_at_once, themes=themes):
            chosen = are_drawn(group.customers, self.share)
            if chosen.any():
                yield group.subset(chosen)


class _Rows:
    """A table's rows in their order, taken some customers at a time."""

    def __init__(self, path: Path, columns: list[str]) -> None:
        # Ids repeat, so most are never looked at but by number.
        file = pq.ParquetFile(path, read_dictionary=["customer_id"])
        self._batches = file.iter_batches(ROWS_AT_ONCE, columns=columns, use_threads=False)
        self._held = file.schema_arrow.empty_table().select(columns)
        self._customers: list[str] = []
        self._lengths: list[int] = []

    def next_customers(self, most: int) -> NDArray[Any]:
        """Ids of so many further customers, whose rows are still to be taken."""
        # The last one may go on in the next batch, so one more has to be seen.
        while len(self._customers) <= most and self._read():
            pass
        return np.array(self._customers[:most], dtype=object)

    def until(self, customer: str) -> _Sorted:
        """The rows of all further customers up to this one."""
        while not (self._customers and self._customers[-1] > customer) and self._read():
            pass
        place = bisect_right(self._customers, customer)
        customers, lengths = self._customers[:place], self._lengths[:place]
        del self._customers[:place], self._lengths[:place]
        given = _Sorted(self._held.slice(0, sum(lengths)), customers, lengths)
        self._held = self._held.slice(sum(lengths))
        return given

    def _read(self) -> bool:
        """Hold one more batch, unless there is none."""
        batch = next(self._batches, None)
        if batch is None:
            return False
        rows = pa.Table.from_batches([batch])
        self._held = pa.concat_tables([self._held, rows])
        own = _Sorted.of(rows)
        if own.customers and self._customers[-1:] == own.customers[:1]:
            self._lengths[-1] += own.lengths.pop(0)
            del own.customers[0]
        self._customers += own.customers
        self._lengths += own.lengths
        return True
