"""Rows that arrive, beside those that are there: new, corrected, completing or sent again."""

from collections.abc import Collection
from dataclasses import dataclass

import duckdb

from features.completion import Repeats, settle
from features.ledger import Ledger


@dataclass(frozen=True)
class Batch:
    """The rows of a source, judged (`features.judging`).

    Attributes:
        source: The source's name.
        columns: The contract columns it has.
        numbered: How many rows were given a number for a key up to its end; None where they have
            a key.
    """

    source: str
    columns: tuple[str, ...]
    numbered: int | None

    def given(self, key: str | None) -> set[str]:
        """The columns of `judged`, with the numbers as the key."""
        numbers = {key} if key and self.numbered is not None else set()
        return {"row", *self.columns} | numbers


def receive(connection: duckdb.DuckDBPyConnection, ledger: Ledger, batch: Batch) -> Repeats:
    """Put the good rows beside those there are, in the view `base`, for `Ledger.write`.

    Returns:
        How many rows came again: these are left out of `judged`, not refused.
    """
    contract = ledger.contract
    if contract.table == "customers":
        _merge(connection, ledger, batch.columns)
        ledger.share(connection, f"SELECT {ledger.keys} FROM base WHERE false")
        return Repeats()
    ledger.receive(connection, "judged WHERE reasons = ''", batch.given(contract.key))
    if batch.numbered is not None:
        ledger.share(connection, f"SELECT {ledger.keys} FROM base WHERE false")
        return Repeats()
    ledger.share(
        connection,
        f"SELECT {ledger.keys} FROM fresh GROUP BY ALL HAVING count(*) > 1 "
        f"UNION SELECT {ledger.keys} FROM base SEMI JOIN fresh USING ({ledger.keys})",
    )
    return settle(connection, ledger)


def _merge(connection: duckdb.DuckDBPyConnection, ledger: Ledger, columns: Collection[str]) -> None:
    """Make `fresh` all customers, each with what was told of them last."""
    told = [name for name in ledger.contract.names if name not in ("customer_id", "erased_at")]
    last = ", ".join(f"arg_max({name}, row) AS {name}" for name in told)
    kept = ", ".join(f"CASE WHEN erased_at IS NULL THEN {name} END AS {name}" for name in told)
    ledger.receive(connection, "judged WHERE reasons = ''", {"row", *columns})
    connection.execute(f"""
        CREATE TEMP TABLE merged AS SELECT customer_id, erased_at, {kept} FROM (
            SELECT customer_id, min(erased_at) AS erased_at, {last}
            FROM (FROM base UNION ALL FROM fresh) GROUP BY customer_id)""")
    ledger.receive(connection, "merged", ledger.contract.names)
