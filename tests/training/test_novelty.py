"""Novelty: what never varied in training is known, and told where it does."""

import numpy as np
import pandas as pd

from training import novelty

NAN = np.nan
SEEN = pd.DataFrame(
    {
        "offers": [0.0, 0.0, 0.0],
        "effort_mean": [NAN, NAN, NAN],
        "csat_mean": [0.5, NAN, 0.5],
        "silence": [1.0, 2.0, 3.0],
    }
)
UNVARIED = {"offers": 0.0, "effort_mean": None}


def test_constants_are_what_is_the_same_of_everybody_or_known_of_nobody() -> None:
    assert novelty.constants(SEEN, SEEN.columns) == UNVARIED
    assert novelty.constants(SEEN, ["silence"]) == {}


def test_rows_like_those_seen_are_nothing_new() -> None:
    assert not list(novelty.found(UNVARIED, SEEN))
    assert not list(novelty.found({}, SEEN.assign(offers=1.0)))


def test_a_value_that_is_missing_now_is_no_other_value() -> None:
    assert novelty.begun(UNVARIED, SEEN.assign(offers=[0.0, NAN, NAN])) == {}


def test_another_value_is_counted_even_of_everybody() -> None:
    assert novelty.begun(UNVARIED, SEEN.assign(offers=2.0)) == {"offers": 3}
    now = SEEN.assign(offers=[0.0, 1.0, 0.0], effort_mean=[0.1, 0.2, NAN])
    assert novelty.begun(UNVARIED, now) == {"offers": 1, "effort_mean": 2}


def test_what_is_new_is_told_with_what_it_was_and_what_to_do() -> None:
    (told,) = novelty.found(UNVARIED, SEEN.assign(offers=[0.0, 1.0, 0.0]))
    assert told.level == "warning"
    assert "offers: 0 for everybody then, another value for 1 of 3 customers now" in told.text
    assert told.text.endswith("querencia train")
    (told,) = novelty.found(UNVARIED, SEEN.assign(effort_mean=0.1))
    assert "effort_mean: known of nobody then" in told.text
    assert told.figures["example"] == "effort_mean"
