"""How far two engines' rows lie apart."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from chosen import FEATURES


def largest(one: Path, other: Path) -> float:
    """Largest difference relative to the value, or to 1 below it; infinite if rows differ."""
    tables = [ds.dataset(path) for path in (one, other)]
    keys = [_keys(table.to_table(columns=["customer_id", "cutoff"])) for table in tables]
    orders = [np.argsort(key) for key in keys]
    one_keys, other_keys = (key[order] for key, order in zip(keys, orders, strict=True))
    if not np.array_equal(one_keys, other_keys):
        return np.inf
    return max(_apart(*_values(tables, orders, name)) for name in FEATURES)


def _keys(rows: pa.Table) -> np.ndarray:
    number = pc.utf8_slice_codeunits(rows["customer_id"].cast(pa.string()), 1).cast(pa.int64())
    month = pc.month(rows["cutoff"])
    keys: np.ndarray = np.asarray(number) * 12 + np.asarray(month)
    return keys


def _values(tables: list[ds.Dataset], orders: list[np.ndarray], name: str) -> list[np.ndarray]:
    return [
        table.to_table(columns=[name])[name].to_numpy().astype(float)[order]
        for table, order in zip(tables, orders, strict=True)
    ]


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    if not np.array_equal(np.isnan(one), np.isnan(other)):
        return np.inf
    size = np.maximum(np.maximum(np.abs(one), np.abs(other)), 1)
    return float(np.nanmax(np.abs(one - other) / size))
