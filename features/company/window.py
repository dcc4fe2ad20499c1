"""The window a simulated company is seen through, and the tables seen."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.company.arrays import Floats, Ints, Strings

_LAYOUT = {
    "customers": ("customer_id", "acquired_at", "segment", "country"),
    "transactions": (
        *("transaction_id", "customer_id", "occurred_at", "amount", "margin", "discount"),
        *("channel", "category", "promised_at", "delivered_at", "recorded_at"),
    ),
    "surveys": (
        *("survey_id", "customer_id", "kind", "asked_at", "answered_at", "score", "scale_min"),
        *("scale_max", "comment", "language", "touchpoint", "channel"),
    ),
    "tickets": (
        *("ticket_id", "customer_id", "opened_at", "first_response_at", "resolved_at"),
        *("reopened_at", "topic", "channel", "is_complaint", "handling_minutes"),
    ),
    "contacts": (
        *("contact_id", "customer_id", "occurred_at", "channel", "phase", "touchpoint"),
        *("ticket_id", "agent"),
    ),
    "referrals": ("referral_id", "customer_id", "occurred_at", "referred_customer_id"),
    "offers": (
        *("offer_id", "customer_id", "campaign_id", "decided_at", "arm", "cost", "propensity"),
        "redeemed_at",
    ),
}


def ids(name: str, positions: Ints) -> Strings:
    """Ids of the rows at these positions of a table."""
    numbers = pd.Series(positions + 1).astype(str).str.zfill(7)
    return (f"{name[:3]}-" + numbers).to_numpy(object)


@dataclass(frozen=True)
class Window:
    """The days of a company from midnight UTC of `start`; its own times are days since then."""

    start: pd.Timestamp
    days: int

    def hide(self, times: Floats) -> Floats:
        """The times, NaN for what is not known before the window ends."""
        return np.where(times < self.days, times, np.nan)

    def number(self, name: str, table: pd.DataFrame) -> pd.DataFrame:
        """The rows within the window, sorted by their first time and given ids."""
        first_time = next(column for column in _LAYOUT[name] if column.endswith("_at"))
        inside = table[table[first_time] < self.days].sort_values(first_time, kind="stable")
        return inside.assign(**{_LAYOUT[name][0]: ids(name, np.arange(len(inside)))})

    def publish(self, name: str, table: pd.DataFrame) -> pd.DataFrame:
        """The table as a user would hand it in."""
        numbered = self.number(name, table)
        if "customer" in numbered:
            numbered["customer_id"] = ids("customers", numbered["customer"].to_numpy())
        return self.with_instants(numbered[list(_LAYOUT[name])].reset_index(drop=True))

    def with_instants(self, table: pd.DataFrame) -> pd.DataFrame:
        """The table with the days of its `*_at` columns turned into instants of whole seconds."""
        times = [str(column) for column in table if str(column).endswith("_at")]
        return table.assign(**{column: self._instants(table[column]) for column in times})

    def _instants(self, times: "pd.Series[float]") -> "pd.Series[pd.Timestamp]":
        since = pd.to_timedelta(times.where(np.isfinite(times)), unit="D").dt.floor("s")
        return (self.start + since).astype("datetime64[us, UTC]")
