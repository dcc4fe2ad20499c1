"""Rows that come again: what completes the row that was read first, and what contradicts it."""

from dataclasses import dataclass

import duckdb

from features.judging import REPEATED, broken
from features.ledger import Ledger

_PAIRS = "later JOIN fresh USING (row) JOIN so_far ON so_far.row = first"


@dataclass(frozen=True)
class Repeats:
    """How many rows told nothing that was not there before, and how many completed a row."""

    again: int = 0
    completed: int = 0


def settle(connection: duckdb.DuckDBPyConnection, ledger: Ledger) -> Repeats:
    """Make one of the good rows of each identity, in the order in which they were read.

    A row that contradicts nothing completes the row as it is by then: every column keeps the
    first value it was given. A row that contradicts it is refused, as is one that would make it
    break a rule; recorded later, a row is a new version instead and completes nothing.

    Works on what `Ledger.share` made: rows that were completed leave `known` and `judged`, and
    are in `fresh` as they are now. Those that tell nothing new, or complete a row, are in
    `repeated`, with whether they do.
    """
    _pair(connection, ledger)
    # What is whole grows in every round, so there are no more rounds than columns.
    while connection.execute("SELECT 1 FROM later LIMIT 1").fetchall():
        _compare(connection, ledger)
        _complete(connection, ledger)
        _part(connection)
    repeats = _counted(connection)
    if repeats.completed:
        _replace(connection, ledger)
    return repeats


def _pair(connection: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    """Make `later` of all rows but the first of their identity, and `whole` of no rows yet."""
    connection.execute(f"""
        CREATE TEMP TABLE later AS SELECT row, first FROM (
            SELECT row, min(row) OVER (PARTITION BY {ledger.identity}) AS first
            FROM (FROM known UNION ALL FROM fresh SEMI JOIN shared USING ({ledger.keys})))
        WHERE row > first""")
    connection.execute("CREATE TEMP TABLE repeated (row BIGINT, completes BOOLEAN)")
    names = ", ".join(ledger.contract.names)
    connection.execute(f"CREATE TEMP TABLE whole AS SELECT row, {names} FROM fresh WHERE false")
    connection.execute(f"""
        CREATE TEMP VIEW so_far AS FROM whole UNION ALL SELECT row, {names}
        FROM (FROM known UNION ALL FROM fresh) ANTI JOIN whole USING (row)""")


def _compare(connection: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    """Make `compared`: for each later row `reasons` against it, NULL where it tells nothing.

    `next` is the first row of its identity that completes it.
    """
    names, rules = ledger.contract.names, ["NULL", *broken(ledger.contract)]
    contradicts = " OR ".join(f"so_far.{name} <> fresh.{name}" for name in names)
    adds = " OR ".join(f"(so_far.{name} IS NULL AND fresh.{name} IS NOT NULL)" for name in names)
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE compared AS
        SELECT *, min(row) FILTER (reasons = '') OVER (PARTITION BY first) AS next
        FROM (SELECT row, first, CASE
                WHEN contradicts THEN '{ledger.keys} {REPEATED}'
                WHEN adds THEN concat_ws('; ', {", ".join(rules)})
              END AS reasons
              FROM (SELECT later.row, first, {_together(ledger)},
                           coalesce({contradicts}, false) AS contradicts, {adds} AS adds
                    FROM {_PAIRS}))""")


def _together(ledger: Ledger) -> str:
    """SQL of a row so far and a later one as one."""
    return ", ".join(
        f"coalesce(so_far.{name}, fresh.{name}) AS {name}" for name in ledger.contract.names
    )


def _complete(connection: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    """Put the rows that have a `next` into `whole`, with it."""
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE grown AS SELECT first AS row, {_together(ledger)}
        FROM {_PAIRS} WHERE later.row IN (SELECT next FROM compared)""")
    connection.execute("DELETE FROM whole WHERE row IN (SELECT row FROM grown)")
    connection.execute("INSERT INTO whole FROM grown")


def _part(connection: duckdb.DuckDBPyConnection) -> None:
    """Take out or refuse the rows up to `next`; those after it are to be compared anew."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE later AS SELECT row, first FROM compared WHERE row > next"
    )
    connection.execute("DELETE FROM compared WHERE row IN (SELECT row FROM later)")
    connection.execute("""
        UPDATE judged SET reasons = compared.reasons FROM compared
        WHERE judged.row = compared.row AND compared.reasons <> ''""")
    connection.execute("""
        INSERT INTO repeated SELECT row, reasons IS NOT NULL FROM compared
        WHERE coalesce(reasons, '') = ''""")
    connection.execute("DELETE FROM judged WHERE row IN (SELECT row FROM repeated)")


def _counted(connection: duckdb.DuckDBPyConnection) -> Repeats:
    return Repeats(
        *connection.execute(
            "SELECT count(*) FILTER (NOT completes), count(*) FILTER (completes) FROM repeated"
        ).fetchall()[0]
    )


def _replace(connection: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    """Put the rows that were completed into `fresh` as they are now."""
    connection.execute("DELETE FROM known WHERE row IN (SELECT row FROM whole)")
    untouched = "FROM judged WHERE reasons = '' AND row NOT IN (SELECT row FROM whole)"
    rows = f"({untouched} UNION ALL BY NAME FROM whole)"
    ledger.receive(connection, rows, {"row", *ledger.contract.names})
