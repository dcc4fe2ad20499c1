"""The snapshot row of one posted history: the same code as the batch, on tiny arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pyarrow as pa

from features import snapshot
from features.settings import FeatureSettings
from features.snapshot import Snapshot
from features.store import transactions_timeline


@dataclass(frozen=True)
class Purchase:
    """One transaction of a posted history.

    Attributes:
        occurred_at: When; with a time zone.
        amount: Net amount in the reporting currency; negative for a refund.
    """

    occurred_at: datetime
    amount: float


def row(
    customer_id: str, history: Sequence[Purchase], cutoff: datetime, settings: FeatureSettings
) -> Snapshot:
    """The snapshot of one customer at one cut-off.

    Returns:
        One row, or none where the history holds no purchase before the cut-off.
    """
    zone = ZoneInfo(settings.time_zone)
    purchases = sorted(history, key=lambda purchase: (purchase.occurred_at, -purchase.amount))
    days = [purchase.occurred_at.astimezone(zone).date() for purchase in purchases]
    table = pa.table(
        {
            "customer_id": pa.array([customer_id] * len(purchases), pa.string()),
            "occurred_at": pa.array([p.occurred_at for p in purchases], pa.timestamp("us", "UTC")),
            "amount": pa.array([p.amount for p in purchases], pa.float64()),
            "day": pa.array(days, pa.date32()),
        }
    )
    return snapshot.take([transactions_timeline(table)], [cutoff], settings, observed_until=cutoff)
