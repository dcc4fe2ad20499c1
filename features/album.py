"""The album: snapshots kept in a data folder, one file a cut-off, and brought up to date.

A record says something of the cut-offs after it, and of those before it whose horizon it falls in.
So what comes today leaves closed horizons as they are, and a late record changes the rows of its
customer alone.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features import changes, snapshot
from features.files import table_writer
from features.records import Records
from features.settings import FeatureSettings
from features.snapshot import Snapshot
from features.store import Store

_MADE = b"querencia"
"""Entry of a file's metadata that says under which definitions, and when, it was made."""

Whom: TypeAlias = pa.StringArray | None
"""Ids of the customers to look at; None for all of them."""


@dataclass(frozen=True)
class Album:
    """The snapshots of a store, as `features.snapshot.take` gives them.

    Attributes:
        store: The records.
        settings: Horizon, time zone, churn definition.
        until: The instant the records end.
    """

    store: Store
    settings: FeatureSettings
    until: datetime

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        return self.store.folder / "snapshots"

    def path(self, cutoff: datetime) -> Path:
        """Where the rows of a cut-off lie."""
        return self.folder / f"{cutoff.astimezone(UTC):%Y-%m-%dT%H%MZ}.parquet"

    def update(self, cutoffs: Iterable[datetime]) -> tuple[datetime, ...]:
        """Bring the files to what the records say now, and remove those of other cut-offs.

        A job that dies leaves files that are whole, and the next one goes on.

        Returns:
            The cut-offs that were written.
        """
        wanted = tuple(sorted(cutoffs))
        stale = dict(self._stale(wanted))
        self._write(stale)
        for path in set(self.folder.glob("*.parquet")) - {self.path(cutoff) for cutoff in wanted}:
            path.unlink()
        changes.settle(self.store.folder)
        return tuple(stale)

    def _stale(self, cutoffs: Iterable[datetime]) -> Iterator[tuple[datetime, Whom]]:
        """The cut-offs to write, and whom to look at there."""
        changed = changes.changed(self.store.folder)
        for cutoff in cutoffs:
            closed = self._closed(cutoff)
            if changed is None or not self._is_final(cutoff, closed):
                yield cutoff, None
            elif len(ids := changed.filter(pc.less(changed["since"], closed))["customer_id"]):
                yield cutoff, ids.combine_chunks()

    def _closed(self, cutoff: datetime) -> datetime:
        return cutoff.astimezone(UTC) + timedelta(days=self.settings.horizon_days)

    def _is_final(self, cutoff: datetime, closed: datetime) -> bool:
        """Whether the file was made under these definitions after the horizon had closed."""
        if not self.path(cutoff).is_file():
            return False
        made = json.loads((pq.read_metadata(self.path(cutoff)).metadata or {}).get(_MADE, "{}"))
        return made.get("under") == self._definitions and closed <= datetime.fromisoformat(
            made["until"]
        )

    @property
    def _definitions(self) -> str:
        return json.dumps(snapshot.provenance(self.settings, (), self.store.has).definitions())

    def _write(self, stale: Mapping[datetime, Whom]) -> None:
        made = {_MADE: json.dumps({"under": self._definitions, "until": self.until.isoformat()})}
        with ExitStack() as stack:
            write = {
                cutoff: stack.enter_context(table_writer(self.path(cutoff), made))
                for cutoff in stale
            }
            for cutoff, rows in chain(self._unchanged(stale), self._fresh(stale)):
                write[cutoff](rows)

    def _unchanged(self, stale: Mapping[datetime, Whom]) -> Iterator[tuple[datetime, pa.Table]]:
        """The rows there are of those not to look at, by cut-off."""
        for cutoff, whom in stale.items():
            if whom is not None:
                with pq.ParquetFile(self.path(cutoff)) as file:
                    for batch in file.iter_batches():
                        known = pc.is_in(batch.column("customer_id").cast(pa.string()), whom)
                        yield cutoff, pa.Table.from_batches([batch]).filter(pc.invert(known))

    def _fresh(self, stale: Mapping[datetime, Whom]) -> Iterator[tuple[datetime, pa.Table]]:
        """The rows of those to look at, by cut-off."""
        everyone = [cutoff for cutoff, whom in stale.items() if whom is None]
        for group in self.store.records() if stale else ():
            for taken in self._take(group, everyone):
                yield from ((cutoff, taken.at(cutoff).table) for cutoff in everyone)
            for cutoff, whom in stale.items():
                if whom is not None:
                    for taken in self._take(_only(group, whom), [cutoff]):
                        yield cutoff, taken.table

    def _take(self, group: Records, cutoffs: list[datetime]) -> Iterator[Snapshot]:
        if not (cutoffs and len(group.customers)):
            return iter(())
        return snapshot.groups(
            [group], cutoffs, self.settings, has=self.store.has, observed_until=self.until
        )


def _only(group: Records, ids: pa.StringArray) -> Records:
    return group.subset(np.asarray(pc.is_in(pa.array(group.customers, pa.string()), ids)))
