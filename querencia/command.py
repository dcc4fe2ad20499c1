"""The command: one verb for each thing a person does.

Heavy imports happen inside the verbs, so that help answers at once.
"""

import os
import shlex
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from features import adapters
from features.errors import QuerenciaError

if TYPE_CHECKING:
    from serving.settings import Settings

WIDTH_OF_A_FILE = 140
"""Columns when the output is no terminal: tables stay whole."""

out = Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE)
err = Console(stderr=True)

app = typer.Typer(
    name="querencia",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="""
    Which customers are about to leave, what each is worth, why, and what to do about it.

    **See it work:** `querencia demo`

    **With your own purchases**, in this order:

    `querencia check FILE` reads a CSV or Parquet file and says whether it will do,\n
    `querencia train` learns churn and value, and judges them on a later period,\n
    `querencia score` scores every customer,\n
    `querencia flag` lists the best customers about to leave,\n
    `querencia serve` answers over HTTP.

    Settings come from `querencia.toml`; `querencia config` prints each with its meaning.
    """,
)


class BuiltIn(StrEnum):
    """Sources that come with the product."""

    CDNOW = "cdnow"
    COMPANY = "company"


@app.callback()
def configure(
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="Configuration file; default: querencia.toml. Or a definition that comes with "
            f"the product: {', '.join(adapters.FILES)}",
        ),
    ] = None,
) -> None:
    """Take the configuration file, for this process and those it starts."""
    if config is not None:
        os.environ["QUERENCIA_CONFIG"] = str(config)


def _load(**given: object) -> "Settings":
    from serving import settings

    return settings.load(**{name: value for name, value in given.items() if value is not None})


@app.command()
def demo(
    company: Annotated[
        bool,
        typer.Option(
            "--company",
            help="A simulated company, with surveys, tickets and offers, in place of the "
            "real purchases of CDNOW",
        ),
    ] = False,
    transactions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Your own purchases, CSV or Parquet")
    ] = None,
    customers: Annotated[
        int, typer.Option(min=500, help="Customers of the simulated company")
    ] = 10_000,
) -> None:
    """Show the whole product at work: read, train, score, list, serve one answer.

    Without options on the real purchases of CDNOW, a music shop: 23,570 customers, 69,659
    purchases. Everything lands in `data/` and `mlruns/`, for you to look at afterwards.
    """
    from querencia import demo as demonstration

    source = BuiltIn.COMPANY if company else BuiltIn.CDNOW
    demonstration.run(out, source.value, transactions, customers=customers)


@app.command()
def check(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="CSV or Parquet; default: what is configured"),
    ] = None,
    table: Annotated[
        str, typer.Option(metavar="TABLE", help="The table that FILE is")
    ] = "transactions",
    propose: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml", help="Read nothing; write a mapping of the columns for you to edit"
        ),
    ] = None,
    append: Annotated[
        bool,
        typer.Option(
            "--append", help="Add to the records, and correct earlier rows, as day by day"
        ),
    ] = False,
) -> None:
    """Read your files and say whether they will do; good rows become the records.

    Purchases need three columns: `customer_id`, `occurred_at` (2024-05-31 or
    2024-05-31T10:15:00Z) and `amount` (negative for a refund). `transaction_id`, `margin`,
    `recorded_at` and more help. Other names? A mapping is proposed, which `--propose` writes down:

        [tables.transactions]
        path = "orders.csv"
        columns.customer_id = "Customer"
        columns.occurred_at = "Date"
        columns.amount = "Total"

    The records are then what was read and nothing else: tables that are not given any more are
    removed. With `--append` a further file is added to them instead, and rows sent again with a
    later `recorded_at` correct earlier ones; it comes to the same as reading all files at once.

    Bad rows go to `data/quarantine/` with their reasons; nothing is lost. What the records are
    good for stands in `data/usability.html`, for programs in `data/usability.json`.
    """
    from features.mapping import UnknownColumnsError
    from querencia import jobs, records, shows
    from querencia.phrases import say
    from querencia.progress import Steps

    settings = _load()
    given = {table: file} if file else {}
    if propose:
        _propose(settings, given, table, propose)
        return
    try:
        with Steps(out) as steps:
            report = jobs.check(settings, given, steps, append=append)
    except UnknownColumnsError as unknown:
        _refuse(records.unknown(unknown, settings.language))
        records.proposal(out, unknown.proposal, settings)
        which = unknown.proposal.contract.table
        command = _again(which, given)
        shows.line(out, say("write", settings.language, command=command, table=which))
        raise typer.Exit(1) from None
    records.check(out, report, settings)
    if not report.usable:
        raise typer.Exit(1)
    shows.line(out, say("next", settings.language))


def _propose(settings: "Settings", given: Mapping[str, Path], table: str, path: Path) -> None:
    """Show a mapping of the table's file, and write it down."""
    from features.files import aside
    from querencia import jobs, records, shows
    from querencia.phrases import say

    if path.exists():
        raise QuerenciaError(f"There is a file {path} already. Name another one, or remove it.")
    proposed = jobs.propose(settings, given, table)
    with aside(path) as new:
        new.write_text(shows.proposed_configuration(proposed, settings), "utf-8")
    records.proposal(out, proposed, settings)
    done = "fill_in" if '"..."' in proposed.toml else "written"
    shows.line(out, say(done, settings.language, path=path))


def _again(table: str, given: Mapping[str, Path]) -> str:
    """The command that proposes a mapping of a table's file."""
    config = os.environ.get("QUERENCIA_CONFIG")
    named = ["--config", config] if config else []
    file = [str(given[table])] if table in given else []
    which = [] if table == "transactions" else ["--table", table]
    return shlex.join(["querencia", *named, "check", *file, *which])


@app.command()
def features(
    listed: Annotated[
        bool, typer.Option("--list", help="Print what each feature means; write nothing")
    ] = False,
) -> None:
    """Write the features of every customer at every cut-off to a Parquet file.

    With `--list`, print those that your records carry (all there are, before the first check):
    unit, meaning, window, and what to do about each.
    """
    from querencia import jobs, records, shows
    from querencia.phrases import say
    from querencia.progress import Steps

    settings = _load()
    if listed:
        families = jobs.carried(settings)
        records.features(out, families, settings.language)
        count = sum(map(len, families.values()))
        known = "carried" if jobs.has_records(settings) else "of_all"
        shows.line(out, say(known, settings.language, count=count, data=settings.data))
        return
    with Steps(out) as steps:
        path = jobs.features(settings, steps)
    shows.line(out, f"Written: {path}")


@app.command()
def train() -> None:
    """Train churn and value, judge them on a later period, register, promote if better.

    The run, with its measures, plots and model, is in MLflow:

        mlflow ui --backend-store-uri sqlite:///mlruns/mlflow.db
    """
    from querencia import jobs, shows
    from querencia.progress import Steps

    settings = _load()
    with Steps(out) as steps:
        training = jobs.train(settings, steps)
    shows.training(out, training, settings)


@app.command()
def score() -> None:
    """Score every customer with the model that serves."""
    from querencia import jobs, shows
    from querencia.progress import Steps

    settings = _load()
    with Steps(out) as steps:
        scores, path = jobs.score(settings, steps)
    as_of = f"{scores.provenance.cutoff:%Y-%m-%d}"
    shows.line(out, f"{len(scores.rows):,} customers scored as of {as_of}: {path}")


@app.command()
def flag(
    show: Annotated[int, typer.Option(min=1, help="How many to show here")] = 10,
) -> None:
    """List the best customers who are about to leave: risk, money, reason."""
    from querencia import jobs, shows

    settings = _load()
    chosen, path = jobs.flag(settings)
    shows.at_risk(out, chosen, path, settings, most=show)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on")] = None,
) -> None:
    """Answer over HTTP: `score`, `explain`, `at_risk`, `customer`, `model`; documentation at `/`.

        curl -s localhost:3000/at_risk --json '{"most": 3}'

    A new champion and new scores are noticed within seconds. On any address but this machine's
    own, clients need a key: `querencia key NAME` makes one.
    """
    from querencia import jobs, server

    settings = _load()
    jobs.require_service(settings)
    service = settings.service
    server.require_keys(host or service.host, settings)
    server.replace_this_process(host or service.host, port or service.port)


class Scopes(StrEnum):
    """What a key opens."""

    SCORE = "score"
    WRITE = "write"
    ADMIN = "admin"


@app.command()
def key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is; the log tells it")],
    scope: Annotated[
        list[Scopes] | None,
        typer.Option(help="What it opens: asking, telling what happened, or all; default: score"),
    ] = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="Take the key back instead")] = False,
) -> None:
    """Make a key for the HTTP service, and print it: it is told this once, and kept as a hash.

        curl -s HOST:3000/model -H 'Authorization: Bearer querencia_...'

    Services notice keys that are made or revoked within seconds.
    """
    from querencia import shows
    from serving.http.keys import KeyFile

    keys = KeyFile(_load().keys)
    if revoke:
        keys.revoke(name)
        shows.line(out, f"Revoked: {name}")
        return
    shows.line(out, keys.make(name, [each.value for each in scope or [Scopes.SCORE]]))


@app.command()
def config(
    defaults: Annotated[
        bool, typer.Option("--defaults", help="The values without any configuration")
    ] = False,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A definition that comes with the product, to copy and change: "
            f"{', '.join(adapters.FILES)}",
        ),
    ] = None,
) -> None:
    """Print every setting with its value and meaning, as a `querencia.toml`."""
    from querencia import shows
    from serving.settings import Settings

    if source is not None:
        shows.line(out, _definition(source))
        return
    settings = Settings.model_construct() if defaults else _load()
    shows.line(out, shows.configuration(settings))


def _definition(name: str) -> str:
    if name not in adapters.FILES:
        raise QuerenciaError(
            f"There is no definition {name}. Definitions: {', '.join(adapters.FILES)}."
        )
    return adapters.FILES[name].read_text("utf-8").rstrip()


def _refuse(problem: str) -> None:
    err.print("[bold red]Error:[/]", escape(problem), highlight=False, soft_wrap=True)


def main() -> None:
    """Run the command; what the user can mend is told without a traceback."""
    try:
        app(prog_name="querencia")
    except (QuerenciaError, OSError) as error:
        _refuse(str(error))
        sys.exit(1)
