"""A list that is asked for is what the command writes and the console shows, under any limits."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.store import Store
from serving import outreach
from serving.batch import ScoreFile
from serving.edition import Edition
from serving.http import listing
from serving.http.asked import ListRequest
from serving.http.problem import Problem
from serving.http.told import ListAnswer
from serving.settings import Settings
from serving.watch import Watch

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def edition(trained_company: Settings) -> Edition:
    return Watch(trained_company).edition


@pytest.fixture
def own_company(trained_company: Settings, tmp_path: Path) -> Settings:
    """The company in a data folder of its own: lists are made in it."""
    shutil.copytree(trained_company.data, tmp_path / "data")
    return trained_company.model_copy(update={"data": tmp_path / "data"})


@pytest.fixture(scope="module")
def scores(trained_company: Settings) -> pd.DataFrame:
    """The scores with each customer's segment."""
    rows = ScoreFile(trained_company.data).read().rows
    known = pd.read_parquet(Store(trained_company.data).path("customers"))
    return rows.merge(known[["customer_id", "segment"]], on="customer_id", how="left")


def asked(edition: Edition, **wanted: Any) -> dict[str, Any]:
    answer = json.loads(listing.at_risk(edition, ListRequest.model_validate(wanted)))
    ListAnswer.model_validate(answer)
    told: dict[str, Any] = answer
    return told


def ids(answer: dict[str, Any]) -> list[str]:
    return [each["customer_id"] for each in answer["customers"]]


@pytest.mark.parametrize(
    "limits",
    [{"budget": 300.0}, {"budget": 90.5, "min_risk": 0.3, "top_share": 0.4}, {"budget": 0.0}],
)
def test_within_a_budget_it_is_the_list_that_the_command_writes(
    edition: Edition, own_company: Settings, limits: dict[str, float]
) -> None:
    answer = asked(edition, most=10_000, **limits)
    campaign = own_company.campaign.but(**limits)
    made = outreach.flag(own_company.model_copy(update={"campaign": campaign}))
    written = made.rows()[made.rows()["arm"] != "control"]
    assert ids(answer) == written["customer_id"].tolist()
    assert [each["offer"] for each in answer["decisions"]] == written["offer"].tolist()
    for name in ("cost", "expected_profit", "expected_profit_low"):
        told = [each[name] for each in answer["decisions"]]
        assert told == pytest.approx(written[name].tolist(), rel=1e-9)
    promise = answer["promise"]
    assert promise["campaign"] == made.id
    for name in ("contacts", "control", "spent", "expected_profit", "next_euro"):
        assert promise[name] == pytest.approx(made.summary[name], rel=1e-9)
    assert promise["spent"] <= limits["budget"]


def test_more_than_are_asked_for_count_in_the_promise(edition: Edition) -> None:
    whole, some = (asked(edition, budget=300, most=most) for most in (10_000, 3))
    assert ids(some) == ids(whole)[:3]
    assert some["promise"] == whole["promise"]
    assert len(ids(whole)) == whole["promise"]["contacts"] > 3


def test_segment_and_driver_narrow_both_lists(edition: Edition, scores: pd.DataFrame) -> None:
    best = scores.iloc[edition.leaving()]
    segment, driver = best["segment"].mode()[0], best["driver"].mode()[0]
    both = {"segment": segment, "driver": driver}
    of = best[(best["segment"] == segment) & (best["driver"] == driver)]
    assert 0 < len(of) < len(best)
    assert ids(asked(edition, most=10_000, **both)) == of["customer_id"].tolist()
    within = scores.set_index("customer_id").loc[ids(asked(edition, budget=1_000, **both))]
    assert set(within["segment"]) == {segment}
    assert set(within["driver"]) == {driver}


def test_without_a_budget_nothing_is_decided(edition: Edition) -> None:
    assert asked(edition).keys() == {"provenance", "customers"}


@pytest.mark.parametrize("wanted", [{"segment": "moon"}, {"driver": "moon", "budget": 5}])
def test_a_segment_or_driver_that_nobody_has_is_told(
    edition: Edition, wanted: dict[str, Any]
) -> None:
    with pytest.raises(Problem, match=r"No customer has the (segment|driver) moon\. There are: "):
        asked(edition, **wanted)


def test_only_what_looks_beyond_the_scores_is_heavy() -> None:
    heavy = ({"budget": 0}, {"segment": "a"}, {"driver": "a"})
    light = ({}, {"most": 3}, {"min_risk": 0.5, "top_share": 0.1})
    assert all(listing.is_heavy(ListRequest.model_validate(each)) for each in heavy)
    assert not any(listing.is_heavy(ListRequest.model_validate(each)) for each in light)
