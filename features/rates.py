"""Rates must be there before the sales they convert."""

from pathlib import Path

import duckdb

from features.errors import QuerenciaError
from features.judging import NO_RATE
from features.ledger import Ledger, parquet, refusals


def require_settled(connection: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    """Refuse new rates, in the view `fresh`, by which sales taken in would come out otherwise.

    Args:
        connection: Where `fresh` and `base`, the rates there were, are.
        ledger: That of the rates.

    Raises:
        QuerenciaError: where there are such sales.
    """
    sold = _foreign_sales(connection, ledger.folder) if ledger.held else ""
    if not sold:
        return
    late, currency, since = connection.execute(f"""
        WITH rates AS (SELECT currency, occurred_at, false AS is_new FROM base UNION ALL
                       SELECT currency, occurred_at, true FROM fresh)
        SELECT count(*), arg_min(sold.currency, sold.occurred_at),
               CAST(min(sold.occurred_at) AS DATE)
        FROM ({sold}) AS sold ASOF JOIN rates
        ON sold.currency = rates.currency AND sold.occurred_at >= rates.occurred_at
        WHERE is_new""").fetchall()[0]
    if late:
        raise QuerenciaError(
            f"The new rates come too late: {late:,} transactions were taken in without them (e.g. "
            f"one in {currency} of {since}). Read all files anew, rates among them."
        )


def _foreign_sales(connection: duckdb.DuckDBPyConnection, folder: Path) -> str:
    """SQL of the transactions that were converted, or refused for want of a rate."""
    kept = folder / "records" / "transactions.parquet"
    refused = folder / "quarantine" / "transactions.csv"
    sales = {
        kept: f"SELECT currency, occurred_at FROM {parquet(kept)}",
        refused: f"SELECT currency, TRY_CAST(occurred_at AS TIMESTAMPTZ) FROM {refusals(refused)} "
        f"WHERE contains(reasons, '{NO_RATE}')",
    }
    there = [sql for path, sql in sales.items() if path.is_file()]
    has_currency = [sql for sql in there if _binds(connection, sql)]
    return " UNION ALL ".join(has_currency)


def _binds(connection: duckdb.DuckDBPyConnection, sql: str) -> bool:
    """Whether the columns it names are there."""
    try:
        connection.execute(f"DESCRIBE {sql}")
    except duckdb.BinderException:
        return False
    return True
