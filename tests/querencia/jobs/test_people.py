"""Jobs about campaigns, and what came of what was told."""

from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from features import snapshot
from features.errors import QuerenciaError
from features.store import Store
from querencia import jobs
from serving.campaigns import Campaigns
from serving.score_history import ScoreHistory
from serving.settings import Settings
from tests.querencia.jobs.orders import hush
from training import series
from training.champion import Champion
from training.scoring import score

pytestmark = pytest.mark.usefixtures("workplace")


def limited(settings: Settings, **limits: float) -> Settings:
    campaign = settings.campaign.model_copy(update=limits)
    return settings.model_copy(update={"campaign": campaign})


def test_the_list_is_within_the_limits_and_made_anew_until_it_is_sent(mine: Settings) -> None:
    first = jobs.flag(limited(mine, contacts=4, min_risk=0.3))
    rows = first.rows()
    assert len(rows) == 4
    assert (rows["risk"] >= 0.3).all()
    assert first.summary["model_version"] == "1"
    assert first.summary["settings"]["campaign"]["contacts"] == 4
    assert pd.read_csv(first.folder / "list.csv")["customer_id"].tolist() == list(
        rows["customer_id"]
    )
    again = jobs.flag(limited(mine, contacts=3))
    assert again.id == first.id
    assert len(again.rows()) == 3


def test_a_list_that_went_out_is_among_the_records_and_rests_its_customers(
    mine: Settings,
) -> None:
    settings = limited(mine, contacts=30)
    draft = jobs.flag(settings)
    went = jobs.send(settings, draft.id, date(1998, 7, 1))
    offers = pd.read_parquet(Store(mine.data).path("offers"))
    assert set(offers["customer_id"]) == set(draft.rows()["customer_id"])
    assert went.closes == datetime(1998, 9, 29, tzinfo=UTC)
    assert [past.state for past in jobs.campaigns(settings)] == ["closes"]

    following = jobs.flag(settings)
    assert following.id != draft.id
    assert set(following.rows()["customer_id"]).isdisjoint(draft.rows()["customer_id"])
    with pytest.raises(QuerenciaError, match=f"{draft.id} was sent on 1998-07-01 already"):
        jobs.send(settings, draft.id)


def test_what_was_sent_stays_among_the_records_when_files_are_read_anew(mine: Settings) -> None:
    draft = jobs.flag(limited(mine, contacts=5))
    jobs.send(mine, draft.id, date(1998, 7, 1))
    sold = pd.read_parquet(Store(mine.data).path("transactions")).drop(columns="day")
    sold.to_parquet("orders.parquet")
    again = jobs.check(mine, {"transactions": Path("orders.parquet")}, hush)
    offers = pd.read_parquet(Store(mine.data).path("offers"))
    assert len(offers) == 5
    assert "left_out" not in {each.name for each in again.findings}

    offers.assign(cost=3.0).to_parquet("offers.parquet")
    both = {name: Path(f"{name}.parquet") for name in ("orders", "offers")}
    jobs.check(mine, {"transactions": both["orders"], "offers": both["offers"]}, hush)
    without = jobs.check(mine, {"transactions": both["orders"]}, hush)
    assert "left_out" in {each.name for each in without.findings}  # what they cost was told


def test_what_came_of_campaigns_is_a_series_without_customers(mine: Settings) -> None:
    campaigns = Campaigns(mine.data)
    summary = {"cutoff": "1998-04-01T00:00:00+00:00", "churn": "inactivity", "horizon_days": 90}
    rows = jobs.flag(limited(mine, contacts=50)).rows().assign(campaign="1998-04-01-1")
    campaigns.write("1998-04-01-1", rows, summary)
    jobs.send(mine, "1998-04-01-1", date(1998, 4, 1))
    (past,) = (each for each in jobs.campaigns(mine) if each.outcome)
    run = series.find(mine.registry.store, "campaign 1998-04-01-1")
    assert run is not None
    assert run.data.metrics["promised"] == past.figures()["promised"]
    assert run.data.tags["verdict"] == past.figures()["verdict"]
    assert not set(rows["customer_id"]) & {*run.data.tags.values()}


def test_scores_are_judged_once_when_their_horizon_has_closed(mine: Settings) -> None:
    """The version was judged on the same customers before it was registered."""
    jobs.score(mine, hush)
    assert jobs.judge(mine, hush) == []
    champion, store = Champion.require(mine.registry), Store(mine.data)
    then = snapshot.take(
        store.records(), [datetime(1998, 4, 1, tzinfo=UTC)], mine.features, has=store.has
    )
    ScoreHistory(mine.data).keep(score(champion.model, then, model_version="1"))
    assert jobs.judge(mine, hush) == ["scores 1998-04-01 version 1"]
    assert jobs.judge(mine, hush) == []
    run = series.find(mine.registry.store, "scores 1998-04-01 version 1")
    assert run is not None
    told, expected = run.data.metrics, champion.version.metrics
    for name in ("log_loss", "brier_loss", "calibration_loss"):
        assert told[name] == pytest.approx(expected[name])
    assert told["spend_bias"] == pytest.approx(expected["spend_total_bias"])
