"""How customers stand: on the list or kept off it, and what their records tell."""

from datetime import UTC

import pandas as pd
import pytest

from features.store import Store
from serving import dossier
from serving.campaigns import Campaigns
from serving.console import story
from serving.console.absence import absences
from serving.console.background import Background
from serving.console.masks import Masks
from serving.console.standing import Standing
from serving.edition import Edition


@pytest.fixture(scope="module")
def standing(company_edition: Edition) -> Standing:
    return Standing.of(company_edition, Masks(b"secret"))


def test_a_customer_is_on_the_list_or_something_keeps_them_off(standing: Standing) -> None:
    settings = standing.settings
    listed = set(Campaigns(settings.data).drafts()[0].rows()["customer_id"])
    ids = standing.scores.rows["customer_id"]
    rows = [*range(0, len(ids), 9), *ids.index[ids.isin(listed)][:20]]
    found = {row: absences(standing, settings, int(row)) for row in rows}
    assert {row for row in rows if not found[row]} == {r for r in rows if ids[r] in listed}
    causes = {each.cause for of in found.values() for each in of}
    assert {"gone", "not_worth_it", "budget"} <= causes


def test_tighter_limits_keep_more_off_and_say_so(standing: Standing) -> None:
    limits = standing.settings.campaign.model_copy(update={"min_risk": 0.5, "driver": "effort"})
    settings = standing.settings.model_copy(update={"campaign": limits})
    ids = standing.scores.rows
    row = int(((ids["risk"] < 0.5) & (ids["driver"] != "effort")).idxmax())
    assert {"low_risk", "other_driver"} <= {
        each.cause for each in absences(standing, settings, row)
    }


def test_the_story_tells_every_record_and_the_risk_of_now(standing: Standing) -> None:
    row = standing.scores.rows.sort_values("frequency").iloc[-1]
    store, customer_id = Store(standing.settings.data), row["customer_id"]
    records = dossier.records(store, customer_id)
    events = story.events(records)
    for table, what in (("transactions", {"bought", "refunded"}), ("contacts", {"met"})):
        rows = pd.read_parquet(store.path(table))
        rows = rows[rows["customer_id"] == row["customer_id"]]
        if "superseded_at" in rows:
            rows = rows[rows["superseded_at"].isna()]
        told = [each for each in events if each.what in what]
        assert sorted(pd.Timestamp(each.at) for each in told) == sorted(
            rows["occurred_at"].dt.tz_convert(UTC)
        )
    assert [each.at for each in events] == sorted((each.at for each in events), reverse=True)
    edition, at = standing.edition, story.cutoffs(standing.edition)
    seen = dossier.rows(customer_id, at, edition.champion, standing.settings, records)
    risks = story.risks(edition, customer_id, seen)
    assert risks[-1].risk == pytest.approx(row["risk"], abs=1e-6)
    assert risks[-1].at == standing.edition.cutoff


def test_tokens_tell_no_id_and_differ_between_installations() -> None:
    one, other = Masks(b"one"), Masks(b"other")
    assert one.token("customer-17") == one.token("customer-17")
    assert one.token("customer-17") != one.token("customer-18")
    assert one.token("customer-17") != other.token("customer-17")
    assert Masks(b"", is_on=True).shown("customer-81") == "••••81"
    assert Masks(b"", is_on=True).shown("81") == "••••"


def test_what_failed_is_made_again_when_asked_again() -> None:
    tries: list[object] = []

    def make(key: object) -> int:
        tries.append(key)
        if len(tries) == 1:
            raise ValueError("not yet")
        return len(tries)

    background: Background[object, int] = Background(make)
    key = object()
    with pytest.raises(ValueError, match="not yet"):
        background.of(key, patience=9)
    assert background.of(key, patience=9) == 2
    assert background.of(key, patience=9) == 2
    assert background.of(object(), patience=9) == 3
