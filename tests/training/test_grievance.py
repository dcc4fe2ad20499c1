"""Grievance: the part of the chance of leaving that a bad experience accounts for."""

from dataclasses import replace

import numpy as np
import pytest

from features.snapshot import Snapshot
from training.churn import TreeRisk
from training.grievance import Grievance


@pytest.fixture(scope="module")
def customers(past: Snapshot) -> Snapshot:
    """Some of them were broken a promise or had tickets, and nobody was asked."""
    rng = np.random.default_rng(0)
    told = past.assign(
        late_share=rng.random(len(past)) < 0.3, tickets=rng.poisson(0.4, len(past)), nps_last=np.nan
    )
    return replace(told, names=(*past.names, "late_share", "tickets", "nps_last"))


@pytest.fixture(scope="module")
def trees(customers: Snapshot) -> TreeRisk:
    """Of a company where whoever was broken a promise leaves far more often."""
    chance = np.where(customers.columns["late_share"] > 0, 0.6, 0.1)
    left = np.random.default_rng(1).random(len(customers)) < chance
    return TreeRisk(features=customers.names).fit(customers, left.astype(float))


def test_who_would_stay_but_for_a_bad_experience_has_a_grievance(
    trees: TreeRisk, customers: Snapshot
) -> None:
    part = Grievance.of(trees, customers).part(customers)
    broken = customers.columns["late_share"] > 0
    assert part[broken].mean() == pytest.approx(1 - 0.1 / 0.6, abs=0.05)
    assert abs(part[~broken].mean()) < 0.05
    assert part.max() < 1


def test_typical_is_the_experience_alone_as_far_as_anything_is_known(
    trees: TreeRisk, customers: Snapshot
) -> None:
    assert Grievance.of(trees, customers).typical == {"late_share": 0, "tickets": 0}


def test_a_company_that_records_no_experience_knows_of_no_grievance(past: Snapshot) -> None:
    trees = TreeRisk(features=("silence", "frequency")).fit(past, past.churned)
    assert (Grievance.of(trees, past).part(past) == 0).all()
