"""The demonstration: the whole product at work, on one's own purchases and with one answer."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from features.errors import QuerenciaError
from features.store import Store
from querencia import demo, server
from querencia.server import Running
from serving.batch import ScoreFile
from serving.settings import Settings, load
from training.champion import Champion

pytestmark = [pytest.mark.usefixtures("workplace"), pytest.mark.timeout(120)]


def console(width: int = 140) -> Console:
    return Console(file=StringIO(), width=width)


def shown_on(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Running]:
    """The services that were started."""
    started: list[Running] = []
    start = server.running

    @contextmanager
    def running() -> Iterator[Running]:
        with start() as service:
            started.append(service)
            yield service

    monkeypatch.setattr(server, "running", running)
    return started


def test_the_whole_product_at_work_on_ones_own_purchases(
    trained: Settings, served: list[Running]
) -> None:
    shutil.copytree(trained.store, "mlruns")  # made once: a new store takes seconds
    table = pd.read_parquet(Store(trained.data).path("transactions"))
    own = table[["customer_id", "occurred_at", "amount"]].rename(columns={"amount": "Total"})
    own.to_csv("own.csv", index=False)
    Path("querencia.toml").write_text(
        '[features]\ncurrency = "USD"\ncutoffs = 2\n[tables.transactions.columns]\n'
        'amount = "Total"\n[training.trees]\nrounds = 10\n'
    )
    terminal = console()
    demo.run(terminal, "cdnow", Path("own.csv"), customers=500)
    shown = shown_on(terminal)

    for step in (
        "✓ reading transactions from own.csv",
        "6,856 of 6,856 rows kept",
        "Who left in the 90 days after 1998-04-01",
        "Version 1 serves now: the first model",
        "✓ scoring every customer with version 1",
        "whom to contact, as of 1998-07-01",
        "✓ starting the HTTP service",
        "querencia --config data/own/querencia.toml serve",
        "mlflow ui --backend-store-uri sqlite:///mlruns/mlflow.db",
    ):
        assert step in shown
    _is_answered(shown)
    _goes_on_afterwards()
    _has_stopped(served)


def test_the_whole_product_at_work_on_a_company_with_every_table(
    trained: Settings, served: list[Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(trained.store, "mlruns")  # made once: a new store takes seconds
    monkeypatch.setenv("QUERENCIA_TRAINING__TREES__ROUNDS", "20")
    monkeypatch.setenv("QUERENCIA_FEATURES__CUTOFFS", "4")
    terminal = console(width=300)
    demo.run(terminal, "company", None, customers=1_500)
    shown = shown_on(terminal)

    for table in ("customers", "transactions", "surveys", "tickets", "contacts", "offers"):
        assert re.search(rf"^{table}: ([\d,]+) of \1 rows kept", shown, re.MULTILINE)
    assert "Version 1 serves now: the first model" in shown
    champion = Champion.require(load().registry)
    assert champion.model.provenance.families == (
        *("purchases", "promises", "satisfaction", "effort", "loyalty", "offers", "comments"),
    )
    listed = _listed("company")
    reasons = listed["reason"]
    made = listed[listed["arm"] != "control"]
    assert all(reason in shown for reason in made["reason"].head(10))
    about_service = "answers less favourable|tickets, contacts or waiting|deliveries later"
    assert reasons.str.contains(about_service).any()
    assert '"reason": "' in shown
    _has_stopped(served)


def _listed(name: str) -> pd.DataFrame:
    """The list of the demonstration's campaign."""
    (path,) = Path(f"data/{name}/campaigns").glob("*/list.csv")
    return pd.read_csv(path)


def _is_answered(shown: str) -> None:
    """The answer is that of the scores, for the first customer of the list."""
    asked = json.loads(re.findall(r"^POST /score (.*)$", shown, re.MULTILINE)[0])
    answer = json.loads(re.findall(r"^\{\s*$[\s\S]*?^\}\s*$", shown, re.MULTILINE)[0])
    first = _listed("own").iloc[0]
    (customer,) = answer["customers"]
    assert asked == {"customer_ids": [first["customer_id"]]}
    assert customer["known"]
    assert customer["risk"] == pytest.approx(first["risk"], abs=1e-4)
    assert answer["provenance"]["currency"] == "USD"


def _goes_on_afterwards() -> None:
    """The verbs find what was made under the configuration that was written."""
    settings = load()
    assert (settings.name, settings.data) == ("own", Path("data/own"))
    assert settings.features.currency == "USD"
    assert settings.tables["transactions"].path == "own.csv"
    assert settings.tables["transactions"].columns == {"amount": "Total"}
    assert Champion.require(settings.registry).version.name == "own"
    assert len(ScoreFile(settings.data).read().rows) == 2_357


def _has_stopped(served: list[Running]) -> None:
    (service,) = served
    with pytest.raises(ConnectionRefusedError):
        HTTPConnection(service.host, service.port, timeout=5).request("GET", "/livez")


@pytest.mark.parametrize(("source", "currency"), [("cdnow", "USD"), ("company", "EUR")])
def test_a_built_in_source_goes_by_the_defaults_and_not_by_the_users_file(
    source: str, currency: str
) -> None:
    Path("querencia.toml").write_text(
        '[features]\nhorizon_days = 30\n[tables.transactions]\npath = "mine.csv"\n'
    )
    settings = demo._built_in(source)
    assert (settings.name, settings.data) == (source, Path("data") / source)
    assert (settings.features.currency, settings.features.horizon_days) == (currency, 90)
    assert settings.tables == {}
    assert settings == load()


def test_purchases_that_will_not_do_are_shown_and_told_before_anything_slow() -> None:
    Path("own.csv").write_text("customer_id,occurred_at,amount\nann,2024-01-05,10\n")
    terminal = console()
    with pytest.raises(QuerenciaError, match="1 days"):
        demo.run(terminal, "cdnow", Path("own.csv"), customers=500)
    assert "error: 1 days of history" in shown_on(terminal)
    assert not Path("mlruns").exists()


@pytest.mark.parametrize(
    ("found", "expected"), [("/usr/bin/querencia", "  querencia --config"), (None, "  .venv/bin/")]
)
def test_the_commands_to_go_on_with_can_be_copied(
    found: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: found)
    monkeypatch.setattr("sys.argv", [".venv/bin/querencia", "demo"])
    terminal = console()
    demo._farewell(terminal, load(), 12.6)
    shown = shown_on(terminal)
    assert "Done in 13 s" in shown
    assert expected in shown
