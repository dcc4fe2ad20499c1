"""The records of five customers around the second quarter of 2024."""

from datetime import date

import pandas as pd

from features.indicators.period import Period
from features.settings import FeatureSettings

SETTINGS = FeatureSettings(horizon_days=30)
QUARTER = Period.of(date(2024, 4, 1), date(2024, 6, 30), "UTC")


def _at(*times: str | None) -> pd.Series:
    """Instants of 2024, written as month, day and maybe hour: 04-15T10."""
    written = [None if time is None else f"2024-{time}" for time in times]
    return pd.to_datetime(pd.Series(written), format="ISO8601", utc=True)


def _table(columns: str, key: str, rows: list[tuple[object, ...]]) -> pd.DataFrame:
    """Rows numbered from 1; columns that end in `_at` are instants."""
    table = pd.DataFrame(rows, columns=columns.split()).astype(object)
    for name in columns.split():
        if name.endswith("_at"):
            table[name] = _at(*table[name].where(table[name].notna(), None))
        else:
            table[name] = table[name].infer_objects()
    table.insert(0, key, [str(number) for number in range(1, len(table) + 1)])
    return table


TRANSACTIONS = _table(
    "customer_id occurred_at amount channel promised_at delivered_at",
    "transaction_id",
    [
        ("ana", "03-10", 100.0, "web", None, None),
        ("ana", "04-15", 50.0, "web", "04-18", "04-17"),
        ("ana", "06-20", 70.0, "shop", None, None),
        ("bea", "03-20", 40.0, "shop", None, None),
        ("carl", "02-01", 30.0, "shop", None, None),
        ("dan", "05-01", 20.0, "web", "05-03", "05-05"),
        ("dan", "05-11", 60.0, "web", "05-14", None),
        ("eva", "06-25", 80.0, "web", "07-02", "07-01"),
    ],
)
SURVEYS = _table(
    "kind customer_id asked_at answered_at score scale_min scale_max channel",
    "survey_id",
    [
        ("nps", "ana", "05-01", "05-02", 10, None, None, "email"),
        ("nps", "dan", "05-01", "05-03", 9, None, None, "email"),
        ("nps", "bea", "05-01", "05-04", 7, None, None, "phone"),
        ("nps", "eva", "06-26", "06-27", 3, None, None, "phone"),
        ("nps", "carl", "06-01", None, None, None, None, "email"),
        ("csat", "ana", "05-02", "05-02T12", 5, None, None, "email"),
        ("csat", "dan", "05-02", "05-02T12", 4, None, None, "email"),
        ("csat", "bea", "05-02", "05-02T12", 2, None, None, "email"),
        ("csat", "eva", "06-29", "07-02", 1, None, None, "email"),
        ("ces", "bea", "06-02", "06-03", 1, 7, 1, "email"),
        ("ces", "ana", "05-03", "05-04", 3, 1, 5, "email"),
        ("isat", "ana", "05-05", "05-06", 80, None, None, "email"),
        ("isat", "dan", "05-05", "05-06", 60, None, None, "email"),
        ("review", "ana", "04-18", "04-19", 5, None, None, "web"),
        ("review", "dan", "05-06", "05-07", 1, None, None, "web"),
        ("loyalty", "ana", "05-07", "05-08", 4, None, None, "email"),
        ("repurchase_intent", "ana", "04-15", "04-16", 5, None, None, "email"),
        ("repurchase_intent", "dan", "05-01", "05-02", 4, None, None, "email"),
        ("repurchase_intent", "bea", "04-01", "04-01T12", 2, None, None, "email"),
        ("repurchase_intent", "carl", "06-19", "06-20", 5, None, None, "email"),
        ("wallet_share", "ana", "05-09", "05-10", 0.6, None, None, "email"),
        ("wallet_share", "dan", "05-09", "05-10", 0.2, None, None, "email"),
    ],
)
TICKETS = _table(
    "customer_id opened_at first_response_at resolved_at reopened_at topic channel "
    "handling_minutes in_time",
    "ticket_id",
    [
        ("ana", "05-01T10", "05-01T12", "05-02T10", None, "billing", "phone", 30.0, True),
        ("dan", "05-03", "05-03T06", "05-05", "05-06", "delivery", "phone", 60.0, False),
        ("eva", "06-29", None, None, None, "delivery", "email", None, None),
        ("bea", "06-01", "06-01T04", "06-01T12", "07-03", "delivery", "phone", 90.0, None),
    ],
)
CONTACTS = _table(
    "customer_id occurred_at channel phase touchpoint ticket_id",
    "contact_id",
    [
        ("ana", "05-01T10", "phone", "support", "help desk", "1"),
        ("dan", "05-03", "phone", "support", "help desk", "2"),
        ("dan", "05-04", "email", "support", "help desk", "2"),
        ("dan", "05-06", "email", "support", "hand-over", "2"),
        ("eva", "06-24", "web", "discover", "catalogue", None),
    ],
)
REFERRALS = _table(
    "customer_id occurred_at referred_customer_id",
    "referral_id",
    [("ana", "04-20", "dan"), ("eva", "05-01", None)],
)
CUSTOMERS = pd.DataFrame(
    {
        "customer_id": ["ana", "bea", "carl", "dan", "eva"],
        "segment": ["gold", "plain", "plain", "gold", "plain"],
    }
)

TABLES = {
    "customers": CUSTOMERS,
    "transactions": TRANSACTIONS,
    "surveys": SURVEYS,
    "tickets": TICKETS,
    "contacts": CONTACTS,
    "referrals": REFERRALS,
}
