"""Orders in files, for jobs to read."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd


def hush(_: str) -> None:
    """Say nothing."""


def purchases(customers: Iterable[str], days: Iterable[str], path: str = "orders.csv") -> Path:
    rows = [(customer, day, 10.0) for customer in customers for day in days]
    pd.DataFrame(rows, columns=["customer_id", "occurred_at", "amount"]).to_csv(path, index=False)
    return Path(path)


MONTHS = [f"{year}-{month:02}-05" for year in (2023, 2024) for month in range(1, 13)]
