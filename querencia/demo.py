"""The whole product at work, for someone who sees it for the first time."""

import json
import os
import shutil
import sys
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic

import pandas as pd
from rich.console import Console
from rich.syntax import Syntax

from features import cdnow
from features.files import aside
from features.settings import FeatureSettings
from querencia import jobs, lists, records, server, shows
from querencia.progress import Steps
from serving import settings as configuration
from serving.settings import FILE_VARIABLE, Settings


def run(console: Console, source: str, transactions: Path | None, *, customers: int) -> None:
    """Read, train, score, list, and serve one answer.

    Args:
        console: Where it is shown.
        source: The built-in source, "cdnow" or "company", unless
        transactions: is a file of the user's own.
        customers: Size of the simulated company.
    """
    began = monotonic()
    settings = _own(transactions) if transactions else _built_in(source)
    with Steps(console) as steps:
        given = {}
        if not transactions:
            steps(f"preparing {source}")
            given = jobs.built_in(source, settings.data, customers=customers)
        checked = jobs.check(settings, given, steps)
    records.check(console, checked, settings)
    with Steps(console) as steps:
        training = jobs.train(settings, steps)
    shows.training(console, training, settings)
    with Steps(console) as steps:
        scores, _ = jobs.score(settings, steps)
    campaign = jobs.flag(settings)
    lists.draft(console, campaign, settings)
    _ask(console, pd.concat([campaign.rows(), scores.rows])["customer_id"].iloc[0])
    _farewell(console, settings, monotonic() - began)


def _own(transactions: Path) -> Settings:
    """The user's configuration, with a data folder and a model of the demo's own."""
    return _adopt(
        configuration.load(
            name="own", data=_folder("own"), tables={"transactions": {"path": str(transactions)}}
        )
    )


def _built_in(source: str) -> Settings:
    """The defaults: a user's configuration is about the user's own files."""
    currency = cdnow.CURRENCY if source == "cdnow" else "EUR"
    return _adopt(
        Settings.model_construct(
            name=source, data=_folder(source), features=FeatureSettings(currency=currency)
        )
    )


def _folder(name: str) -> Path:
    return Path("data") / name


def _adopt(settings: Settings) -> Settings:
    """Write the configuration where the verbs can use it afterwards, and go by it."""
    path = settings.data / "querencia.toml"
    with aside(path) as new:
        new.write_text(shows.configuration(settings))
    os.environ[FILE_VARIABLE] = str(path)
    return configuration.load()


def _ask(console: Console, customer_id: str) -> None:
    """One real question over HTTP, and its answer."""
    body = json.dumps({"customer_ids": [customer_id]})
    with Steps(console) as steps:
        steps("starting the HTTP service")
        with server.running() as service:
            connection = HTTPConnection(service.host, service.port, timeout=30)
            connection.request("POST", "/score", body, {"content-type": "application/json"})
            answer = json.loads(connection.getresponse().read())
            connection.close()
    shows.line(console, f"POST /score {body}")
    console.print(Syntax(json.dumps(answer, indent=2), "json", background_color="default"))


def _farewell(console: Console, settings: Settings, seconds: float) -> None:
    scripts = "" if shutil.which("querencia") else f"{Path(sys.argv[0]).parent}/"
    shows.line(
        console,
        f"""
Done in {seconds:.0f} s. Go on with what was made:

  {scripts}querencia --config {settings.data}/querencia.toml serve
  {scripts}mlflow ui --backend-store-uri sqlite:///{settings.store}/mlflow.db
  {scripts}querencia demo --transactions YOUR_PURCHASES.csv
""",
    )
