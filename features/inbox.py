"""The inbox: records that were sent, on disk before the sender is told, until a job takes them in.

`inbox/records.jsonl` of the data folder has a line per parcel and is only appended to: the records
of all parcels are part of what the company knows, whatever files it gives later. How many of them
the records hold stands among the records, so that both are always of one state.
"""

import fcntl
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from features.files import append_line, aside, synced
from features.records import CONTRACTS, Contract

_FRIEND = "referred_customer_id"

Row: TypeAlias = dict[str, str | None]
"""A row as a file would have it: every value as text."""


class Parcel(BaseModel):
    """Records that were sent together: a line of the inbox."""

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime = Field(description="when they came, UTC")
    digest: str = Field(description="SHA-256 of all that was sent")
    key: str | None = Field(None, description="SHA-256 of the sender's own name for it")
    tables: dict[str, list[Row]] = Field({}, description="the rows that are good, by table")
    spoiled: dict[str, list[Row]] = Field({}, description="those for the quarantine, by table")
    answer: dict[str, Any] = Field({}, description="what the sender was told")


@dataclass(frozen=True)
class Inbox:
    """That of a data folder.

    Attributes:
        data: The data folder.
    """

    data: Path

    @property
    def path(self) -> Path:
        """Where the parcels lie."""
        return self.data / "inbox" / "records.jsonl"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep others from adding parcels until the block ends; they wait."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with (self.path.parent / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def add(self, parcel: Parcel) -> None:
        """Append a parcel; it is on disk when this returns. Asked for while it is `held`."""
        is_new = not self.path.is_file()
        append_line(self.path, parcel.model_dump_json())
        if is_new:
            synced(self.path.parent)

    def lines(self, offset: int = 0) -> Iterator[bytes]:
        """Every line that is whole, from a byte on."""
        if not self.path.is_file():
            return
        with self.path.open("rb") as file:
            file.seek(offset)
            yield from (line for line in file if line.endswith(b"\n"))

    def taken(self, folder: Path) -> int:
        """How many parcels the records in a folder hold."""
        path = _counter(folder)
        return int(json.loads(path.read_text())["parcels"]) if path.is_file() else 0

    def note(self, folder: Path, parcels: int) -> None:
        """Say how many parcels the records in a folder hold."""
        with aside(_counter(folder)) as new:
            new.write_text(json.dumps({"parcels": parcels}))

    def waiting(self, start: int) -> tuple[dict[str, list[Row]], int]:
        """The rows of every parcel from a number on, by table, and how many parcels there are."""
        tables: dict[str, list[Row]] = defaultdict(list)
        number = 0
        for number, line in enumerate(self.lines(), 1):
            if number > start and (parcel := read(line)):
                for table, rows in (*parcel.tables.items(), *parcel.spoiled.items()):
                    tables[table] += rows
        return {table: tables[table] for table in CONTRACTS if table in tables}, number

    def file(self, table: str, rows: Sequence[Row]) -> Path:
        """Write rows of a table where intake finds them."""
        path = self.path.with_name(f"{table}.parquet")
        with aside(path) as new:
            pq.write_table(as_written(CONTRACTS[table], rows), new)
        return path

    def forget(self, customer_id: str) -> int:
        """Take a customer out of every parcel; how many rows told of them.

        Every parcel stays in its place, if need be without rows.
        """
        with self.held():
            parcels = [(line, read(line)) for line in self.lines()]
            cleared = [_without(parcel, customer_id) for _, parcel in parcels if parcel]
            count = sum(rows for _, rows in cleared)
            if count:
                left = iter(cleared)
                with aside(self.path) as new, new.open("wb") as file:
                    for line, parcel in parcels:
                        file.write(_line(next(left)[0]) if parcel else line)
            return count


def read(line: bytes) -> Parcel | None:
    """A line; None where it was torn, as by a full disk: nobody was told that it was kept."""
    try:
        return Parcel.model_validate_json(line)
    except ValidationError:
        return None


def as_written(contract: Contract, rows: Sequence[Mapping[str, str | None]]) -> pa.Table:
    """Rows as a file of a table would have them: all that is needed has a column, filled or not."""
    needed = {*contract.required, *((contract.key,) if contract.key else ())}
    names = [n for n in contract.names if n in needed or any(n in row for row in rows)]
    return pa.table({n: pa.array([row.get(n) for row in rows], pa.string()) for n in names})


def _counter(folder: Path) -> Path:
    return folder / "records" / "inbox.json"


def _line(parcel: Parcel) -> bytes:
    return parcel.model_dump_json().encode() + b"\n"


def _without(parcel: Parcel, customer_id: str) -> tuple[Parcel, int]:
    """A parcel that does not tell of a customer, and how many of its rows did."""
    parts = {"tables": parcel.tables, "spoiled": parcel.spoiled}
    every = (row for part in parts.values() for rows in part.values() for row in rows)
    told = sum(customer_id in (row.get("customer_id"), row.get(_FRIEND)) for row in every)
    cleared = {
        name: {table: _rows_without(rows, customer_id) for table, rows in part.items()}
        for name, part in parts.items()
    }
    # What all of it hashes to, and what the sender was told of it, would still tell of them.
    unnamed: dict[str, Any] = {"digest": "", "key": None, "answer": {}} if told else {}
    return parcel.model_copy(update={**cleared, **unnamed}), told


def _rows_without(rows: Sequence[Row], customer_id: str) -> list[Row]:
    return [
        row | {_FRIEND: None} if row.get(_FRIEND) == customer_id else row
        for row in rows
        if row.get("customer_id") != customer_id
    ]
