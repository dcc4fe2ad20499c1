"""Scoring every customer with the champion, and the files that come of it."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features import snapshot
from features.cutoffs import midnight
from features.errors import QuerenciaError
from features.files import aside
from features.provenance import Provenance
from features.settings import FeatureSettings
from features.store import Store
from serving import words
from training.champion import Champion
from training.scoring import Scores, score

_PROVENANCE = b"querencia.provenance"


def score_all(store: Store, champion: Champion, settings: FeatureSettings) -> Scores:
    """Every customer's scores as of the end of the records.

    Raises:
        DefinitionError: where the settings are not those the champion was trained under.
    """
    _, end = store.span()
    cutoff = midnight(end, settings.time_zone)
    present = snapshot.take(store.records(), [cutoff], settings, observed_until=cutoff)
    return score(champion.model, present, model_version=str(champion.version.number))


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
        table = pa.Table.from_pandas(scores.rows, preserve_index=False)
        origin = scores.provenance.model_dump_json().encode()
        table = table.replace_schema_metadata({**table.schema.metadata, _PROVENANCE: origin})
        with aside(self.path) as path:
            pq.write_table(table, path)

    def read(self) -> Scores:
        """The last scores.

        Raises:
            QuerenciaError: where there are none yet.
        """
        if not self.path.is_file():
            raise QuerenciaError(f"There are no scores in {self.folder} yet. Run: querencia score")
        table = pq.read_table(self.path)
        origin = Provenance.model_validate_json(table.schema.metadata[_PROVENANCE])
        return Scores(table.to_pandas(), origin)


def write_list(chosen: pd.DataFrame, path: Path, language: words.Language) -> None:
    """Write the list of customers at risk as CSV, with the reason in words."""
    listed = chosen.assign(reason=words.reasons(chosen, language))
    with aside(path) as new:
        listed.to_csv(new, index=False, float_format="%.4f")
