"""Scoring customers whose histories lie in files, and are not among the records: posted in bulk."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from features import intake, snapshot
from features.cutoffs import midnight
from features.errors import QuerenciaError
from features.intake import Intake
from features.records import CONTRACTS, LEFT_OUT, TIMELINES, Records
from features.settings import FeatureSettings
from features.sources import Source
from features.store import TIMES, Store
from features.timeline import UNKNOWN, Timeline
from training.champion import Champion
from training.scoring import Scores, score


def score_files(
    sources: Mapping[str, Source], champion: Champion, settings: FeatureSettings
) -> tuple[Scores, tuple[Intake, ...]]:
    """Score the customers of some files as of the end of their purchases; nothing is kept.

    What is not given of what the model knows is taken as if nothing had happened, as in a history
    that is posted.

    Args:
        sources: By input table; `transactions` at least.
        champion: What scores.
        settings: The definitions it was trained under.

    Returns:
        The scores, and what reading each table came to: bad rows are left out.

    Raises:
        QuerenciaError: where there are no transactions, or a file can't be read.
        DefinitionError: where the definitions differ.
    """
    if "transactions" not in sources:
        raise QuerenciaError("Nobody can be scored without purchases: give transactions too.")
    themes = champion.model.themes
    knows = frozenset(champion.model.provenance.records)
    with TemporaryDirectory(prefix="querencia-") as folder:
        intakes = _read(sources, Path(folder), settings)
        store = Store(Path(folder))
        present = snapshot.take(
            _filled(store.records(themes=themes), knows),
            [midnight(store.span()[1], settings.time_zone)],
            settings,
            has=knows,
            themes=themes,
        )
        version = str(champion.version.number)
        return score(champion.model, present, model_version=version), intakes


def _read(
    sources: Mapping[str, Source], folder: Path, settings: FeatureSettings
) -> tuple[Intake, ...]:
    intakes = tuple(
        intake.take_in(sources[table], contract, folder, settings)
        for table, contract in CONTRACTS.items()
        if table in sources
    )
    intake.refer(folder)
    return intakes


def _filled(groups: Iterable[Records], knows: frozenset[str]) -> Iterator[Records]:
    """The records with all that the model knows: nothing happened, and nothing is known of it."""
    for group in groups:
        none = group["transactions"].none()
        tables = {
            table: _with_columns(table, group.tables.get(table, none), knows)
            for table in TIMES
            if table in knows or table in group.tables
        }
        yield replace(group, tables=tables)


def _with_columns(table: str, rows: Timeline, knows: frozenset[str]) -> Timeline:
    missing = {
        column.name: column.kind in ("id", "text")
        for column in TIMELINES[table].columns
        if column.name not in {*LEFT_OUT, *rows.columns}
        and f"{table}.{column.name}" not in snapshot.NEEDED - knows
    }
    unknown = {
        name: np.full(len(rows.times), -1 if is_text else UNKNOWN)
        for name, is_text in missing.items()
    }
    words = {name: () for name, is_text in missing.items() if is_text}
    return replace(rows, columns={**rows.columns, **unknown}, words={**rows.words, **words})
