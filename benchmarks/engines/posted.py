"""The online row: how long one posted history takes."""

from collections.abc import Set
from datetime import UTC, datetime, timedelta
from random import Random
from time import perf_counter
from typing import Any

import numpy as np

from features import online
from features.settings import FeatureSettings

CUTOFF = datetime(2025, 1, 1, tzinfo=UTC)
PURCHASES = {"transactions", "transactions.occurred_at", "transactions.amount"}
EVERYTHING = PURCHASES | {
    *("transactions.promised_at", "transactions.delivered_at"),
    *("surveys", "surveys.kind", "surveys.answered_at", "surveys.score"),
    *("tickets", "tickets.opened_at", "tickets.resolved_at"),
}


def latencies(calls: int) -> dict[str, float]:
    """Milliseconds of a history of 30 purchases, alone and with 5 surveys and 5 tickets."""
    random = Random(7)  # noqa: S311 - nothing secret
    histories = [_history(random) for _ in range(20)]
    return {
        f"{name}{quantile}": value
        for name, has, share in (("", PURCHASES, 1), ("all_", EVERYTHING, 4))
        for quantile, value in _quantiles(histories, frozenset(has), calls // share).items()
    }


def _quantiles(
    histories: list[dict[str, list[dict[str, Any]]]], has: Set[str], calls: int
) -> dict[str, float]:
    settings, taken = FeatureSettings(), []
    for call in range(calls):
        begin = perf_counter()
        online.row("one", histories[call % len(histories)], CUTOFF, settings, has=has)
        taken.append((perf_counter() - begin) * 1_000)
    p50, p99 = np.quantile(taken, [0.5, 0.99])
    return {"p50": float(p50), "p99": float(p99)}


def _history(random: Random) -> dict[str, list[dict[str, Any]]]:
    def some(rows: int) -> list[datetime]:
        return [CUTOFF - timedelta(days=random.uniform(20, 700)) for _ in range(rows)]

    return {
        "transactions": [
            {
                "occurred_at": at,
                "amount": round(random.uniform(5, 90), 2),
                "promised_at": at + timedelta(days=3),
                "delivered_at": at + timedelta(days=random.uniform(1, 6)),
            }
            for at in some(30)
        ],
        "surveys": [
            {
                "asked_at": at,
                "kind": random.choice(["nps", "csat"]),
                "answered_at": at + timedelta(days=1),
                "score": random.randint(1, 5),
            }
            for at in some(5)
        ],
        "tickets": [
            {"opened_at": at, "resolved_at": at + timedelta(hours=random.uniform(1, 90))}
            for at in some(5)
        ],
    }
