"""What a person reads of campaigns: the new list, and what came of earlier ones."""

import json
import re
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from querencia import lists
from serving.campaigns import Campaign, Campaigns
from serving.outcomes import Estimate, Outcome
from serving.past import Past
from serving.settings import Settings

SETTINGS = Settings.model_construct()
NAME = "2026-03-01-1"
CUSTOMER = {
    "customer_id": "[bold]7",
    "risk": 0.546,
    "leaves": 0.213,
    "value": 12345.678,
    "value_at_stake": 23456.7,
    "offer": "gift",
    "arm": "gift",
    "cost": 4.5,
    "expected_profit": 6740.5,
    "expected_profit_low": 1740.5,
    "next_purchase_at": pd.Timestamp("1998-08-10", tz="UTC"),
    "reason": "silent for 80 days",
}
SUMMARY = {
    "spent": 945.5,
    "contacts": 90,
    "asked": 7,
    "control": 5,
    "leaving": 12.34,
    "kept": 3.7,
    "expected_profit": 12345.6,
    "expected_profit_low": 2345.6,
    "next_euro": 2.25,
    "next_contact": 0.0,
    "cutoff": "2026-02-28T00:00:00+00:00",
    "churn": "inactivity",
    "horizon_days": 90,
    "currency": "EUR",
}


def console(width: int = 160) -> Console:
    return Console(file=StringIO(), width=width)


def lines(console: Console) -> list[str]:
    assert isinstance(console.file, StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def written(folder: Path, *customers: dict[str, object], **told: object) -> Campaign:
    rows = pd.DataFrame(customers, columns=list(CUSTOMER))
    return Campaigns(folder).write(NAME, rows, SUMMARY | told)


def test_the_list_tells_who_what_how_much_and_why(tmp_path: Path) -> None:
    terminal = console()
    held = CUSTOMER | {"customer_id": "held", "arm": "control"}
    gone = CUSTOMER | {"customer_id": "8", "next_purchase_at": pd.NaT}
    lists.draft(terminal, written(tmp_path, CUSTOMER, gone, held), SETTINGS)
    shown = lines(terminal)
    assert shown[0] == (
        f"Campaign {NAME}, a draft: whom to contact, as of 2026-02-28 (churn: inactivity, 90 "
        "days); amounts in EUR"
    )
    cells = [re.split(r" {2,}", line) for line in shown]
    assert [
        *("[bold]7", "55%", "21%", "12,345.68", "23,456.70", "gift", "4.50", "6,740.50"),
        *("1,740.50", "1998-08-10", "silent for 80 days"),
    ] in cells
    assert next(row for row in cells if row[0] == "8")[9] == "not within 2 years"
    assert not any(row[0] == "held" for row in cells)
    assert (
        "945.50 EUR spent is expected to bring 12,345.60 beyond its cost, at least 2,345.60 if "
        "offers do as little as one time in ten; the next EUR would bring 2.25, the next contact "
        "0.00."
    ) in shown
    assert (
        "90 customers to contact, 7 of them to be asked; 5 more are left alone by chance, as "
        "control."
    ) in shown
    assert (
        "12.3 of those contacted are expected to leave for good within 90 days, and offers to keep "
        "3.7 of them. The order is that of the money: who seldom leaves comes first where much is "
        "at stake; campaign.min_risk keeps to those at risk."
    ) in shown
    path = tmp_path / "campaigns" / NAME / "list.csv"
    assert f"2 of 3 customers; the list: {path}" in shown
    assert shown[-1] == f"Once it went out: querencia campaigns --sent {NAME}"


def test_the_list_is_told_in_spanish(tmp_path: Path) -> None:
    terminal = console()
    spanish = SETTINGS.model_copy(update={"language": "es"})
    lists.draft(terminal, written(tmp_path, CUSTOMER), spanish)
    shown = "\n".join(lines(terminal))
    assert "Campaña 2026-03-01-1, borrador: a quién contactar, a 2026-02-28" in shown
    assert "12.345,68" in shown
    assert "Se espera que 12,3 de los contactados se vayan del todo en 90 días" in shown
    assert "se esperan 12.345,60 más" in shown
    assert "el siguiente EUR traería 2,25" in shown


def test_too_few_controls_are_told(tmp_path: Path) -> None:
    terminal = console()
    lists.draft(terminal, written(tmp_path, CUSTOMER, control=1), SETTINGS)
    assert any("nothing can be learned" in line for line in lines(terminal))


def test_only_the_first_of_a_long_list_are_shown(tmp_path: Path) -> None:
    terminal = console()
    lists.draft(terminal, written(tmp_path, *[CUSTOMER] * 30), SETTINGS, most=2)
    assert sum(line.startswith("[bold]7") for line in lines(terminal)) == 2


def test_an_empty_list_says_so(tmp_path: Path) -> None:
    terminal = console()
    lists.draft(terminal, written(tmp_path), SETTINGS)
    assert lines(terminal)[0].startswith("Nobody to contact: under these limits")


def test_a_narrow_terminal_shows_fewer_figures_and_each_whole(tmp_path: Path) -> None:
    terminal = console(100)
    lists.draft(terminal, written(tmp_path, CUSTOMER), SETTINGS)
    row = next(line for line in lines(terminal) if line.startswith("[bold]7"))
    assert all(
        figure in row for figure in ("55%", "21%", "23,456.70", "4.50", "6,740.50", "1,740.50")
    )
    assert "12,345.68" not in row


OUTCOME = Outcome(
    contacted=1900,
    control=100,
    promised=5000.0,
    promised_low=1000.0,
    realised=Estimate(4200.0, 300.0, 8100.0),
    said=0.4,
    left=Estimate(0.42, 0.3, 0.5),
    covered=0.8,
    verdict="paid",
)


@pytest.mark.parametrize("language", ["en", "es"])
def test_campaigns_tell_what_was_promised_and_what_came_of_it(
    tmp_path: Path, language: str
) -> None:
    terminal = console()
    draft = written(tmp_path, CUSTOMER)
    note = {"sent_at": datetime(2026, 3, 2, tzinfo=UTC).isoformat(), "sha256": ""}
    sent = Campaign(tmp_path / "campaigns" / "2026-03-02-1")
    sent.folder.mkdir()
    (sent.folder / "sent.json").write_text(json.dumps(note))
    (sent.folder / "summary.json").write_text(json.dumps(SUMMARY))
    past = [Past(draft, None, "draft"), Past(sent, None, "closes"), Past(sent, OUTCOME, "judged")]
    settings = SETTINGS.model_copy(update={"language": language})
    lists.campaigns(terminal, past, settings)
    first, second, third = (
        re.split(r" {2,}", line) for line in lines(terminal) if line.startswith("2026-03")
    )
    draft_word, known, paid, profit, realised = {
        "en": ("draft", "known on 2026-05-31", "paid", "5,000.00", "4,200 (300 to 8,100)"),
        "es": ("borrador", "se sabrá el 2026-05-31", "rentable", "5.000,00", "4.200 (300 a 8.100)"),
    }[language]
    assert (first[0], first[-1]) == (NAME, draft_word)
    assert second[-1] == known
    assert third[1] == "2026-03-02"
    assert third[4:] == [profit, realised, paid]


def test_without_campaigns_the_first_step_is_told() -> None:
    terminal = console()
    lists.campaigns(terminal, [], SETTINGS)
    assert lines(terminal) == ["There is no campaign yet. Make one: querencia flag"]
