"""What a person reads of records on the terminal: what was kept, why not, what it is good for."""

from dataclasses import replace
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from features import snapshot
from features.coverage import Carried
from features.findings import Finding
from features.intake import Fault, Intake
from features.mapping import UnknownColumnsError
from features.proposal import propose
from features.reading import Found, Reading
from features.records import TRANSACTIONS
from features.settings import FeatureSettings
from features.sources import Source
from features.summary import Purchases, Summary
from features.usability import Report
from querencia import records
from serving.settings import Settings

SETTINGS = Settings.model_construct(features=FeatureSettings(currency="USD"))
SPANISH = SETTINGS.model_copy(update={"language": "es"})

INTAKE = Intake(
    "transactions",
    ("customer_id", "occurred_at", "amount"),
    1234567,
    1234560,
    (
        Fault(
            "amount is not an amount",
            7,
            {"row": 3, "amount": "[red]12[/red]"},
            "write numbers as 12.5",
        ),
    ),
)
BOUGHT = Purchases(1234560, 40_000, 10_001, date(2023, 1, 1), date(2024, 12, 31))
OLD = Finding("warning", "old [records]", "stale_transactions", {"days": 1234})
REPORT = Report(
    datetime(2025, 1, 1, tzinfo=UTC),
    SETTINGS.features,
    (INTAKE,),
    Summary((), BOUGHT),
    (OLD,),
    (
        Carried("purchases", ("spend", "T"), 2, ()),
        Carried("offers", (), 4, ("offers",)),
    ),
    {},
    (),
)


@pytest.fixture
def console() -> Console:
    return Console(file=StringIO(), width=200)


def lines(console: Console) -> list[str]:
    assert isinstance(console.file, StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_rows_that_came_again_are_counted(console: Console) -> None:
    again = replace(REPORT, intakes=(replace(INTAKE, again=1_200, completed=3),))
    records.check(console, again, SETTINGS)
    told = "  1,200 rows were there before, 3 told more of earlier ones"
    assert told in lines(console)
    records.check(console, again, SETTINGS.model_copy(update={"language": "es"}))
    assert "  1.200 filas ya estaban, 3 completaron filas anteriores" in lines(console)


def test_a_check_shows_what_was_kept_what_was_not_and_what_it_is_good_for(console: Console) -> None:
    records.check(console, REPORT, SETTINGS)
    shown = lines(console)
    assert shown[:4] == [
        "transactions: 1,234,560 of 1,234,567 rows kept",
        "  7 rows: amount is not an amount (e.g. row=3, amount=[red]12[/red]); write numbers as "
        "12.5",
        "  every refused row, with its reasons: data/quarantine/transactions.csv",
        "1,234,560 transactions, 2023-01-01 to 2024-12-31; 40,000 customers, 10,001 of them (25%) "
        "bought on more than one day",
    ]
    assert [line.split() for line in shown[7:9]] == [
        ["purchases", "2", "of", "2"],
        ["offers", "steps", "aside", "offers"],
    ]
    assert shown[9:] == [
        "warning: old [records]",
        "The report: data/usability.html",
        "The records will do.",
    ]


def test_a_check_speaks_spanish(console: Console) -> None:
    records.check(console, REPORT, SPANISH)
    shown = lines(console)
    assert shown[0] == "transactions: 1.234.560 de 1.234.567 filas conservadas"
    assert shown[1].startswith("  7 filas: amount no es un importe (p. ej. row=3, ")
    assert shown[1].endswith("escriba los números como 12.5")
    assert shown[8].split() == ["ofertas", "se", "aparta", "offers"]
    assert shown[9] == (
        "aviso: la última compra es de hace 1.234 días: quien se iba a ir ya se ha ido."
    )


def test_a_check_without_faults_names_no_quarantine(console: Console) -> None:
    clean = replace(REPORT, intakes=(replace(INTAKE, kept=INTAKE.rows, faults=()),))
    records.check(console, clean, SETTINGS)
    assert not any("refused" in line for line in lines(console))


def test_a_check_with_an_error_says_that_the_records_will_not_do(console: Console) -> None:
    short = replace(REPORT, findings=(Finding("error", "too short", "short", {}),))
    records.check(console, short, SETTINGS)
    assert lines(console)[-3] == "error: too short"
    assert "will not do yet" in lines(console)[-1]


def test_a_check_without_purchases_counts_none(console: Console) -> None:
    records.check(console, replace(REPORT, summary=Summary((), None)), SETTINGS)
    assert not any("bought on" in line for line in lines(console))


FOUND = [
    Found("[b]Cliente", filled=9, distinct=4, example="[b]ana"),
    Found("Importe", Reading("number"), 9, 9, example="1,50"),
]


def test_a_proposal_shows_whose_column_becomes_whose_and_what_is_missing(console: Console) -> None:
    proposed = propose(FOUND, TRANSACTIONS, Source("pedidos.csv", {"customer_id": "[b]Cliente"}))
    records.proposal(console, replace(proposed, where="x = 1"), SETTINGS)
    shown = "\n".join(lines(console))
    for words in ("pedidos.csv", "[b]Cliente", "as configured", "1,50", "its name", "when it was"):
        assert words in shown
    (missing,) = (line for line in lines(console) if "fill in" in line)
    assert "occurred_at" in missing
    assert lines(console)[-1] == "Only rows where x = 1"


def test_a_proposal_becomes_a_configuration_with_all_that_was_set() -> None:
    from querencia import shows

    proposed = propose(FOUND, TRANSACTIONS, Source("pedidos.csv"))
    written = shows.proposed_configuration(proposed, SPANISH)
    assert 'language = "es"' in written
    assert 'currency = "USD"' in written
    assert "horizon_days" not in written
    assert '[tables.transactions]\npath = "pedidos.csv"' in written
    assert 'occurred_at = "..."  # when it was bought' in written


def test_what_is_unknown_is_told_in_the_language() -> None:
    proposed = propose(FOUND, TRANSACTIONS, Source("pedidos.csv"))
    error = UnknownColumnsError(proposed, missing=["amount"], found=["Importe"])
    assert records.unknown(error, "es") == (
        "pedidos.csv no tiene columna para amount.\nTiene: Importe."
    )
    assert str(error).startswith(records.unknown(error, "en"))


def test_every_feature_is_listed_with_its_window_and_what_to_do(console: Console) -> None:
    purchases = snapshot.FAMILIES[0]
    records.features(console, {purchases.name: purchases.features}, "en")
    shown = lines(console)
    assert shown[0] == "purchases"
    (row,) = (line for line in shown if line.startswith("spend_90d "))
    assert "90 days" in row
    assert "fading: remind of what they used to buy, and ask what changed" in row
    for feature in purchases.features:
        assert any(line.startswith(f"{feature.name} ") for line in shown)


def test_features_are_listed_in_spanish(console: Console) -> None:
    purchases = snapshot.FAMILIES[0]
    records.features(console, {purchases.name: purchases.features}, "es")
    (row,) = (line for line in lines(console) if line.startswith("spend_90d "))
    assert "gasto neto en los últimos 90 días" in row
    assert "compra menos: recuerde lo que solía comprar" in row


def test_the_report_is_beside_the_records(console: Console) -> None:
    settings = SETTINGS.model_copy(update={"data": Path("elsewhere")})
    records.check(console, REPORT, settings)
    assert "The report: elsewhere/usability.html" in lines(console)
