"""Rows of features as estimators read them: columns by name, and matrices of them made once."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.snapshot import Snapshot
from training.purchases.histories import Histories

Floats = NDArray[np.float64]
Made = TypeVar("Made")


class Rows:
    """What is known of some customers.

    Args:
        columns: By name, each of shape (rows,).
    """

    def __init__(self, columns: Mapping[str, Any] | pd.DataFrame) -> None:
        self._columns = columns
        self._made: dict[Hashable, Any] = {}

    @classmethod
    def table(cls, values: Floats, features: tuple[str, ...]) -> "Rows":
        """Those of a table of shape (rows, features)."""
        rows = cls(dict(zip(features, values.T, strict=True)))
        rows._made["values", features] = values
        return rows

    @classmethod
    def of(cls, known: "Known") -> "Rows":
        """Those of a snapshot or a data frame."""
        if isinstance(known, Rows):
            return known
        return cls(known.columns if isinstance(known, Snapshot) else known)

    def __getitem__(self, name: str) -> Floats:
        return np.asarray(self._columns[name], dtype=float)

    def __len__(self) -> int:
        if isinstance(self._columns, pd.DataFrame):
            return len(self._columns)
        return len(next(iter(self._columns.values())))

    @property
    def history(self) -> tuple[Floats, Floats, Floats]:
        """Frequency, recency and T of each row: what a model of the purchase process reads."""
        return self["frequency"], self["recency"], self["T"]

    def values(self, features: tuple[str, ...]) -> Floats:
        """Of these features, shape (rows, features); NaN where not known."""
        return self.once(("values", features), lambda: self._matrix(features))

    def logs(self, features: tuple[str, ...]) -> Floats:
        """Signed logarithms of the values: sign(v) log(1 + |v|)."""
        return self.once(("logs", features), lambda: self._signed_logs(features))

    @property
    def histories(self) -> Histories:
        """The same, checked."""
        return self.once("histories", lambda: Histories.of(*self.history))

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What is made of these rows when it is first asked for, and kept with them."""
        if key not in self._made:
            self._made[key] = make()
        found: Made = self._made[key]
        return found

    def _matrix(self, features: tuple[str, ...]) -> Floats:
        if isinstance(self._columns, pd.DataFrame):
            return self._columns[list(features)].to_numpy(dtype=float)
        return np.array([self._columns[name] for name in features], dtype=float).T

    def _signed_logs(self, features: tuple[str, ...]) -> Floats:
        values = self.values(features)
        return np.asarray(np.copysign(np.log1p(np.abs(values)), values))


Known = Rows | Snapshot | pd.DataFrame
"""What estimators take rows from."""
