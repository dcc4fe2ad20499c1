"""A company small enough to work every indicator out by hand, over the second quarter of 2024."""

from collections.abc import Callable

import pandas as pd
import pytest

from features.settings import FeatureSettings
from features.store import Store
from tests.features.indicators.quarter import SETTINGS, TABLES


@pytest.fixture(scope="session")
def quarter_store(make_store: Callable[..., Store]) -> Store:
    """Five customers with everything an indicator can be read off."""
    return make_store(**TABLES)


@pytest.fixture(scope="session")
def settings() -> FeatureSettings:
    """A horizon of 30 days."""
    return SETTINGS


@pytest.fixture
def tables() -> dict[str, pd.DataFrame]:
    """The same tables, to be changed."""
    return {name: rows.copy() for name, rows in TABLES.items()}
