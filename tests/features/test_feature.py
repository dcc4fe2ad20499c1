"""What a feature declares, and the digest of many declarations."""

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest

from features.feature import ACTIONS, Driver, Feature, version

SPEND: Feature[np.ndarray] = Feature("spend", "currency", "net spend", "spend", np.negative)
SILENCE: Feature[np.ndarray] = Feature("silence", "days", "days since", "silence", np.negative)


@pytest.mark.parametrize("change", [{"name": "sales"}, {"unit": "1"}, {"meaning": "gross spend"}])
def test_the_version_changes_with_a_declaration(change: dict[str, Any]) -> None:
    assert version([SPEND, SILENCE]) != version([replace(SPEND, **change), SILENCE])


def test_the_version_changes_with_a_feature_more() -> None:
    assert len({version([]), version([SPEND]), version([SPEND, SILENCE])}) == 3


def test_the_version_is_that_of_earlier_releases() -> None:
    """Registered models hold it, and refuse rows of another."""
    assert version([SPEND, SILENCE]) == "993321561b42"


def test_every_driver_has_something_to_do_about_it() -> None:
    assert set(ACTIONS) == set(get_args(Driver))
    assert SPEND.action == ACTIONS["spend"]
