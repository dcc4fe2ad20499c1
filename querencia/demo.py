"""The whole product at work, for someone who sees it for the first time."""

import json
import os
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic

from rich.console import Console
from rich.syntax import Syntax

from features import cdnow
from features.files import aside
from querencia import jobs, server, shows
from querencia.progress import Steps
from serving import settings as configuration
from serving.settings import FILE_VARIABLE, Settings
from training.scoring import Scores

MODEL_URI = "sqlite:///{store}/mlflow.db"


def run(console: Console, source: str, transactions: Path | None, *, customers: int) -> None:
    """Read, train, score, list, and serve one answer.

    Args:
        console: Where it is shown.
        source: The built-in source, "cdnow" or "company", unless
        transactions: is a file of the user's own.
        customers: Size of the simulated company.
    """
    began = monotonic()
    name = "own" if transactions else source
    settings = _settings(name, currency=cdnow.CURRENCY if name == "cdnow" else "EUR")
    with Steps(console) as steps:
        if transactions:
            given = {"transactions": transactions}
        else:
            steps(f"preparing {name}")
            given = jobs.built_in(source, settings.data, customers=customers)
        checked = jobs.check(settings, given, steps)
    shows.check(console, checked, settings)
    with Steps(console) as steps:
        training = jobs.train(settings, steps)
    shows.training(console, training, settings)
    with Steps(console) as steps:
        scores = jobs.score(settings, steps)
    chosen, path = jobs.flag(settings)
    shows.at_risk(console, chosen.head(10), scores.provenance, settings)
    console.print(f"{len(chosen):,} customers in {path}\n")
    _ask(console, scores, str(chosen["customer_id"].iloc[0]) if len(chosen) else None)
    _farewell(console, settings, monotonic() - began)


def _settings(name: str, *, currency: str) -> Settings:
    """A configuration of the demo's own, in a file that the verbs can use afterwards."""
    path = Path("data") / name / "querencia.toml"
    with aside(path) as new:
        new.write_text(
            f'name = "{name}"\ndata = "data/{name}"\n\n[features]\ncurrency = "{currency}"\n'
        )
    os.environ[FILE_VARIABLE] = str(path)
    return configuration.load()


def _ask(console: Console, scores: Scores, customer_id: str | None) -> None:
    """One real question over HTTP, and its answer."""
    asked = customer_id or str(scores.rows["customer_id"].iloc[0])
    body = json.dumps({"request": {"customer_ids": [asked]}})
    with Steps(console) as steps:
        steps("starting the HTTP service")
        with server.running() as (host, port):
            connection = HTTPConnection(host, port, timeout=30)
            connection.request("POST", "/score", body, {"content-type": "application/json"})
            answer = json.loads(connection.getresponse().read())
            connection.close()
    console.print(f"POST /score {body}")
    console.print(Syntax(json.dumps(answer, indent=2), "json", background_color="default"))


def _farewell(console: Console, settings: Settings, seconds: float) -> None:
    console.print(
        f"""
Done in {seconds:.0f} s. Go on with what was made:

  querencia --config {settings.data}/querencia.toml serve
  mlflow ui --backend-store-uri sqlite:///{settings.store}/mlflow.db
  querencia check YOUR_PURCHASES.csv
""",
        highlight=False,
    )
