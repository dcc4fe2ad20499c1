"""CDNOW: real purchases of 23,570 customers of a music shop, shipped inside `lifetimes`.

The whole cohort that first bought in the first quarter of 1997, followed to 30 June 1998: 69,659
purchases, 2,500,315.63 USD (Fader & Hardie 2001, "Forecasting repeat sales at CDNOW").
"""

from importlib.metadata import distribution
from pathlib import Path

import pandas as pd

CURRENCY = "USD"


def transactions() -> pd.DataFrame:
    """The purchases as a `transactions` table, in the order of the published file."""
    # Located, not imported: `lifetimes.datasets` needs a module that new setuptools lack.
    path = Path(str(distribution("lifetimes").locate_file("lifetimes/datasets/CDNOW_master.txt")))
    raw = pd.read_csv(
        path,
        sep=r"\s+",
        skiprows=1,
        names=["customer", "day", "items", "dollars"],
        dtype={"customer": str, "day": str},
    )
    return pd.DataFrame(
        {
            "transaction_id": [str(row) for row in range(1, len(raw) + 1)],
            "customer_id": raw["customer"],
            "occurred_at": pd.to_datetime(raw["day"], format="%Y%m%d", utc=True),
            "amount": raw["dollars"],
        }
    )
