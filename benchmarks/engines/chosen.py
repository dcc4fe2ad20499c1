"""The work that all engines do: the same features, at the same cut-offs, into one Parquet file."""

from datetime import UTC, datetime

CUTOFFS = tuple(datetime(2024, month, 1, tzinfo=UTC) for month in range(1, 13))
WINDOWS_DAYS = (7, 30, 90, 180, 365)
TICKET_WINDOWS_DAYS = (30, 90, 365)
RECENT_DAYS = 180
COMPRESSION = "snappy"
IN_DICTIONARY = ("customer_id", "cutoff")

FEATURES = (
    *("frequency", "recency", "T", "monetary_value", "spend", "silence"),
    *("mean_gap", "silence_in_gaps", "refund_share", "spend_trend_90d"),
    *(f"{name}_{days}d" for name in ("purchase_days", "spend") for days in WINDOWS_DAYS),
    *("deliveries", "late_share", "delay", "worst_delay", "last_delay", "wait"),
    *("satisfaction_last", "satisfaction_mean", "satisfaction_worst", "satisfaction_since"),
    *("answers", "response_rate", "nps_last", "csat_mean"),
    *("tickets", *(f"tickets_{days}d" for days in TICKET_WINDOWS_DAYS), "tickets_open"),
    *("resolution_hours", "worst_resolution_hours", "past_target"),
)
