"""The last scores as a table of a PostgreSQL database, for whoever asks there."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from features import postgres
from serving.batch import ScoreFile

TABLE = "querencia_scores"
"""Its name, in the first schema of the user's search path."""

_OF_AN_OFFER = "saved_"
"""How columns begin that come and go with the offers."""

_DEFINITIONS = ("model_version", "churn", "horizon_days", "currency")


@dataclass(frozen=True)
class ScoreTable:
    """The table of a database.

    Attributes:
        address: Of the database: ``postgresql://user@host/name``.
    """

    address: str

    def write(self, file: ScoreFile) -> None:
        """Put new scores, with their definitions in every row, in the place of the old ones.

        Raises:
            QuerenciaError: where the database can't be written; the old scores stay.
        """
        postgres.replace_rows(self.address, TABLE, _rows(file))

    def forget(self, customer_id: str) -> int:
        """Delete a customer's row; returns how many there were.

        Raises:
            QuerenciaError: where the database can't be written.
        """
        return postgres.delete_rows(self.address, TABLE, "customer_id", customer_id)


def _rows(file: ScoreFile) -> pa.Table:
    """The columns that there are under every model, and those of the definitions."""
    names = pq.read_schema(file.path).names
    lasting = [name for name in names if not name.startswith(_OF_AN_OFFER)]
    rows = pq.read_table(file.path, columns=lasting).replace_schema_metadata()
    origin = file.provenance
    at = pa.scalar(origin.cutoff, pa.timestamp("us", tz="UTC"))
    rows = rows.append_column("cutoff", pa.repeat(at, len(rows)))
    for name in _DEFINITIONS:
        rows = rows.append_column(name, pa.repeat(getattr(origin, name), len(rows)))
    return rows
