"""What is decided for one customer is what the list of a campaign says."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.records import TIMELINES
from features.store import Store
from serving import verdicts
from serving.batch import ScoreFile
from serving.campaigns import Campaigns
from serving.catalogue import NOTHING
from serving.decisions import DECIDED
from serving.edition import Edition
from serving.http import deciding
from serving.http.asked import DecideRequest
from serving.http.told import DecideAnswer
from serving.settings import Settings
from serving.touches import Touches
from serving.verdicts import Verdicts
from serving.watch import Watch

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def edition(trained_company: Settings) -> Edition:
    return Watch(trained_company).edition


@pytest.fixture(scope="module")
def listed(trained_company: Settings) -> pd.DataFrame:
    return Campaigns(trained_company.data).drafts()[0].rows()


@pytest.fixture(scope="module")
def scores(trained_company: Settings) -> pd.DataFrame:
    return ScoreFile(trained_company.data).read().rows


def decided(edition: Edition, **asked: Any) -> list[dict[str, Any]]:
    answer = json.loads(deciding.decide(edition, DecideRequest.model_validate(asked)))
    DecideAnswer.model_validate(answer)
    customers: list[dict[str, Any]] = answer["customers"]
    return customers


def test_those_on_the_list_get_what_it_says(edition: Edition, listed: pd.DataFrame) -> None:
    answers = decided(edition, customer_ids=listed["customer_id"].tolist())
    assert len(listed) > 20
    assert {"control"} < set(listed["arm"])
    for name in ("customer_id", *DECIDED):
        told, expected = [each[name] for each in answers], listed[name].tolist()
        if name in ("cost", "cost_ceiling", "saved", "expected_profit", "expected_profit_low"):
            assert told == pytest.approx(expected, rel=1e-9)
        else:
            assert told == expected
    assert {each["why"] for each in answers} == {None}
    assert [each["told"] for each in answers] == listed["action"].tolist()


def test_the_others_are_left_alone_for_a_reason(
    edition: Edition, listed: pd.DataFrame, scores: pd.DataFrame
) -> None:
    rest = scores.loc[~scores["customer_id"].isin(listed["customer_id"]), "customer_id"]
    answers = decided(edition, customer_ids=rest.tolist())
    assert {each["offer"] for each in answers} == {NOTHING}
    assert {each["arm"] for each in answers} == {None}
    found = {each["why"] for each in answers}
    assert found >= {"gone", "not_worth_it"}
    assert found <= set(verdicts.WORDS["en"]) == set(verdicts.WORDS["es"])
    assert all(each["told"] for each in answers)


def test_who_is_unknown_is_told_so_in_their_place(edition: Edition, scores: pd.DataFrame) -> None:
    known = str(scores["customer_id"].iloc[0])
    answers = decided(edition, customer_ids=["nobody", known, ""])
    assert [each["known"] for each in answers] == [False, True, False]


def test_a_decision_is_made_again_once_a_campaign_was_sent(edition: Edition) -> None:
    first = edition.verdicts()
    assert edition.verdicts() is first
    path = Store(edition.settings.data).path("surveys")
    path.touch()
    assert edition.verdicts() is not first


def test_the_same_history_posted_gets_the_same_decision(
    edition: Edition, trained_company: Settings, listed: pd.DataFrame, scores: pd.DataFrame
) -> None:
    store = Store(trained_company.data)
    tables = {
        name: pd.read_parquet(store.path(name)).filter([*contract.names])
        for name, contract in TIMELINES.items()
    }
    rest = scores.loc[~scores["customer_id"].isin(listed["customer_id"]), "customer_id"]
    asked = [*listed["customer_id"].head(40), *rest.head(40)]
    by_id = decided(edition, customer_ids=asked)
    histories = [history(tables, customer_id) for customer_id in asked]
    posted = decided(edition, histories=histories)
    # Those that the budget is settled with one by one may come out otherwise.
    both = [*zip(by_id, posted, strict=True)]
    same = [a["offer"] == b["offer"] and a["arm"] == b["arm"] for a, b in both]
    assert np.mean(same) > 0.9
    for one, other in both:
        if one["offer"] == other["offer"] != NOTHING:
            assert one["expected_profit"] == pytest.approx(other["expected_profit"], abs=1e-6)
            assert one["propensity"] == other["propensity"]


def history(tables: Mapping[str, pd.DataFrame], customer_id: str) -> dict[str, Any]:
    return {"customer_id": customer_id, **{n: own(rows, customer_id) for n, rows in tables.items()}}


def own(rows: pd.DataFrame, customer_id: str) -> list[dict[str, Any]]:
    mine = rows[rows["customer_id"] == customer_id].drop(columns="customer_id")
    return [
        {str(name): plain(value) for name, value in row.items() if pd.notna(value)}
        for row in mine.to_dict("records")
    ]


def plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, pd.Timestamp) else value


def test_limits_and_touches_are_told_as_reasons(edition: Edition) -> None:
    desk = edition.verdicts().desk
    rows = edition.stakes
    one, other = rows["customer_id"].iloc[:2]
    touches = Touches(tired=frozenset({one}), held=frozenset({other}))
    limits = desk.limits.model_copy(update={"min_presence": 0, "contacts": 10, "min_risk": 0.3})
    narrow = replace(desk, limits=limits, touches=touches)
    found = Verdicts.of(narrow, rows, campaign="c")
    assert (found.left[one], found.left[other]) == ("tired", "held")
    assert {"low_risk", "budget"} <= set(found.left.values())
    assert found.prices.contact > 0
    assert len(found.decided) <= 10
