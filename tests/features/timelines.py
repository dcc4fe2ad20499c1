"""Timelines of a few days, to test look-ups on."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from features.timeline import DAY, Timeline

instants = st.lists(st.integers(-3, 12), min_size=1, max_size=5, unique=True).map(sorted)
customers = st.lists(st.lists(st.integers(0, 10), max_size=6).map(sorted), max_size=5)


def timeline(times: list[list[int]], **columns: list[Any]) -> Timeline:
    """One list of days per customer."""
    offsets = np.cumsum([0, *map(len, times)])
    flat = np.array([day for own in times for day in own], dtype=np.int64) * DAY
    return Timeline(offsets, flat, {name: np.array(values) for name, values in columns.items()})


def days(values: list[int]) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64) * DAY
