"""Querencia's own engine."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from chosen import FEATURES

from features import memory, snapshot
from features.files import table_writer
from features.settings import FeatureSettings
from features.store import Store


def run(folder: Path, cutoffs: Sequence[datetime], out: Path) -> None:
    """A group of customers at a time, all cut-offs in one pass, as the command does."""
    memory.keep()
    store = Store(folder)
    groups = snapshot.groups(
        store.records(), cutoffs, FeatureSettings(), has=store.has, only=frozenset(FEATURES)
    )
    with table_writer(out) as write:
        for group in groups:
            write(group.table)
