"""Scoring every customer with the champion, the file of the scores, and the lists made of it."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from features import snapshot
from features.cutoffs import midnight
from features.errors import QuerenciaError
from features.files import aside
from features.provenance import Provenance
from features.settings import FeatureSettings
from features.snapshot import Snapshot
from features.spark import Cluster
from features.store import Store
from serving import words
from serving.decisions import DECIDED
from training import spark
from training.champion import Champion
from training.scoring import Scores, score

_PROVENANCE = "querencia.provenance"
_DEFINITIONS = ("churn", "horizon_days", "currency", "model_version")
_MONEY = ("risk", "leaves", "value", "value_low", "value_high", "value_at_stake")
"""What a list tells first after what to do."""


def score_all(store: Store, champion: Champion, settings: FeatureSettings) -> Scores:
    """Every customer's scores as of the end of the records.

    Raises:
        DefinitionError: where the settings are not those the champion was trained under.
    """
    return score_known(store, champion, look(store, champion, settings), settings)


def score_known(
    store: Store, champion: Champion, present: Snapshot, settings: FeatureSettings
) -> Scores:
    """Every customer's scores.

    Args:
        store: The records.
        champion: Tells them.
        present: What `look` saw: of every customer, or of those drawn where a cluster looks.
        settings: Definitions.
    """
    version = str(champion.version.number)
    if isinstance(store, Cluster):
        return spark.score(store, champion.model, present, settings, model_version=version)
    return score(champion.model, present, model_version=version)


def look(store: Store, champion: Champion, settings: FeatureSettings) -> Snapshot:
    """Every customer as of the end of the records, by what the champion knows."""
    store.require_same(settings)
    _, end = store.span()
    cutoff = midnight(end, settings.time_zone)
    themes = champion.model.themes
    return store.take([cutoff], settings, has=known(store, champion), themes=themes)


def known(store: Store, champion: Champion) -> frozenset[str]:
    """The tables and columns the champion knows; what the company has beyond is not looked at.

    Raises:
        QuerenciaError: where the company no longer has one of them.
    """
    wanted = frozenset(champion.model.provenance.records)
    missing = sorted(wanted - store.has)
    if missing:
        raise QuerenciaError(
            f"Version {champion.version.number} knows customers by {', '.join(missing)}, which the "
            "records don't have. Bring them back, or train again: querencia train"
        )
    return wanted


@dataclass(frozen=True)
class ScoreFile:
    """The last scores of a data folder: a Parquet file that carries its provenance.

    Attributes:
        folder: The data folder.
    """

    folder: Path

    @property
    def path(self) -> Path:
        """Where the scores lie."""
        return self.folder / "scores" / "scores.parquet"

    def write(self, scores: Scores) -> None:
        """Put new scores in the place of the old ones, at once."""
        write(scores, self.path)

    def read(self) -> Scores:
        """The last scores.

        Raises:
            QuerenciaError: where there are none yet.
        """
        rows = self._columns(None)
        return Scores(rows, Provenance.model_validate(rows.attrs.pop(_PROVENANCE)))

    @property
    def provenance(self) -> Provenance:
        """The definitions of the last scores, which are not read.

        Raises:
            QuerenciaError: where there are none yet.
        """
        return Provenance.model_validate(self._columns([]).attrs[_PROVENANCE])

    def _columns(self, names: list[str] | None) -> pd.DataFrame:
        if not self.path.is_file():
            raise QuerenciaError(f"There are no scores in {self.folder} yet. Run: querencia score")
        return pd.read_parquet(self.path, columns=names)


def write(scores: Scores, path: Path) -> None:
    """Write scores as a Parquet file that carries their provenance."""
    rows = scores.rows.copy()
    rows.attrs[_PROVENANCE] = scores.provenance.model_dump(mode="json")
    with aside(path) as new:
        rows.to_parquet(new, index=False)


def last(folder: Path, champion: Champion, settings: FeatureSettings) -> Scores:
    """The last scores of a data folder, as the champion made them under these settings.

    Raises:
        QuerenciaError: where there are none yet, or another version made them.
        DefinitionError: where the settings are not those the champion was trained under.
    """
    scores = ScoreFile(folder).read()
    number = champion.version.number
    if scores.provenance.model_version != str(number):
        raise QuerenciaError(
            f"The scores in {folder} were made by version {scores.provenance.model_version}, but "
            f"version {number} serves now. Run: querencia score"
        )
    champion.model.provenance.require_same(scores.provenance)
    knows = frozenset(champion.model.provenance.records)
    wanted = snapshot.provenance(settings, (), knows, champion.model.themes)
    champion.model.provenance.require_same(wanted)
    return scores


def listed(
    rows: pd.DataFrame, origin: Provenance, *, campaign: str, language: words.Language
) -> pd.DataFrame:
    """The list of a campaign: what to do and why in words, and in every row the definitions.

    Args:
        rows: Of `serving.decisions.Decisions`.
        origin: Where their scores come from.
        campaign: Its id.
        language: Of the words.
    """
    told = rows.assign(
        action=words.actions(rows, language),
        reason=words.reasons(rows, language),
        campaign=campaign,
        cutoff=pd.Timestamp(origin.cutoff).tz_convert("UTC"),
        **{name: getattr(origin, name) for name in _DEFINITIONS},
    )
    first = ["customer_id", "action", *DECIDED, *_MONEY]
    return told[[*first, *(name for name in told if name not in first)]]
