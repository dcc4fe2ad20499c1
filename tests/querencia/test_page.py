"""The page: complete, sound, safe, self-contained, and in the language of the settings."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import pytest

from features import usability
from features.findings import Finding
from features.intake import Fault, Intake
from features.records import CONTRACTS
from features.settings import FeatureSettings
from features.store import Store
from features.summary import Held, Purchases, Summary
from features.usability import Report
from querencia import page
from serving.settings import Settings
from serving.words import Language

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
VOID = {"meta", "link", "input"}


class Reader(HTMLParser):
    """Reads a page: every element must be closed where it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def report_of(store: Store, *intakes: Intake) -> Report:
    facts = usability.learn(store, FeatureSettings(), now=NOW, intakes=intakes)
    return usability.report(facts, now=NOW)


@pytest.fixture(scope="module")
def faulty(cdnow_store: Store) -> Report:
    """Records of which a row was refused that would do harm on a page."""
    evil = {"row": 2, "customer_id": "<script>alert(1)</script>", "amount": None}
    fault = Fault("amount is missing", 1_234, evil, "fill it in")
    read = Intake("transactions", ("customer_id", "amount"), 10_000, 8_766, (fault,))
    found = report_of(cdnow_store, read)
    error = Finding("error", "no transactions & none", "no_transactions", {})
    return replace(found, findings=(error, *found.findings))


def read(report: Report, language: Language = "en") -> Reader:
    return Reader(page.usability(report, Settings.model_construct(language=language)))


def test_the_page_tells_the_verdict_the_findings_and_what_was_refused(faulty: Report) -> None:
    text = read(faulty).text
    for words in (
        "✗ The records will not do yet",
        "no transactions & none",
        "10,000 rows read · 8,766 kept · 1,234 refused",
        "amount is missing 1,234",
        "row=2, customer_id=<script>alert(1)</script>, amount=",
        "fill it in",
        "quarantine/transactions.csv",
        "Checked 2026-01-02 03:04 UTC. Churn definition: inactivity, judged over 90 days.",
        "surveys survey_id, customer_id, kind, asked_at satisfaction_last",
        "offers steps aside offers",
    ):
        assert words in text


def test_nothing_that_people_wrote_becomes_part_of_the_page(faulty: Report) -> None:
    assert "script" not in {tag for tag, _ in read(faulty).seen}


def test_the_page_asks_the_network_for_nothing(faulty: Report) -> None:
    written = page.usability(faulty, Settings.model_construct())
    assert "://" not in written
    assert "url(" not in written
    assert "@import" not in written
    assert "default-src 'none'" in written
    links = [attrs["href"] for tag, attrs in Reader(written).seen if tag == "a"]
    assert links == ["quarantine/transactions.csv"]


def test_what_colours_and_bars_say_is_said_in_words(faulty: Report) -> None:
    found = read(faulty)
    assert all(
        attrs.get("aria-hidden") == "true"
        for tag, attrs in found.seen
        if tag == "span" and attrs.get("class") == "track"
    )
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in found.seen if tag == "th")
    levels = {finding.level for finding in faulty.findings}
    assert all(f"{level}" in found.text for level in levels)
    assert [tag for tag, _ in found.seen if tag == "h1"] == ["h1"]


def test_the_page_is_whole_for_a_company_with_everything(company_store: Store) -> None:
    intakes = [Intake(table, CONTRACTS[table].names, 9, 9, ()) for table in CONTRACTS]
    text = read(report_of(company_store, *intakes)).text
    assert "✓ The records will do." in text
    assert "3,000 customers" in text.replace("customers 3,000", "3,000 customers")
    assert text.count("No column is missing.") == len(CONTRACTS)
    assert "Nothing speaks against the records." in text


def test_the_page_is_whole_without_purchases(faulty: Report) -> None:
    text = read(replace(faulty, summary=Summary((), None))).text
    assert "days of history" not in text


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page_is_in_one_language(faulty: Report, language: Language) -> None:
    found = read(faulty, language)
    assert dict(found.seen)["html"] == {"lang": language}
    spanish = language == "es"
    assert ("Los registros aún no sirven" in found.text) == spanish
    assert ("falta amount 1.234" in found.text) == spanish
    assert ("definición de abandono: inactividad" in found.text.lower()) == spanish
    assert ("will not do" in found.text) != spanish


def held(first: date | None, last: date | None) -> Held:
    return Held("surveys", 1, 1, 1, first, last)


@pytest.mark.parametrize(
    ("first", "last", "bar"),
    [
        (date(2024, 1, 1), date(2024, 4, 10), (0, 100)),
        (date(2024, 2, 20), date(2024, 4, 10), (50, 50)),
        (date(2024, 4, 10), date(2024, 4, 10), (100, 0.5)),
        (None, None, None),
    ],
)
def test_bars_lie_where_the_days_of_a_table_are(
    first: date | None, last: date | None, bar: tuple[float, float] | None, faulty: Report
) -> None:
    whole = held(date(2024, 1, 1), date(2024, 4, 10))
    bought = Purchases(1, 1, 1, date(2024, 1, 1), date(2024, 4, 10))
    summary = Summary((whole, held(first, last)), bought)
    written = page.usability(replace(faulty, summary=summary), Settings.model_construct())
    bars = re.findall(r"margin-left: ([\d.]+)%; width: ([\d.]+)%", written)[1:]
    assert [tuple(map(float, each)) for each in bars] == ([bar] if bar else [])
