"""The report as a page: whole, in one language, self-contained, and without ids if asked."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from features.store import Store
from querencia.report.page import render
from serving.campaigns import Campaign
from serving.outcomes import Estimate, Outcome
from serving.past import Past
from serving.report.report import Report, gather
from serving.report.staying import Staying
from serving.settings import IndicatorSettings, Settings
from tests.querencia.test_page import Reader
from training.staying import AtAge, recommended

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
ALWAYS = ("board", "detail", "indicators", "staying", "health")
SECTIONS = ("who_risk", "campaign", "past", "life", "journey", "topics", "voice", "silent", "trust")


@pytest.fixture(scope="module")
def report(trained_company: Settings) -> Report:
    aims = {"nps": IndicatorSettings(target=99), "churn_rate": IndicatorSettings(target=0.9)}
    return gather(trained_company.model_copy(update={"indicators": aims}), now=NOW)


def in_language(report: Report, language: str) -> Report:
    return replace(report, settings=report.settings.model_copy(update={"language": language}))


@pytest.fixture(scope="module")
def pages(report: Report) -> dict[str, str]:
    return {language: render(in_language(report, language)) for language in ("en", "es")}


@pytest.fixture(scope="module")
def bare(make_store: Callable[..., Store], tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What three purchases, and nothing else, come to."""
    rows = pd.DataFrame(
        {
            "transaction_id": ["1", "2", "3"],
            "customer_id": ["a", "a", "b"],
            "occurred_at": pd.to_datetime(["2025-08-01", "2025-11-01", "2025-11-02"], utc=True),
            "amount": [10.0, 20.0, 40.0],
        }
    )
    store = tmp_path_factory.mktemp("store") / "none"
    settings = Settings.model_construct(data=make_store(rows).folder, store=store)
    return gather(settings, now=NOW)


def sections(page: str) -> set[str]:
    return {attrs["id"] or "" for tag, attrs in Reader(page).seen if tag == "h2" and "id" in attrs}


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page_is_whole_and_small(pages: dict[str, str], language: str) -> None:
    page = pages[language]
    assert sections(page) == {*ALWAYS, *SECTIONS}
    assert len(page.encode()) < 300_000
    assert "nan" not in re.findall(r"\bnan\b", page)


def test_the_page_is_in_one_language(pages: dict[str, str]) -> None:
    english, spanish = (Reader(pages[language]).text for language in ("en", "es"))
    assert "What do we do?" in english
    assert "¿Qué hacemos?" in spanish
    for words in ("of customers", "is expected", "this period", "Churn rate", "left more often"):
        assert words in english
        assert words not in spanish


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page_asks_the_network_for_nothing(pages: dict[str, str], language: str) -> None:
    page = pages[language]
    assert "://" not in page
    assert "url(" not in page.replace("url(#", "")
    assert "@import" not in page
    assert "default-src 'none'" in page
    targets = [
        attrs.get(name) or "" for _, attrs in Reader(page).seen for name in ("href", "xlink:href")
    ]
    assert all(target.startswith("#") for target in targets if target)
    assert not {"script", "img", "link", "iframe"} & {tag for tag, _ in Reader(page).seen}


def test_every_chart_is_told_in_words_and_every_heading_is_one(pages: dict[str, str]) -> None:
    seen = Reader(pages["en"]).seen
    charts = [attrs for tag, attrs in seen if tag == "svg"]
    assert len(charts) >= 8
    assert all(attrs["role"] == "img" and attrs["aria-label"] for attrs in charts)
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in seen if tag == "th")


def test_ids_are_there_unless_masked(report: Report, pages: dict[str, str]) -> None:
    ids = set(pd.read_parquet(report.settings.data / "scores/scores.parquet")["customer_id"])
    shown = set(re.findall(r"cus-\d+", pages["en"]))
    assert len(shown) > 10
    assert shown <= ids
    masked = render(report, is_masked=True)
    assert "cus-" not in masked
    assert "#1<" in masked
    assert "<blockquote>" not in masked


def test_figures_stand_with_interval_and_n(report: Report, pages: dict[str, str]) -> None:
    text = Reader(pages["en"]).text
    (nps,) = (move for move in report.indicators.moves if move.now.indicator.name == "nps")
    n, value, low, high = nps.now.figure
    assert f"NPS {value:.2f} points {low:.2f} … {high:.2f} · n {n:,}" in text
    assert report.risk is not None
    loss = report.risk.everybody.loss
    assert f"{loss.value:,.0f} EUR {loss.low:,.0f} … {loss.high:,.0f} · n {loss.n:,}" in text


def test_targets_are_reached_or_told_with_what_lacks(pages: dict[str, str]) -> None:
    text = Reader(pages["en"]).text
    assert "90.0% reached" in text
    assert re.search(r"99\.00 points [\d.]+ points to go", text)


def test_what_the_records_do_not_carry_steps_aside(bare: Report) -> None:
    page = render(bare)
    assert sections(page) == {*ALWAYS, "life"}
    text = Reader(page).text
    assert "No scores yet" in text
    assert "as the records don't carry it: Journey, Tickets by topic, Voice, Whom to keep" in text
    assert "Spend 30.00" in text


def test_a_campaign_is_judged_by_what_it_promised(report: Report, tmp_path: Path) -> None:
    (tmp_path / "2025-07-01-1").mkdir()
    sent = tmp_path / "2025-07-01-1" / "sent.json"
    (sent.parent / "summary.json").write_text("{}")
    sent.write_text(json.dumps({"sent_at": "2025-07-01T00:00:00+00:00"}))
    outcome = Outcome(
        contacted=200,
        control=11,
        promised=900.0,
        promised_low=100.0,
        realised=Estimate(750.0, 250.0, 1250.0),
        said=0.4,
        left=Estimate(0.5, 0.3, 0.7),
        covered=0.8,
        verdict="paid",
    )
    past = Past(Campaign(sent.parent), outcome, "judged")
    text = Reader(render(replace(report, campaigns=(*report.campaigns, past)))).text
    assert "1 of 1 campaigns that can be judged brought what was promised." in text
    assert "2025-07-01-1 2025-07-01 200 11 900 EUR at least 100 EUR" in text
    assert "750 EUR 250 … 1,250 paid" in text


def test_what_people_wrote_is_not_part_of_the_page(report: Report) -> None:
    assert report.voice is not None
    theme = report.voice.themes[0].theme
    evil = replace(report.voice, quotes={theme: ("<script>alert(1)</script>",)})
    page = render(replace(report, voice=evil))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_how_models_age_is_told_once_it_was_asked(report: Report, pages: dict[str, str]) -> None:
    assert "querencia evaluate" in Reader(pages["en"]).text
    ages = (AtAge(30, 5, 0.001, -0.001, 0.003, -0.2), AtAge(60, 4, 0.02, 0.01, 0.03, -1.5))
    found = Staying(
        told_at=NOW,
        churn="inactivity",
        horizon_days=90,
        cutoffs=6,
        ages=ages,
        advice=recommended(ages, currency="EUR"),
    )
    page = Reader(render(replace(report, staying=found)))
    assert "Train at least every 30 days" in page.text
    assert "+0.0200 +0.0100 … +0.0300" in page.text
    labels = [attrs["aria-label"] for tag, attrs in page.seen if tag == "svg"]
    assert sum("30: +0.0010; 60: +0.0200" in str(label) for label in labels) == 1


def test_another_period_changes_what_is_of_a_period_and_nothing_else(report: Report) -> None:
    settings = report.settings
    end = report.indicators.period.end.date() - timedelta(days=60)
    other = gather(settings, now=NOW, first=end - timedelta(days=29), last=end)
    assert round(other.indicators.period.days) == 30
    assert other.journey_over.end == other.indicators.period.end
    assert (other.indicators.period.end - other.followed_from).days == 90
    assert other.risk is not None
    assert report.risk is not None
    assert other.risk.everybody == report.risk.everybody
    assert other.indicators.moves != report.indicators.moves
    assert "30 days from" in Reader(render(other)).text
