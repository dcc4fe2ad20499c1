"""The promise of a campaign: sums of those contacted, and what it was made by."""

import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from features.provenance import Provenance
from serving.budget import Choice, Point
from serving.catalogue import Offer
from serving.decisions import Decisions, Desk
from serving.limits import CampaignSettings
from serving.promise import Promise

ORIGIN = Provenance(
    churn="rhythm",
    horizon_days=60,
    currency="EUR",
    time_zone="UTC",
    families=(),
    records=(),
    feature_version="0",
    cutoffs=(datetime(2026, 1, 1, tzinfo=UTC),),
    model_version="3",
)
ROWS = pd.DataFrame(
    {
        "offer": ["gift", "gift", "ask", "gift"],
        "arm": ["gift", "gift", "ask", "control"],
        "cost": [3.0, 4.0, 1.0, 5.0],
        "leaves": [0.5, 0.25, 0.125, 1.0],
        "saved": [0.25, 0.125, 0.0, 0.5],
        "expected_profit": [10.0, 9.0, -1.0, 99.0],
        "expected_profit_low": [5.0, 4.0, -1.0, 50.0],
    }
)
DECISIONS = Decisions(ROWS, Choice(np.zeros(4, int), 1.5, 0.0), [Point(7, 19, 2, 1.5)])


def test_the_control_costs_nothing_and_promises_nothing() -> None:
    promise = Promise.of(DECISIONS, 20)
    assert (promise.spent, promise.budget) == (8, 20)
    assert (promise.contacts, promise.asked, promise.control) == (3, 1, 1)
    assert (promise.leaving, promise.kept) == (0.875, 0.375)
    assert (promise.expected_profit, promise.expected_profit_low) == (18, 8)
    assert promise.offers == {"gift": 2, "ask": 1}


def test_a_summary_tells_what_it_was_made_by_in_json() -> None:
    limits = CampaignSettings(budget=20)
    desk = Desk({"gift": Offer(cost=3)}, Offer(), limits)
    summary = json.loads(json.dumps(Promise.of(DECISIONS, 20).summary(desk, ORIGIN)))
    assert summary["cutoff"] == "2026-01-01T00:00:00+00:00"
    assert (summary["churn"], summary["horizon_days"], summary["model_version"]) == (
        *("rhythm", 60, "3"),
    )
    assert summary["settings"]["offers"]["gift"]["cost"] == 3
    assert summary["settings"]["campaign"] == pytest.approx(limits.model_dump())
    assert summary["curve"] == [{"budget": 7, "profit": 19, "contacts": 2, "next_euro": 1.5}]
