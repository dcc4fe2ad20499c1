"""Gates: what an unattended run must not trust, though records may be read well."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.findings import STEADY, Facts, Finding, Findings, tell
from features.intake import Intake
from features.records import CONTRACTS
from features.sources import connect
from features.store import Store
from features.summary import Held, view

FEWEST_A_WEEK = 20
"""Sales in a week from which its median says something."""

SURE_OF_A_DAY = 10.0
"""Sales a weekday has on average from which a day without any is no accident: chance e^-10."""

LOOKED_BACK = 56
"""Days among which missing ones are looked for."""

OF_WHAT_CAME = frozenset({"future", "too_many_refused", "lost_columns", "amount_jump"})
"""Errors that the rows read last can be at fault for."""


@dataclass(frozen=True)
class Pace:
    """How transactions come in.

    Attributes:
        days: Each calendar day there are any; and
        counts: how many.
        weeks: The first day of each week there are enough sales; and
        medians: their median amount, in currency.
    """

    days: NDArray[np.datetime64]
    counts: NDArray[np.int64]
    weeks: NDArray[np.datetime64]
    medians: NDArray[np.float64]

    @classmethod
    def of(cls, store: Store, time_zone: str) -> "Pace":
        """Count the present versions of the transactions."""
        with connect(time_zone) as connection:
            view(connection, "transactions", store.path("transactions"))
            daily = connection.execute(
                "SELECT day, count(*) AS n FROM transactions GROUP BY day ORDER BY day"
            ).fetchnumpy()
            weekly = connection.execute(
                """SELECT date_trunc('week', day)::DATE AS week, median(amount)::DOUBLE AS amount
                FROM transactions WHERE amount > 0 GROUP BY week HAVING count(*) >= ?
                ORDER BY week""",
                [FEWEST_A_WEEK],
            ).fetchnumpy()
        return cls(
            np.asarray(daily["day"], "datetime64[D]"),
            np.asarray(daily["n"], np.int64),
            np.asarray(weekly["week"], "datetime64[D]"),
            np.asarray(weekly["amount"], float),
        )


def refused(facts: Facts, *, most: float) -> Findings:
    """Tables of which too many rows went to quarantine."""
    for intake in facts.intakes:
        if intake.refused > most:
            yield tell(
                "error",
                "too_many_refused",
                "{table}: {share:.1%} of the {rows:,} rows read were refused, and at most "
                "{most:.1%} is let pass (watch.most_refused). The quarantine file tells why.",
                table=intake.table,
                share=intake.refused,
                rows=intake.rows,
                most=most,
            )


def repeated(facts: Facts) -> Findings:
    """Rows that had been read before."""
    for intake in facts.intakes:
        if intake.again:
            yield tell(
                "advice",
                "repeated",
                "{table}: {again:,} rows told nothing that was not known, as of a file that is "
                "sent twice. They count once.",
                table=intake.table,
                again=intake.again,
            )


def nothing_came(facts: Facts, before: Mapping[str, int], days: float) -> Findings:
    """Tables that have no more rows than at the last reading, though they always grow.

    Args:
        facts: What there is.
        before: The rows of each table at the last reading.
        days: Since then.
    """
    read = {intake.table: intake for intake in facts.intakes}
    for table in ("transactions", *STEADY):
        held, intake = facts[table], read.get(table)
        if held is None or intake is None or held.rows > before.get(table, held.rows - 1):
            continue
        expected = _a_day(held) * days
        if expected >= SURE_OF_A_DAY:
            yield _none(intake, expected)


def _none(intake: Intake, expected: float) -> Finding:
    told = {"table": intake.table, "expected": expected}
    if intake.rows or intake.again or intake.completed:
        return tell(
            "warning",
            "nothing_new",
            "{table}: nothing new came, though {expected:,.0f} rows were to be expected since the "
            "last reading. Is the export made, and on time?",
            **told,
        )
    return tell(
        "warning",
        "emptied",
        "{table}: its source is empty, though {expected:,.0f} rows were to be expected since the "
        "last reading. Is the export whole?",
        **told,
    )


def _a_day(held: Held) -> float:
    """Rows a table has a day."""
    if held.first is None or held.last is None:
        return 0.0
    return held.rows / ((held.last - held.first).days + 1)


def too_old(facts: Facts, most_days: Mapping[str, int]) -> Findings:
    """Tables that end too long ago, or are not there at all."""
    for table, most in most_days.items():
        held = facts[table]
        if held is None or held.last is None:
            yield tell(
                "error",
                "no_table",
                "{table}: there are no records, and some are expected (watch.most_days_old).",
                table=table,
            )
        elif (days := (facts.today - held.last).days) > most:
            yield tell(
                "error",
                "too_old",
                "{table}: the last record is {days:,} days old, and at most {most} are let pass "
                "(watch.most_days_old). Is the export still made?",
                table=table,
                days=days,
                most=most,
            )


def lost_columns(facts: Facts) -> Findings:
    """Columns that the records have and a source read just now no longer has."""
    for intake in facts.intakes:
        contract = CONTRACTS[intake.table]
        lost = tuple(
            name
            for name in contract.names
            if f"{intake.table}.{name}" in facts.has and name not in (*intake.columns, contract.key)
        )
        if lost and intake.table != "offers":  # those we decided ourselves tell more
            yield tell(
                "error",
                "lost_columns",
                "{table}: the source has no {columns} any more, which the records know. Bring them "
                "back; if they are meant to be gone, read all files anew: querencia check",
                table=intake.table,
                columns=lost,
            )


def jumps(pace: Pace, *, most: float) -> Findings:
    """Weeks whose amounts are of another size, as where cents were read for euros."""
    if not pace.weeks.size:
        return
    usual = float(np.median(pace.medians))
    factor = pace.medians / usual
    odd = np.flatnonzero((factor > most) | (factor < 1 / most))
    if odd.size:
        worst = odd[np.argmax(np.abs(np.log(factor[odd])))]
        yield tell(
            "error",
            "amount_jump",
            "transactions: in {count} weeks amounts are of another size, such as from {week} on "
            "({median:,.2f} in the middle, {usual:,.2f} in all weeks; watch.most_jump). Correct "
            "and send them again with a later recorded_at, or read all files anew.",
            count=int(odd.size),
            week=str(pace.weeks[worst]),
            median=float(pace.medians[worst]),
            usual=usual,
        )


def missing_days(pace: Pace) -> Findings:
    """Days of the last weeks without a transaction, of weekdays that always have some."""
    last = pace.days[-1]
    lately = np.arange(last - LOOKED_BACK + 1, last + 1)
    lately = lately[lately >= pace.days[0]]
    counted = dict(zip(pace.days.tolist(), pace.counts.tolist(), strict=True))
    counts = np.array([counted.get(day, 0) for day in lately.tolist()])
    weekday = lately.astype("datetime64[D]").astype(int) % 7
    usual = np.array([np.median(counts[weekday == each]) for each in weekday])
    gone = lately[(counts == 0) & (usual >= SURE_OF_A_DAY)]
    if gone.size:
        yield tell(
            "warning",
            "missing_days",
            "transactions: none on {days}, though such weekdays have {usual:,.0f}. Send them, if "
            "there were any.",
            days=tuple(map(str, gone)),
            usual=float(usual[np.isin(lately, gone)].min()),
        )
