"""Which of a source's columns is which of a contract's: as named, or as configured."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from features import encodings
from features.errors import QuerenciaError
from features.proposal import Proposal, needed, propose
from features.reading import look
from features.records import Contract
from features.sources import Source, attach, identifier, readable, spilling


class UnknownColumnsError(QuerenciaError):
    """A source has no column for what a row can't do without.

    Attributes:
        proposal: Which of the source's columns it could be.
        missing: The columns that are missing.
        found: The columns there are.
    """

    def __init__(self, proposal: Proposal, *, missing: list[str], found: list[str]) -> None:
        super().__init__(
            f"{proposal.source} has no column for {', '.join(missing)}.\n"
            f"It has: {', '.join(found)}.\n"
            "Rename them, or say in querencia.toml which they are. Perhaps:\n\n"
            f"{proposal.toml}"
        )
        self.proposal = proposal
        self.missing = missing
        self.found = found


def present(
    connection: duckdb.DuckDBPyConnection, source: Source, contract: Contract
) -> dict[str, str]:
    """SQL for each contract column that the view `source` has, by its name or as configured.

    Raises:
        UnknownColumnsError: where a column is missing that a row can't do without.
        QuerenciaError: where a column is configured that the table does not have.
    """
    _require_known(source, contract)
    found = [name for name, *_ in connection.execute("DESCRIBE source").fetchall()]
    given = {name: identifier(own) if own in found else own for name, own in source.columns.items()}
    columns = {name: identifier(name) for name in found} | given
    missing = [name for name in needed(contract) if name not in columns]
    if missing:
        proposal = propose(look(connection), contract, source)
        raise UnknownColumnsError(proposal, missing=missing, found=found)
    return {name: columns[name] for name in contract.names if name in columns}


def _require_known(source: Source, contract: Contract) -> None:
    unknown = [name for name in source.columns if name not in contract.names]
    if unknown:
        raise QuerenciaError(
            f"tables.{contract.table}.columns names {unknown[0]}, which that table does not have. "
            f"Its columns: {', '.join(contract.names)}."
        )


def suggest(source: Source, contract: Contract) -> Proposal:
    """A mapping for an unknown file, and how it is written.

    Raises:
        QuerenciaError: where the file is missing or can't be read.
    """
    source = replace(source, encoding=_encoding(source))
    with (
        TemporaryDirectory() as folder,
        spilling("UTC", Path(folder)) as connection,
        readable(source),
    ):
        attach(connection, source)
        return propose(look(connection), contract, source)


def _encoding(source: Source) -> str:
    """As configured, else the first other than UTF-8 that a file of it is probably in."""
    files = (path for path in source.texts if path.is_file())
    others = (likely for path in files if (likely := encodings.likely(path)) != encodings.UTF_8)
    return source.encoding if source.encoding != encodings.UTF_8 else next(others, encodings.UTF_8)
