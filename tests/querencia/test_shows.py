"""What a person reads on the terminal: words, units, alignment, and a configuration to keep."""

import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from features.cutoffs import Plan
from features.findings import Finding
from features.provenance import Provenance
from features.settings import FeatureSettings, TableSettings
from querencia import shows
from serving import words
from serving.settings import ListSettings, ServiceSettings, Settings, load
from training import reached
from training.bootstrap import Interval
from training.grade import Grade
from training.importance import Importance
from training.purchases.fitting import Kind
from training.registry import Version
from training.retrain import Evidence, Training
from training.scoring import Scores
from training.settings import MoneySettings, PurchaseProcess, TrainingSettings, TreeSettings

SETTINGS = Settings.model_construct(features=FeatureSettings(currency="USD"))


@pytest.fixture
def console() -> Console:
    return Console(file=StringIO(), width=140)


def lines(console: Console) -> list[str]:
    assert isinstance(console.file, StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def row_of(first: str, shown: list[str]) -> list[str]:
    """The cells of a table's row, by what its first cell says."""
    row = next(line for line in shown if line.startswith(f"{first}  "))
    return re.split(r" {2,}", row)


RISK = {
    "auc_score": 0.81234,
    "log_loss": 0.27214,
    "brier_loss": 0.07789,
    "calibration_loss": 0.0326,
    "top_decile_lift_score": 2.5,
    "profit_score": 1234.567,
}
AMOUNT = {
    "mae_loss": 1234.5,
    "rmse_loss": 2345.678,
    "gini_score": 0.7354,
    "top_decile_capture_score": 0.638,
    "total_bias": -0.254,
}


def training(process: str = "pareto_nbd", *, promoted: bool = True) -> Training:
    names = ("served", process, "logistic", "trees", "baseline_rfm", "baseline_recency")
    amounts = [f"{name} {of}" for of in ("purchases", "spend") for name in ("served", "naive_rate")]
    april = datetime(1998, 4, 1, tzinfo=UTC)
    return Training(
        Version("querencia", 3, "run", (), april, {}, {}),
        promoted,
        "+0.0100 USD [so]",
        Plan((april,), april, april),
        Evidence(10.0, dict.fromkeys(names, RISK), dict.fromkeys(amounts, AMOUNT)),
    )


RESULT = training()
ROW = {
    "stated": 0.43,
    "stated_low": 0.29,
    "stated_high": 0.57,
    "stated_customers": 1168.0,
    "revealed_customers": 94.0,
    "at_top": 0.22,
}
IMPORTANCE = Importance("repurchase_intent_last", {"loyalty_last": ROW})


def test_what_customers_say_stands_beside_what_they_do(console: Console) -> None:
    evidence = replace(RESULT.evidence, importance=IMPORTANCE)
    shows.training(console, replace(RESULT, evidence=evidence), SETTINGS)
    shown = lines(console)
    assert row_of("loyalty_last", shown) == [
        *("loyalty_last", "+0.43 (+0.29 +0.57, 1,168)", "too few: 94", "22%"),
    ]
    assert any("rank correlation with repurchase_intent_last" in line for line in shown)


def test_how_far_amounts_and_intervals_held_is_said_and_other_advice_is_not(
    console: Console,
) -> None:
    of_all, of_top = ({"value": v, "low": v - 0.02, "high": v + 0.02} for v in (0.8, 0.7))
    held = {"spend": {"coverage_80": of_all, "coverage_80_top_decile": of_top}}
    told = (*reached.told({}, held), Finding("advice", "a trifle"))
    evidence = replace(RESULT.evidence, findings=told)
    spanish = SETTINGS.model_copy(update={"language": "es"})
    shows.training(console, replace(RESULT, evidence=evidence), spanish)
    shown = "\n".join(lines(console))
    assert "aviso: gasto: los intervalos del 80% contuvieron al 80,0% de los clientes" in shown
    assert "son demasiado estrechos" in shown
    assert "a trifle" not in shown


def test_evidence_has_units_separators_and_percentages(console: Console) -> None:
    shows.training(console, training(), SETTINGS)
    shown = lines(console)
    assert row_of("Querencia", shown) == [
        *("Querencia", "0.812", "0.2721", "0.0779", "3.3%", "2.50", "1,234.57"),
    ]
    spend = shown[next(i for i, line in enumerate(shown) if line.startswith("Spend")) :]
    assert spend[0] == "Spend of each customer in those 90 days, USD"
    assert row_of("Querencia", spend) == [
        "Querencia",
        "1,234.50",
        "2,345.68",
        "0.735",
        "64%",
        "-25%",
    ]
    assert any(line.endswith("USD a") for line in shown)


def test_evidence_tells_members_and_baselines_in_words(console: Console) -> None:
    shows.training(console, training(), SETTINGS)
    shown = lines(console)
    under = [shown[i + 1 : i + 7] for i, line in enumerate(shown) if line.startswith("──")]
    models = [[row.partition("  ")[0] for row in rows] for rows in under]
    assert models[0] == [
        *("Querencia", "- Pareto/NBD", "- logistic", "- trees"),
        *("baseline RFM", "baseline recency"),
    ]
    assert models[1][:2] == models[2][:2] == ["Querencia", "baseline pace"]
    assert any("the mean of the models marked -" in line for line in shown)


@pytest.mark.parametrize(
    ("language", "baseline", "profit"),
    [("en", "baseline recency", "1,234.57"), ("es", "base recencia", "1.234,57")],
)
def test_evidence_fits_a_narrow_terminal_without_a_figure_cut(
    language: words.Language, baseline: str, profit: str
) -> None:
    narrow = Console(file=StringIO(), width=80)
    evidence = Evidence(10.0, RESULT.evidence.risk, RESULT.evidence.value, importance=IMPORTANCE)
    shown = replace(RESULT, evidence=evidence)
    shows.training(narrow, shown, SETTINGS.model_copy(update={"language": language}))
    assert max(map(len, lines(narrow))) <= 80
    assert not any("…" in line for line in lines(narrow))
    assert row_of(baseline, lines(narrow))[-1] == profit


@pytest.mark.parametrize("process", get_args(Kind))
def test_every_purchase_process_has_a_name(console: Console, process: str) -> None:
    shows.training(console, training(process), SETTINGS)
    assert not any(process in line for line in lines(console))


@pytest.mark.parametrize(("promoted", "verb"), [(True, "serves now"), (False, "does not serve")])
def test_the_verdict_is_told_with_its_reason(console: Console, promoted: bool, verb: str) -> None:
    shows.training(console, training(promoted=promoted), SETTINGS)
    assert lines(console)[-1] == f"Version 3 {verb}: +0.0100 USD [so]"


def test_the_grade_and_warnings_are_told_and_advice_is_left_to_the_card(console: Console) -> None:
    gain = Interval(0.01, 0.02)
    findings = (Finding("advice", "ask a finer question"), Finding("warning", "wrong [sign]"))
    judged = replace(
        training().evidence, grade=Grade("A", "recency", gain, gain, gain), findings=findings
    )
    shows.training(console, replace(training(), evidence=judged), SETTINGS)
    shown = lines(console)
    assert any(line.startswith("Grade A: +0.010 to +0.020 AUC") for line in shown)
    assert "warning: wrong [sign]" in shown
    assert "finer" not in "".join(shown)


PROVENANCE = Provenance(
    churn="inactivity",
    horizon_days=90,
    currency="USD",
    time_zone="UTC",
    families=("purchases",),
    records=("transactions",),
    feature_version="0",
    cutoffs=(datetime(1998, 7, 1, tzinfo=UTC),),
    model_version="1",
)
CUSTOMER = {
    "customer_id": "[bold]7",
    "risk": 0.546,
    "value": 12345.678,
    "value_at_stake": 23456.7,
    "expected_loss": 6740.5,
    "expected_purchases": 3.0,
    "expected_spend": 0.5,
    "next_purchase_at": pd.Timestamp("1998-08-10", tz="UTC"),
    "driver": "silence",
    "driver_points": 0.12,
    "T": 400.0,
    "frequency": 4.0,
    "silence": 80.0,
    "mean_gap": 20.0,
    "purchase_days_180d": 2.0,
}


def chosen(*customers: dict[str, object]) -> Scores:
    return Scores(pd.DataFrame(customers, columns=list(CUSTOMER)), PROVENANCE)


def test_the_list_tells_who_how_much_and_why(console: Console) -> None:
    gone = CUSTOMER | {"customer_id": "8", "next_purchase_at": pd.NaT}
    shows.at_risk(console, chosen(CUSTOMER, gone), Path("list.csv"), SETTINGS)
    shown = lines(console)
    assert shown[0] == (
        "At risk as of 1998-07-01 (churn: inactivity, 90 days), the most to lose first; amounts in "
        "USD"
    )
    assert row_of("customer", shown) == [
        *("customer", "risk", "expected loss", "value", "at stake", "expected spend"),
        *("next purchase by", "why"),
    ]
    assert row_of("[bold]7", shown)[:7] == [
        *("[bold]7", "55%", "6,740.50", "12,345.68", "23,456.70", "0.50", "1998-08-10"),
    ]
    assert any("silent for 80 days" in line for line in shown)
    assert row_of("8", shown)[6] == "not within 2 years"
    assert shown[-1] == "2 of 2 customers; the list: list.csv"


def test_the_list_is_told_in_spanish(console: Console) -> None:
    spanish = SETTINGS.model_copy(update={"language": "es"})
    shows.at_risk(console, chosen(CUSTOMER), Path("list.csv"), spanish)
    shown = lines(console)
    assert shown[0].startswith("En riesgo a 1998-07-01 (abandono: inactividad, 90 días)")
    assert row_of("[bold]7", shown)[2:4] == ["6.740,50", "12.345,68"]
    assert any("80 días sin comprar" in line for line in shown)


def test_figures_are_aligned_at_the_right(console: Console) -> None:
    poor = CUSTOMER | {"customer_id": "poor", "value": 1.0, "risk": 1.0}
    shows.at_risk(console, chosen(CUSTOMER, poor), Path("list.csv"), SETTINGS)
    rich_row, poor_row = (
        next(line for line in lines(console) if line.startswith(name))
        for name in ("[bold]7", "poor")
    )
    assert rich_row.index("12,345.68") + len("12,345.68") == poor_row.index(" 1.00 ") + 5
    assert rich_row.index("55%") + len("55%") == poor_row.index("100%") + len("100%")


def test_only_the_first_of_a_long_list_are_shown(console: Console) -> None:
    many = chosen(*[CUSTOMER] * 1200)
    shows.at_risk(console, many, Path("list.csv"), SETTINGS, most=2)
    assert sum(line.startswith("[bold]7") for line in lines(console)) == 2
    assert lines(console)[-1] == "2 of 1,200 customers; the list: list.csv"


def test_an_empty_list_says_what_was_looked_for(console: Console) -> None:
    shows.at_risk(console, chosen(), Path("list.csv"), SETTINGS)
    assert lines(console) == [
        "Nobody is at risk: of the best 20% of customers, none has a risk of 50% or more."
    ]


def test_a_narrow_terminal_shows_fewer_figures_and_each_whole() -> None:
    narrow = Console(file=StringIO(), width=80)
    customer_id = "5f0c2a6e-8a35-4c58-9d51-3e7d0a2d9b1c"
    shows.at_risk(narrow, chosen(CUSTOMER | {"customer_id": customer_id}), Path("l.csv"), SETTINGS)
    shown = lines(narrow)
    assert max(map(len, shown)) <= 80
    assert not any("…" in line for line in shown)
    header = next(line for line in shown if line.startswith("customer "))
    assert header.split() == ["customer", "risk", "expected", "loss", "value", "why"]
    rows = shown[shown.index(header) + 2 : -3]
    assert all(figure in rows[0] for figure in ("55%", "6,740.50", "12,345.68"))
    assert "".join(row[: header.index("risk")].strip() for row in rows) == customer_id


text = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=20)
paths = text.filter(lambda name: "/" not in name and "\\0" not in name).map(Path)
positive = st.floats(1e-9, 1e9)
shares = st.floats(0, 1, exclude_min=True)
trees = st.builds(TreeSettings, rounds=st.integers(1, 10_000), learning_rate=shares)
money = st.builds(MoneySettings, margin_rate=st.none() | shares, offer_cost=positive)
configurations = st.fixed_dictionaries(
    {
        "data": paths,
        "store": paths,
        "name": text,
        "language": st.sampled_from(["en", "es"]),
        "tables": st.dictionaries(
            text,
            st.builds(
                TableSettings,
                path=st.none() | text,
                columns=st.dictionaries(text, text),
                where=st.none() | text,
                files=st.dictionaries(text, paths, max_size=2),
            ),
        ),
        "features": st.builds(
            FeatureSettings,
            time_zone=st.sampled_from(["UTC", "Europe/Madrid", "America/Santiago"]),
            horizon_days=st.integers(1, 730),
            every=st.sampled_from(["week", "month"]),
        ),
        "training": st.builds(
            TrainingSettings,
            purchases=st.sampled_from(get_args(PurchaseProcess)),
            trees=trees,
            money=money,
        ),
        "list": st.builds(ListSettings, top_share=shares, min_risk=st.floats(0, 1)),
        "service": st.builds(ServiceSettings, port=st.integers(1, 65535)),
    }
)


@given(configurations)
def test_a_configuration_that_is_printed_is_read_back_as_it_was(
    configured: dict[str, object],
) -> None:
    settings = Settings.model_construct(**configured)  # type: ignore[arg-type]
    assert load(**tomllib.loads(shows.configuration(settings))) == settings


def test_every_entry_is_printed_under_its_meaning() -> None:
    printed = shows.configuration(Settings.model_construct()).splitlines()
    assert printed[printed.index("horizon_days = 90") - 1] == "# days in which churn is judged"
    assert "# margin_rate =" in printed  # not set, and yet shown
    entries = [line for line in printed if re.match(r"(# )?\w+ =", line)]
    assert len(entries) > 20
    assert all(printed[printed.index(entry) - 1].startswith("# ") for entry in entries)
    assert printed[printed.index("[list]") - 1] == "# Who is on the list of customers at risk."
