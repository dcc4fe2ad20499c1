"""The window a simulated company is seen through, and the tables seen."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.company.arrays import Ints, Strings

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

_AHEAD = ("promised_at",)  # known before they come

_KNOWN_WITH = {
    **dict.fromkeys(("score", "scale_min", "scale_max", "comment", "language"), "answered_at"),
    "handling_minutes": "resolved_at",
    "referred_customer_id": "joined_at",
}


def ids(name: str, positions: Ints) -> Strings:
    """Ids of the rows at these positions of a table."""
    numbers = pd.Series(positions + 1).astype(str).str.zfill(7)
    return (f"{name[:3]}-" + numbers).to_numpy(object)


def number(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """The rows sorted by their first time and given ids."""
    ordered = table.sort_values(_first_time(name), kind="stable")
    return ordered.assign(**{_LAYOUT[name][0]: ids(name, np.arange(len(ordered)))})


def _first_time(name: str) -> str:
    return next(column for column in _LAYOUT[name] if column.endswith("_at"))


@dataclass(frozen=True)
class Window:
    """The days of a company from midnight UTC of `start`; its own times are days since then."""

    start: pd.Timestamp
    days: int

    def hide(self, times: "pd.Series[float]") -> "pd.Series[float]":
        """The times, NaN for what is not known before the window ends."""
        return times.where(times < self.days)

    def publish(self, name: str, table: pd.DataFrame) -> pd.DataFrame:
        """The table as a user would hand it in: what is known of it when the window ends."""
        numbered = self._known(name, number(name, table))
        if "customer" in numbered:
            numbered["customer_id"] = ids("customers", numbered["customer"].to_numpy())
        return self.with_instants(numbered[list(_LAYOUT[name])].reset_index(drop=True))

    def _known(self, name: str, table: pd.DataFrame) -> pd.DataFrame:
        arrived = table["recorded_at" if "recorded_at" in table else _first_time(name)] < self.days
        inside = table[arrived]
        outcomes = [time for time in _times(inside) if time not in _AHEAD]
        inside = inside.assign(**{time: self.hide(inside[time]) for time in outcomes})
        return inside.assign(
            **{
                column: inside[column].where(inside[time].notna())
                for column, time in _KNOWN_WITH.items()
                if column in inside
            }
        )

    def with_instants(self, table: pd.DataFrame) -> pd.DataFrame:
        """The table with the days of its `*_at` columns turned into instants of whole seconds."""
        return table.assign(**{column: self._instants(table[column]) for column in _times(table)})

    def _instants(self, times: "pd.Series[float]") -> "pd.Series[pd.Timestamp]":
        since = pd.to_timedelta(times.where(np.isfinite(times)), unit="D").dt.floor("s")
        return (self.start + since).astype("datetime64[us, UTC]")


def _times(table: pd.DataFrame) -> list[str]:
    return [str(column) for column in table if str(column).endswith("_at")]
