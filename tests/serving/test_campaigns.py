"""Campaigns on file: drafts are replaced, what was sent is not."""

from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from features import intake
from features.errors import QuerenciaError
from features.files import aside
from features.records import CONTRACTS
from features.settings import FeatureSettings
from features.sources import Source
from serving import campaigns
from serving.campaigns import Campaigns

TODAY = date(2026, 3, 1)
CUTOFF = datetime(2026, 2, 28, tzinfo=UTC)
SENT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def rows(campaign: str, *customers: str) -> pd.DataFrame:
    size = len(customers)
    return pd.DataFrame(
        {
            "customer_id": customers,
            "campaign": campaign,
            "offer": ["gift", "call", "call"][:size],
            "arm": ["gift", "control", "call"][:size],
            "propensity": [0.95, 0.05, 0.95][:size],
            "expected_profit": [1.23456] * size,
        }
    )


@pytest.fixture
def on_file(tmp_path: Path) -> Campaigns:
    return Campaigns(tmp_path)


def write(on_file: Campaigns, *customers: str, today: date = TODAY) -> str:
    name = on_file.next_id(today)
    on_file.write(name, rows(name, *customers), {"cutoff": CUTOFF.isoformat()})
    return name


def test_a_draft_is_replaced_by_the_next_one(on_file: Campaigns) -> None:
    assert write(on_file, "ann", "bob") == "2026-03-01-1"
    assert write(on_file, "eve") == "2026-03-01-1"
    assert write(on_file, "joe", today=date(2026, 3, 2)) == "2026-03-02-1"
    (draft,) = on_file.all()
    assert draft.rows()["customer_id"].tolist() == ["joe"]
    assert pd.read_csv(draft.folder / "list.csv")["expected_profit"].tolist() == [1.23]


def test_what_was_sent_stays_and_the_next_one_has_another_id(on_file: Campaigns) -> None:
    name = write(on_file, "ann")
    on_file.send(name, SENT)
    assert write(on_file, "bob") == "2026-03-01-2"
    assert [each.id for each in on_file.sent()] == [name]
    assert [each.id for each in on_file.drafts()] == ["2026-03-01-2"]
    assert on_file.sent()[0].sent_at == SENT


def test_ids_are_ordered_by_number(on_file: Campaigns) -> None:
    for _ in range(11):
        on_file.send(write(on_file, "ann"), SENT)
    assert [each.id for each in on_file.all()][-2:] == ["2026-03-01-10", "2026-03-01-11"]


def test_what_was_sent_can_not_be_sent_again(on_file: Campaigns) -> None:
    name = write(on_file, "ann")
    on_file.send(name, SENT)
    with pytest.raises(QuerenciaError, match=f"{name} was sent on 2026-03-02 already"):
        on_file.send(name, SENT)


def test_a_list_that_was_changed_after_it_was_sent_is_refused(on_file: Campaigns) -> None:
    sent = on_file.send(write(on_file, "ann", "bob"), SENT)
    rows(sent.id, "ann").to_parquet(sent.folder / "list.parquet")
    with pytest.raises(QuerenciaError, match="is not what was sent on 2026-03-02"):
        on_file.find(sent.id).rows()


def test_offers_of_a_kind_and_their_control_are_a_campaign_of_the_records(
    on_file: Campaigns,
) -> None:
    sent = on_file.send(write(on_file, "ann", "bob", "eve"), SENT)
    offers = pd.read_csv(sent.offers)
    assert offers["campaign_id"].tolist() == [f"{sent.id}-{name}" for name in OFFERED]
    assert offers["arm"].tolist() == ["gift", "control", "call"]
    assert offers["propensity"].tolist() == [0.95, 0.05, 0.95]
    assert offers["offer_id"].is_unique
    assert (pd.to_datetime(offers["decided_at"]) == SENT).all()
    assert sent.decided()["offer_id"].tolist() == offers["offer_id"].tolist()


OFFERED = ("gift", "call", "call")


@pytest.mark.parametrize(
    ("customers", "at", "why"),
    [
        ((), SENT, "Nobody is on the list"),
        (("ann",), datetime(2026, 2, 1, tzinfo=UTC), "it can't have been sent before"),
    ],
)
def test_what_can_not_have_been_sent_is_refused(
    on_file: Campaigns, customers: tuple[str, ...], at: datetime, why: str
) -> None:
    name = write(on_file, *customers)
    with pytest.raises(QuerenciaError, match=why):
        on_file.send(name, at)
    assert on_file.sent() == []


def test_a_campaign_that_is_not_there_is_named(on_file: Campaigns) -> None:
    with pytest.raises(QuerenciaError, match=r"no campaign 1 in .*querencia flag"):
        on_file.find("1")
    write(on_file, "ann")
    with pytest.raises(QuerenciaError, match="There are: 2026-03-01-1"):
        on_file.find("1")


def test_a_draft_has_no_rows_among_the_offers(on_file: Campaigns) -> None:
    with pytest.raises(QuerenciaError, match="was not sent yet"):
        on_file.find(write(on_file, "ann")).decided()


def test_a_draft_that_fails_leaves_the_last_one(
    on_file: Campaigns, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = write(on_file, "ann")

    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pd.DataFrame, "to_csv", fail)
    with pytest.raises(KeyboardInterrupt):
        write(on_file, "bob")
    assert on_file.find(name).rows()["customer_id"].tolist() == ["ann"]
    assert [path.name for path in on_file.folder.iterdir()] == [name]


def test_a_list_is_sent_whole_or_not_at_all(
    on_file: Campaigns, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = write(on_file, "ann")

    def fail(path: Path) -> object:
        if path.name == "sent.json":
            raise KeyboardInterrupt
        return aside(path)

    monkeypatch.setattr(campaigns, "aside", fail)
    with pytest.raises(KeyboardInterrupt):
        on_file.send(name, SENT)
    assert on_file.find(name).sent_at is None


def test_those_who_are_asked_are_a_survey_that_waits_for_answers(
    on_file: Campaigns, tmp_path: Path
) -> None:
    name = on_file.next_id(TODAY)
    listed = rows(name, "ann", "bob", "eve").assign(arm=["ask", "control", "call"])
    on_file.write(name, listed, {"cutoff": CUTOFF.isoformat()})
    sent = on_file.send(name, SENT)
    asked = pd.read_csv(sent.surveys)
    assert asked[["customer_id", "kind"]].values.tolist() == [["ann", "nps"]]
    answered = asked.assign(answered_at="2026-03-05T10:00:00Z", score=9, comment="bien")
    answered.to_csv(tmp_path / "answers.csv", index=False)
    found = intake.take_in(
        Source(tmp_path / "answers.csv"), CONTRACTS["surveys"], tmp_path, FeatureSettings()
    )
    assert (found.kept, found.refused) == (1, 0)
    on_file.forget("ann")
    assert not sent.surveys.exists()


def test_where_nobody_is_asked_there_is_no_survey(on_file: Campaigns) -> None:
    assert not on_file.send(write(on_file, "ann", "bob"), SENT).surveys.exists()
