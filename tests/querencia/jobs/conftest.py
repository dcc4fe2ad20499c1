"""A folder to work in."""

from pathlib import Path

import pytest

from serving.settings import Settings
from tests.folders import copied


@pytest.fixture
def mine(trained: Settings, workplace: Path) -> Settings:
    """A copy of the trained folder, to be written to."""
    return copied(trained, workplace)
