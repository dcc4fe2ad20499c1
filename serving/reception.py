"""Reception: records that are sent to the service are judged, and put into the inbox."""

import hashlib
import re
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import pyarrow.parquet as pq
from pydantic import BaseModel, Field

from features import inbox, intake
from features.errors import QuerenciaError
from features.forgotten import Forgotten
from features.inbox import Inbox, Parcel, Row
from features.ledger import Ledger
from features.records import CONTRACTS
from features.settings import FeatureSettings
from features.sources import Source

MOST_KEYS = 10_000
"""So many of the last parcels are known by their senders' names for them."""

ERASED = "erased"
"""Why a row of a customer who is forgotten is refused."""

COUNTS_FROM = "the next run of querencia run, or querencia check --append"

Value: TypeAlias = str | bool | int | float | None
Tables: TypeAlias = Mapping[str, Sequence[Mapping[str, Value]]]
_Key: TypeAlias = tuple[str, tuple[str | None, ...]]

_FRIEND = "referred_customer_id"
_WHOLE = re.compile(r"(\d+)\.0")
_IDS = {c.name for contract in CONTRACTS.values() for c in contract.columns if c.kind == "id"}


class Refusal(BaseModel):
    """A row that was not accepted."""

    table: str = Field(description="the input table")
    row: int = Field(description="its place among the rows sent of that table, from 0", ge=0)
    reasons: list[str] = Field(
        description="why; erased: the customer asked to be forgotten. Any other row goes to "
        "data/quarantine with the rows that are accepted"
    )


class Receipt(BaseModel):
    """What became of rows that were sent."""

    accepted: int = Field(description="rows that are new, or tell more of one there is", ge=0)
    unchanged: int = Field(description="rows that tell nothing new, such as those sent again", ge=0)
    refused: list[Refusal] = Field(description="the others, and why")
    counts_from: str = Field(COUNTS_FROM, description="what makes features and scores of them")


class KeyReusedError(QuerenciaError):
    """A sender's name for a parcel was used for another one before."""


@dataclass
class _Waiting:
    """What the inbox holds that the records don't yet, and the parcels that have names."""

    state: tuple[int, int] = (0, 0)
    offset: int = 0
    parcels: dict[str, Parcel] = field(default_factory=dict)
    rows: dict[_Key, list[Row]] = field(default_factory=lambda: defaultdict(list))
    spoiled: set[str] = field(default_factory=set)

    def note(self, line: bytes, *, waits: bool) -> None:
        parcel = inbox.read(line)
        if parcel is None:
            return
        if parcel.key:
            self.parcels[parcel.key] = parcel.model_copy(update={"tables": {}, "spoiled": {}})
        if waits:
            for table, rows in parcel.tables.items():
                for row in rows:
                    self.rows[_key(table, row)].append(row)
            self.spoiled.update(repr(each) for each in parcel.spoiled.items())


class Reception:
    """Takes records for a data folder; processes may share one.

    Args:
        data: The data folder.
        settings: The definitions that the records are read under.
    """

    def __init__(self, data: Path, settings: FeatureSettings) -> None:
        self._data, self._settings = data, settings
        self._inbox, self._forgotten = Inbox(data), Forgotten(data)
        self._waiting = _Waiting()

    def take(self, tables: Tables, *, key: str | None = None) -> Receipt:
        """Judge rows as reading a file would, and keep them: on disk when this returns.

        Args:
            tables: Rows by table, their columns named as in the contracts.
            key: The sender's name for all of it: what is sent again under it is told the same.

        Raises:
            KeyReusedError: where something else was sent under this name.
            QuerenciaError: where rows of a table cannot be added to those there are.
        """
        written = {table: [_as_text(row) for row in rows] for table, rows in tables.items()}
        digest, name = _sha256(repr(sorted(written.items()))), key and _sha256(key)
        with self._inbox.held():
            self._look()
            before = self._before(name, digest) if name else None
            return before or self._keep(written, digest, name)

    def complete(self, offers: Sequence[Mapping[str, Value]]) -> Tables:
        """Rows of offers with what is known of them: who was made which, by whom and when."""
        rows = [_as_text(row) for row in offers]
        with self._inbox.held():
            self._look()
        known = self._offers(frozenset(row["offer_id"] for row in rows if row.get("offer_id")))
        return {"offers": [known.get(row.get("offer_id"), self._sent(row)) | row for row in rows]}

    def _sent(self, offer: Row) -> Row:
        """What an offer that waits tells of what is needed."""
        first, *_ = self._waiting.rows.get(_key("offers", offer), [{}])
        return {name: first[name] for name in CONTRACTS["offers"].required if name in first}

    def _offers(self, ids: frozenset[str | None]) -> dict[str | None, Row]:
        path = self._data / "records" / "offers.parquet"
        names = [name for name in CONTRACTS["offers"].required if name != "offer_id"]
        if not path.is_file() or not ids:
            return {}
        rows = pq.read_table(
            path, columns=["offer_id", *names], filters=[("offer_id", "in", sorted(map(str, ids)))]
        )
        return {
            row.pop("offer_id"): _as_text(row | {"decided_at": row["decided_at"].isoformat()})
            for row in rows.to_pylist()
        }

    def _before(self, name: str, digest: str) -> Receipt | None:
        """What the sender was told when this came before; None where it didn't."""
        parcel = self._waiting.parcels.get(name)
        if parcel is None:
            return None
        if parcel.digest != digest:
            raise KeyReusedError("Something else was sent under this Idempotency-Key before.")
        return Receipt.model_validate(parcel.answer)

    def _keep(self, tables: dict[str, list[Row]], digest: str, name: str | None) -> Receipt:
        parts = [self._weigh(table, tables[table]) for table in CONTRACTS if table in tables]
        receipt = _receipt(parts)
        parcel = Parcel(
            at=datetime.now(UTC),
            digest=digest,
            key=name,
            tables={part.table: part.kept for part in parts if part.kept},
            spoiled={part.table: part.spoiled for part in parts if self._is_news(part)},
            answer=receipt.model_dump(),
        )
        if parcel.tables or parcel.spoiled or name:
            self._inbox.add(parcel)
        return receipt

    def _is_news(self, part: "_Part") -> bool:
        """Whether rows are spoiled, and do not wait for the quarantine already."""
        told = repr((part.table, part.spoiled))
        return bool(part.spoiled) and told not in self._waiting.spoiled

    def _weigh(self, table: str, rows: list[Row]) -> "_Part":
        gone = self._gone(rows)
        rows = [row | {_FRIEND: None} if row.get(_FRIEND) in gone else row for row in rows]
        erased = {i for i, row in enumerate(rows) if row.get("customer_id") in gone}
        again = {i for i, row in enumerate(rows) if self._is_last(table, row)}
        open_ = {i: row for i, row in enumerate(rows) if i not in again | erased}
        found = self._judged(table, open_)
        refused = dict.fromkeys(erased, ERASED) | dict(found.refused)
        return _Part(table, rows, found.again | again, refused)

    def _gone(self, rows: list[Row]) -> frozenset[str]:
        """Those of the customers in rows who are forgotten."""
        ids = {row.get(name) for row in rows for name in ("customer_id", _FRIEND)} - {None}
        return self._forgotten.among(frozenset(map(str, ids)))

    def _is_last(self, table: str, row: Row) -> bool:
        """Whether a row is, word by word, the last one that waits under its key."""
        waiting = self._waiting.rows.get(_key(table, row), [])
        return waiting[-1:] == [row]

    def _judged(self, table: str, open_: Mapping[int, Row]) -> intake.Weighed:
        """What would come of rows, by place, after those that wait and have one of their keys."""
        if not open_:
            return intake.Weighed(frozenset(), {})
        keys = dict.fromkeys(_key(table, row) for row in open_.values())
        before = [row for key in keys for row in self._waiting.rows.get(key, ())]
        with TemporaryDirectory() as folder:
            file = Path(folder) / f"{table}.parquet"
            pq.write_table(inbox.as_written(CONTRACTS[table], [*before, *open_.values()]), file)
            found = intake.weigh(Source(file), CONTRACTS[table], self._data, self._settings)
        places = dict(enumerate(open_, len(before) + 1))
        return intake.Weighed(
            frozenset(places[row] for row in found.again if row in places),
            {places[row]: why for row, why in found.refused.items() if row in places},
        )

    def _look(self) -> None:
        """See what came, and what was taken in, since the last look."""
        path = self._inbox.path
        taken = self._inbox.taken(self._data)
        state = (path.stat().st_ino if path.is_file() else 0, taken)
        if state != self._waiting.state:
            self._waiting = _Waiting(state, *self._past(taken))
        for line in self._inbox.lines(self._waiting.offset):
            self._waiting.offset += len(line)
            self._waiting.note(line, waits=True)

    def _past(self, taken: int) -> tuple[int, dict[str, Parcel]]:
        """Where the parcels begin that wait, and those before that are known by name."""
        before, last = _Waiting(), deque[bytes](maxlen=MOST_KEYS)
        for _, line in zip(range(taken), self._inbox.lines(), strict=False):
            before.offset += len(line)
            last.append(line)
        for line in last:
            before.note(line, waits=False)
        return before.offset, before.parcels


@dataclass(frozen=True)
class _Part:
    """The rows of one table, and what became of them by place."""

    table: str
    rows: list[Row]
    again: frozenset[int]
    refused: Mapping[int, str]

    @property
    def accepted(self) -> int:
        return len(self.rows) - len(self.again) - len(self.refused)

    @property
    def refusals(self) -> list[Refusal]:
        """The rows refused, as their sender is told."""
        return [
            Refusal(table=self.table, row=row, reasons=why.split("; "))
            for row, why in sorted(self.refused.items())
        ]

    @property
    def kept(self) -> list[Row]:
        """The rows that tell something."""
        return [
            row for i, row in enumerate(self.rows) if i not in self.again and i not in self.refused
        ]

    @property
    def spoiled(self) -> list[Row]:
        """The rows refused, but for those of the forgotten."""
        return [self.rows[i] for i, why in sorted(self.refused.items()) if why != ERASED]


def _receipt(parts: Sequence[_Part]) -> Receipt:
    return Receipt(
        accepted=sum(part.accepted for part in parts),
        unchanged=sum(len(part.again) for part in parts),
        refused=[each for part in parts for each in part.refusals],
    )


def _key(table: str, row: Row) -> _Key:
    return table, tuple(row.get(name) for name in Ledger(CONTRACTS[table], Path()).key)


def _as_text(row: Mapping[str, Any]) -> Row:
    return {name: _text(name, value) for name, value in row.items() if value is not None}


def _text(name: str, value: Value) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if name not in _IDS:
        return text
    # As intake reads ids: numbers with gaps come as 17850.0 from a data frame.
    text = text.strip()
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
