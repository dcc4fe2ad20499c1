"""Frequency, recency, T and monetary value at one cut-off: ours against `lifetimes`' own summary.

Both read the same file, sorted purchases without refunds, and give a data frame; the best of three
turns counts, as a single one of a few hundredths of a second is chance.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from lifetimes.utils import summary_data_from_transaction_data

import training._lifetimes  # noqa: F401 - silences what importing lifetimes warns of
from features import memory, snapshot
from features.settings import FeatureSettings
from features.store import Store

LAST_DAY = pd.Timestamp("2024-12-31")
CUTOFF = datetime(2025, 1, 1, tzinfo=UTC)
TURNS = 3
NAMES = ("frequency", "recency", "T", "monetary_value")


def compare(folder: Path) -> dict[str, float]:
    """CPU seconds of each, from the same file to a data frame, and the largest difference."""
    memory.keep()  # as the command does; `lifetimes` is quicker for it, too
    theirs, lifetimes = _best(lambda: _lifetimes(folder))
    ours, querencia = _best(lambda: _ours(folder))
    ours = ours.reindex(theirs.index.astype(ours.index.dtype))
    # `lifetimes` says 0 where there is no repeat purchase; we say that it is not known.
    mine, yours = ours[list(NAMES)].fillna(0).to_numpy(), theirs[list(NAMES)].to_numpy()
    apart = np.abs(mine - yours) / np.maximum(np.abs(yours), 1)
    return {"cpu": querencia, "lifetimes": lifetimes, "difference": float(np.max(apart))}


def _best(work: Callable[[], pd.DataFrame]) -> tuple[pd.DataFrame, float]:
    taken = []
    for _ in range(TURNS):
        begin = process_time()
        rows = work()
        taken.append(process_time() - begin)
    return rows, min(taken)


def _lifetimes(folder: Path) -> pd.DataFrame:
    path = folder / "sales" / "records" / "transactions.parquet"
    bought = pq.read_table(path, columns=["customer_id", "day", "amount"])
    rows: pd.DataFrame = summary_data_from_transaction_data(
        bought.to_pandas(date_as_object=False),
        "customer_id",
        "day",
        monetary_value_col="amount",
        observation_period_end=LAST_DAY,
        freq="D",
    )
    return rows


def _ours(folder: Path) -> pd.DataFrame:
    store, settings, only = Store(folder / "sales"), FeatureSettings(), frozenset(NAMES)
    taken = snapshot.take(store.records(), [CUTOFF], settings, has=store.has, only=only)
    return taken.rows.set_index("customer_id")
