"""Novelty: features that were the same for everybody in training, and are not any more."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pandas as pd

from features.findings import Finding, tell
from training.rows import Floats, Known, Rows

Constants = Mapping[str, float | None]
"""Features that never varied, with the value all had; None where it was known of nobody."""


def constants(rows: pd.DataFrame, names: Iterable[str]) -> Constants:
    """The features that do not vary in these rows: trees cannot split on them, nor weights learn.

    One that is known of some and missing for others varies.
    """
    ends = rows[list(names)].agg(["count", "min", "max"]).T
    unknown = ends["count"] == 0
    same = (ends["count"] == len(rows)) & (ends["min"] == ends["max"])
    return {
        str(name): None if unknown[name] else float(ends["min"][name])
        for name in ends.index[unknown | same]
    }


def begun(unvaried: Constants, rows: Known) -> dict[str, int]:
    """Of features that never varied, those that these rows have another value of; in how many."""
    known = Rows.of(rows)
    counts = {name: _others(known[name], was) for name, was in unvaried.items()}
    return {name: count for name, count in counts.items() if count}


def _others(values: Floats, was: float | None) -> int:
    return int((~np.isnan(values) & (values != (np.nan if was is None else was))).sum())


def found(unvaried: Constants, rows: Known) -> Iterator[Finding]:
    """What to know of rows that a model is asked about."""
    new = begun(unvaried, rows)
    if not new:
        return
    first = next(iter(new))
    was = unvaried[first]
    before = "known of nobody" if was is None else "{was:g} for everybody"
    yield tell(
        "warning",
        "novelty_unknown" if was is None else "novelty",
        f"{{count}} features were the same throughout training and vary now, such as {{example}}: "
        f"{before} then, another value for {{differ:,}} of {{rows:,}} customers now. The model has "
        "never seen them vary and leaves them out. Train again once a horizon with them has "
        "closed: querencia train",
        count=len(new),
        example=first,
        was=0.0 if was is None else was,
        differ=new[first],
        rows=len(rows),
    )
