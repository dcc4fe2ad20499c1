"""Whether the records can carry each model: findings by error, warning and advice."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from features.intake import Intake
from features.settings import FeatureSettings
from features.sources import connect
from features.store import Store

Level = Literal["error", "warning", "advice"]

FEWEST_REPEAT_BUYERS = 50
FEWEST_CUSTOMERS = 500
"""Below these a purchase model has too little to learn from, and figures have wide intervals."""


@dataclass(frozen=True)
class Finding:
    """One thing to know about the records: an error stops training, the others don't."""

    level: Level
    text: str


@dataclass(frozen=True)
class Summary:
    """What the transactions hold: counts, and the first and last calendar day."""

    transactions: int
    customers: int
    repeat_buyers: int
    first: date
    last: date


def summarise(store: Store, time_zone: str) -> Summary:
    """Count what is in the store's transactions."""
    path = str(store.path("transactions")).replace("'", "''")
    with connect(time_zone) as connection:
        row = connection.execute(f"""
            WITH by_customer AS (
                SELECT count(*) AS rows, count(DISTINCT day) FILTER (amount >= 0) AS days,
                       min(day) AS first, max(day) AS last
                FROM read_parquet('{path}') GROUP BY customer_id)
            SELECT sum(rows)::BIGINT, count(*), count(*) FILTER (days > 1), min(first), max(last)
            FROM by_customer""").fetchall()[0]
    return Summary(*row)


def judge(
    summary: Summary, intake: Intake, settings: FeatureSettings, *, today: date
) -> list[Finding]:
    """Everything that speaks against trusting a model on these records.

    Args:
        summary: What the store holds.
        intake: What reading the file came to.
        settings: The horizon, and how cut-offs are laid.
        today: To tell how fresh the records are.
    """
    end = summary.last + timedelta(days=1)
    horizon_days = settings.horizon_days
    repeat = summary.repeat_buyers / summary.customers
    refused = 1 - intake.kept / intake.rows
    age = (today - summary.last).days
    judged: list[tuple[bool, Level, str]] = [
        (
            settings.plan(summary.first, end) is None,
            "error",
            f"{(end - summary.first).days} days of history; a horizon of {horizon_days} days needs "
            f"up to {settings.days_needed}. Bring more history, or set a shorter "
            "features.horizon_days.",
        ),
        (
            summary.repeat_buyers < FEWEST_REPEAT_BUYERS,
            "error",
            f"{summary.repeat_buyers} customers bought on more than one day; at least "
            f"{FEWEST_REPEAT_BUYERS} are needed to learn how purchases follow one another.",
        ),
        (
            summary.customers < FEWEST_CUSTOMERS,
            "warning",
            f"{summary.customers:,} customers: expect wide intervals below {FEWEST_CUSTOMERS}.",
        ),
        (
            refused > 0.01,
            "warning",
            f"{refused:.1%} of the rows were refused; see the quarantine file for each reason.",
        ),
        (
            age > horizon_days,
            "warning",
            f"the last record is {age:,} days old: whoever was about to leave has left.",
        ),
        (
            repeat < 0.2,
            "advice",
            f"{1 - repeat:.0%} of the customers bought once only: for them, risk says little; win "
            "the second purchase first.",
        ),
        (
            "transaction_id" not in intake.columns,
            "advice",
            "no transaction_id: rows were numbered, so duplicates can't be found.",
        ),
        (
            "margin" not in intake.columns,
            "advice",
            "no margin: value is counted in sales times training.money.margin_rate, or 1.",
        ),
    ]
    return [Finding(level, text) for applies, level, text in judged if applies]
