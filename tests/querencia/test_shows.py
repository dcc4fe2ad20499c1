"""What a person reads on the terminal: words, units, alignment, and a configuration to keep."""

import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from rich.console import Console

from features.cutoffs import Plan
from features.findings import Finding
from features.settings import FeatureSettings, TableSettings
from querencia import shows
from serving import words
from serving.catalogue import Offer
from serving.limits import CampaignSettings
from serving.settings import ListSettings, ServiceSettings, Settings, load
from training import reached
from training.bootstrap import Interval
from training.evidence import Evidence
from training.grade import Grade
from training.importance import Importance
from training.promotion import Promotion
from training.purchases.fitting import Kind
from training.registry import Version
from training.retrain import Training
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
        Promotion(promoted, (Finding("advice", "+0.0100 USD [so]"),)),
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
        "offers": st.dictionaries(
            st.sampled_from(["voucher", "call", "ask"]), st.builds(Offer, cost=positive)
        ),
        "campaign": st.builds(CampaignSettings, budget=positive, segment=st.none() | text),
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
    assert printed[printed.index("[list]") - 1] == "# Whom the service lists as customers at risk."


def test_what_is_secret_is_not_printed() -> None:
    settings = Settings.model_construct(store_database=SecretStr("postgresql://ann:hush@db/mlflow"))
    printed = shows.configuration(settings)
    assert "hush" not in printed
    assert "store_database" not in tomllib.loads(printed)
