"""Every indicator on a few records, against what comes out by hand."""

import numpy as np
import pytest

from features.indicators.catalogue import INDICATORS
from features.indicators.reading import Reading, read
from features.settings import FeatureSettings
from features.store import Store
from tests.features.indicators.quarter import QUARTER

WORKED_OUT = {
    "nps": (4, 100 * (2 - 1) / 4),
    "csat": (3, (5 + 4 + 2) / 3),
    "csat_top_two": (3, 2 / 3),
    "ces": (2, (7 + 4) / 2),  # 1 of 7 to 1 is the easiest; 3 of 1 to 5 the middle
    "isat": (2, 70),
    "review": (2, 3),
    "loyalty": (1, 75),
    "consistency": (
        16,
        np.std(
            [*(100, 90, 70, 30), *(100, 75, 25), *(80, 60), *(100, 0), 75, *(100, 75, 25, 100)],
            ddof=1,
        ),
    ),
    "response_rate": (22, 20 / 22),
    "repurchase_intent": (4, 3 / 4),
    "repurchase": (3, 1 / 3),  # carl's horizon is open
    "intent_kept": (2, 1 / 2),
    "wallet_share": (2, 0.4),
    "wallet_share_estimated": (3, (1 + 80 / 116 + 1) / 3),  # of gold, nine in ten stay under 116
    "spend": (3, (120 + 80 + 80) / 3),
    "repeat_rate": (3, 2 / 3),
    "time_to_second_purchase": (2, (36 + 10) / 2),
    "churn_rate": (2, 1 / 2),  # ana stays, bea leaves
    "loss_to_acquisition": (4, 2 / 2),  # bea and dan; dan and eva
    "lifetime": (2, 91 / (1 / 2)),
    "referral_rate": (3, 2 / 3),
    "referral_spend": (2, (80 + 0) / 2),
    "promise_kept": (3, 1 / 3),  # in time, late, overdue; one not due yet
    "delivery_spread": (2, np.std([2, 4], ddof=1)),
    "first_contact_resolution": (3, 2 / 3),
    "contacts_per_issue": (3, (1 + 3 + 0) / 3),
    "channel_switches": (3, 1 / 3),
    "never_handed_over": (3, 2 / 3),
    "reopened": (3, 1 / 3),
    "resolved_in_time": (2, 1 / 2),
    "response_time": (3, 4),
    "response_time_worst": (3, 5.6),
    "resolution_time": (3, 24),
    "resolution_time_worst": (3, 43.2),
    "handling_time": (3, 60),
    "handling_time_worst": (3, 84),
}


@pytest.fixture(scope="module")
def readings(quarter_store: Store, settings: FeatureSettings) -> dict[str, Reading]:
    return {reading.indicator.name: reading for reading in read(quarter_store, settings, QUARTER)}


def test_every_indicator_is_worked_out() -> None:
    assert list(WORKED_OUT) == list(INDICATORS)


@pytest.mark.parametrize("name", INDICATORS)
def test_an_indicator_is_what_comes_out_by_hand(name: str, readings: dict[str, Reading]) -> None:
    n, value = WORKED_OUT[name]
    assert readings[name].figure.n == n
    assert readings[name].figure.value == pytest.approx(value)


def test_intervals_hold_the_value(readings: dict[str, Reading]) -> None:
    told = [
        reading.figure for reading in readings.values() if reading.figure.low == reading.figure.low
    ]
    assert len(told) > 30
    assert all(figure.low <= figure.value <= figure.high for figure in told)


def test_a_definition_has_a_version_that_changes_with_it() -> None:
    versions = {indicator.version for indicator in INDICATORS.values()}
    assert len(versions) == len(INDICATORS)
