"""The command: one verb for each thing a person does.

Heavy imports happen inside the verbs, so that help answers at once.
"""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from features import adapters, memory
from features.errors import QuerenciaError

if TYPE_CHECKING:
    from querencia.run import State
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
    `querencia evaluate` asks how that would have gone at many past cut-offs,\n
    `querencia score` scores every customer,\n
    `querencia flag` chooses whom to make which offer within a budget,\n
    `querencia campaigns` tells what came of it,\n
    `querencia report` writes all of it as a page for people,\n
    `querencia schedule` does all of this again and again, unattended,\n
    `querencia serve` answers over HTTP.

    Settings come from `querencia.toml`; `querencia config` prints each with its meaning.
    """,
)


class BuiltIn(StrEnum):
    """Sources that come with the product."""

    CDNOW = "cdnow"
    COMPANY = "company"


First = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], help="First day; default: a horizon back"),
]
Last = Annotated[
    datetime | None,
    typer.Option("--to", formats=["%Y-%m-%d"], help="Last day; default: that of the records"),
]


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
def evaluate(
    most: Annotated[
        int, typer.Option("--cutoffs", min=1, help="At most so many; the latest are taken")
    ] = 12,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Write evaluation.json (everything), evaluation.csv (one figure a row, with its "
            "interval) and evaluation.png (measures over time) there",
        ),
    ] = None,
) -> None:
    """Ask how well this would have worked: train at many past cut-offs, judge each afterwards.

    At every month or week (`features.every`) whose horizon has closed, everything is learned anew
    from what was known by then, and judged on the horizon that followed: risk by AUC, PR-AUC, log
    loss, Brier, calibration error, lift and campaign profit; purchases and spend by errors, rank,
    calibration, total and how often their intervals held. Beside stand formulas anybody could use:
    the pace so far, recency, and RFM (recency, frequency, age, money).

    Every figure has a 95 % interval (bootstrap over customers). The grade: **A** ranks customers
    better than the best formula and earns more, both beyond doubt; **B** ranks better; **C** there
    is nothing to gain over a formula. Look for a grade that lasts, a total near the truth, and 80 %
    intervals that hold about 80 %.

    Nothing is registered; whoever serves goes on serving. Each cut-off is a nested run in MLflow.
    """
    from functools import partial

    from querencia import evaluation, jobs, shows
    from querencia.phrases import say

    settings = _load()
    found = jobs.evaluate(settings, partial(evaluation.track, out, settings.language), most=most)
    evaluation.show(out, found, settings)
    for path in jobs.write_evaluation(found, output) if output else ():
        shows.line(out, say("made_file", settings.language, path=path))


@app.command()
def score(
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="FILE",
            help="Customers of these files instead, which are not added to the records: purchases, "
            "CSV or Parquet; TABLE=FILE for another table; may be repeated",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE.parquet", help="Where their scores are written")
    ] = None,
) -> None:
    """Score every customer with the model that serves.

    With `--input` and `--output` score customers of other files, as of the end of their purchases:

        querencia score --input orders.csv --input surveys=surveys.csv --output scores.parquet
    """
    from querencia import jobs, shows
    from querencia.progress import Steps

    settings = _load()
    if bool(given) != bool(output):
        raise QuerenciaError("Give both: --input names the files, --output where scores go.")
    with Steps(out) as steps:
        if given and output:
            path = output
            scores, intakes = jobs.score_files(settings, _files(given), path, steps)
        else:
            (scores, path), intakes = jobs.score(settings, steps), ()
    for fault in (str(fault) for intake in intakes for fault in intake.faults):
        shows.line(out, f"Left out: {fault}")
    as_of = f"{scores.provenance.cutoff:%Y-%m-%d}"
    shows.line(out, f"{len(scores.rows):,} customers scored as of {as_of}: {path}")


def _files(given: Sequence[str]) -> dict[str, Path]:
    """The file of each table: the purchases, where none is named."""
    named = (text.rpartition("=") for text in given)
    return {table or "transactions": Path(path) for table, _, path in named}


@app.command()
def flag(
    budget: Annotated[
        float | None, typer.Option(min=0, help="Spend at most so much, in the currency")
    ] = None,
    contacts: Annotated[
        int | None, typer.Option(min=0, help="Contact at most so many customers")
    ] = None,
    top_share: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Only the best customers: .2 is the best fifth by value"),
    ] = None,
    min_risk: Annotated[
        float | None, typer.Option(min=0, max=1, help="Only customers with at least this risk")
    ] = None,
    segment: Annotated[
        str | None, typer.Option(help="Only customers of this segment of your own")
    ] = None,
    driver: Annotated[
        str | None,
        typer.Option(help="Only customers at risk for this: silence, effort, promises, ..."),
    ] = None,
    language: Annotated[str | None, typer.Option(help="Of the list: en or es")] = None,
    show: Annotated[int, typer.Option(min=1, help="How many to show here")] = 10,
) -> None:
    """Choose whom to make which offer within a budget, and write the list: a draft.

    Each customer gets the offer that is expected to bring the most beyond its cost, or none.
    What can be offered, and what it costs, stands in `querencia.toml`:

        [offers.voucher]
        redemption_cost = 10
        contact_cost = 0.5

    One in twenty of those chosen is left alone by chance, to learn what the offers do: `arm` is
    `control`, and they must not be contacted. The list lies in `data/campaigns/ID/`, for you to
    look through, and is made anew by every `flag` until it was sent: `querencia campaigns --sent`.
    """
    from querencia import jobs, lists

    limits = {
        "budget": budget,
        "contacts": contacts,
        "top_share": top_share,
        "min_risk": min_risk,
        "segment": segment,
        "driver": driver,
    }
    wanted = {name: value for name, value in limits.items() if value is not None}
    settings = _load(language=language, campaign=wanted or None)
    lists.draft(out, jobs.flag(settings), settings, most=show)


@app.command()
def campaigns(
    sent: Annotated[
        str | None, typer.Option("--sent", metavar="ID", help="Note that this list went out")
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day it went out, if not today"),
    ] = None,
) -> None:
    """What came of earlier campaigns: promised, and realised against control.

    With `--sent ID` note that a list went out. It can't be changed any more then, its offers are
    among your records, and what came of them is told once the horizon has closed. Which offers
    were taken up you may add: copy `offers.csv` of the campaign, fill in `redeemed_at` or `cost`,
    and `querencia check FILE --table offers --append`. Whom to ask stands in `surveys.csv`: fill in
    `answered_at`, `score` and `comment` of those who answered, and read it as the table surveys.
    """
    from querencia import jobs, lists

    settings = _load()
    if sent is None:
        lists.campaigns(out, jobs.campaigns(settings), settings)
        return
    lists.sent(out, jobs.send(settings, sent, on.date() if on else None), settings)


@app.command()
def indicators(
    by: Annotated[
        str | None,
        typer.Option(
            metavar="WHAT",
            help="Apart by segment, country, stage, channel, touchpoint, promise, topic, category, "
            "kind or score",
        ),
    ] = None,
    customer: Annotated[str | None, typer.Option(metavar="ID", help="Of one customer")] = None,
    first: First = None,
    last: Last = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv|json", help="Write them, with their definitions"),
    ] = None,
) -> None:
    """Read NPS, churn rate, promises kept and all other indicators, with n and interval.

    Targets come from the configuration, and the gap to them is shown:

        [indicators.nps]
        target = 50
    """
    from querencia import jobs, readings, shows

    settings = _load()
    found = jobs.indicators(settings, by=by, customer=customer, **_days(first, last))
    readings.show(out, found, settings, by=by)
    if output:
        readings.write(found, settings, output)
        shows.line(out, f"Written: {output}")


def _days(first: datetime | None, last: datetime | None) -> dict[str, date | None]:
    """A period as jobs take it."""
    return {"first": first and first.date(), "last": last and last.date()}


@app.command()
def report(
    output: Annotated[Path, typer.Option(metavar="FILE.html", help="Where to write it")] = Path(
        "report.html"
    ),
    language: Annotated[str | None, typer.Option("--lang", help="en or es")] = None,
    first: First = None,
    last: Last = None,
    mask: Annotated[
        bool, typer.Option("--mask", help="Keep out customers' ids, and their words")
    ] = False,
) -> None:
    """Write what people look at as one page: for the board first, then in detail.

    What changed, who is at risk, what it costs, what to do, and whether to trust it; then
    indicators, customers, the list, campaigns, stages, journey, voice, the model, and the data.
    Every figure comes with its interval and what it rests on. What the records don't carry is left
    out. Indicators, stages, tickets, journey and voice are of the period; who is at risk, the list
    and the model are of now.

    The page is one file that asks nothing of the network, made for the screen and for paper: print
    it to have a PDF. A copy without ids is logged in MLflow with the model that serves.
    """
    from features.files import aside
    from querencia import jobs, shows
    from querencia.progress import Steps
    from serving.report.phrases import say

    settings = _load(language=language)
    with Steps(out) as steps:
        page = jobs.report(settings, steps, **_days(first, last), is_masked=mask)
    with aside(output) as new:
        new.write_text(page, "utf-8")
    shows.line(out, say("written", settings.language, path=output))


@app.command()
def forget(
    customer_id: Annotated[str, typer.Argument(metavar="CUSTOMER_ID", help="The customer")],
    admit: Annotated[
        bool,
        typer.Option("--admit", help="Let records of a forgotten customer in again instead"),
    ] = False,
) -> None:
    """Remove a customer from all that is kept, for good, while the service goes on.

    That is records, the rows refused, what was sent, features, scores now and before, and lists of
    campaigns; services stop answering within seconds, and no later training has a row of theirs. A
    proof without the id is written to `data/forgotten/`: what was removed from where, which
    versions of the model may have learned from the customer, and what could not be reached.

    Whatever is read or sent of the customer later is left out: it is known by a salted hash. With
    `--admit` it is let in again, also what your files still hold from before.
    """
    from features.forgotten import Forgotten
    from querencia import jobs, shows

    settings = _load()
    if admit:
        Forgotten(settings.data).admit(customer_id)
        shows.line(out, "Records of this customer are let in again.")
        return
    proof = jobs.forget(settings, customer_id)
    path = settings.data / "forgotten" / f"{proof.sha256}.json"
    shows.line(out, f"Forgotten: {sum(proof.removed.values()):,} rows removed. Proof: {path}")


@app.command()
def run() -> None:
    """Read, train, promote or not, score, flag, report, once: for cron, systemd, Airflow.

    One at a time; one that was killed is taken up where it was. Where the records are not to be
    trusted it stops: champion, scores and list stay as they are. What somebody should know goes to
    the log, `data/alerts.jsonl` and `watch.webhook`; every run is a line of `data/runs.jsonl`. The
    report, without ids, is `data/report.html`. A few times a year it then looks back at what
    trainings at past cut-offs came to (`schedule.evaluate_every_days`).
    """
    from querencia import run as runs
    from querencia.progress import Steps

    settings = _load()
    with Steps(out) as steps:
        state = runs.run(settings, steps)
    if state is not None and _tell(state, settings) != "done":
        raise typer.Exit(1)


@app.command()
def schedule() -> None:
    """Stay, and `run` whenever `schedule.cron` says, in the time zone of the configuration.

    What was missed while nothing ran is made up once. Several may stay: one of them makes the run.
    """
    import logging

    from querencia import run as runs
    from querencia import schedule as schedules

    settings = _load()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    log = logging.getLogger("querencia.schedule")
    log.info("next run: %s", schedules.due_after(settings, datetime.now(UTC)).isoformat())

    def make(due: datetime) -> "State | None":
        state = runs.run(settings, log.info, due=due)
        if state is not None:
            _tell(state, settings)
        return state

    schedules.keep(settings, make)


def _tell(state: "State", settings: "Settings") -> str | None:
    """What a run came to."""
    from querencia import shows
    from querencia.phrases import say
    from serving import words

    for finding in state.findings:
        shows.line(out, words.finding(finding, settings.language))
    steps = ", ".join(state.done)
    shows.line(out, say(f"run_{state.outcome}", settings.language, run=state.id, steps=steps))
    return state.outcome


@app.command()
def history(
    most: Annotated[int, typer.Option("--most", min=1, help="At most so many, the latest")] = 20,
) -> None:
    """Who was registered, promoted, refused or rolled back: when, why, and at whose wish.

    The whole of it is `history.jsonl` in the MLflow store: a line of JSON each, only appended to.
    """
    from querencia import versions
    from training.history import History

    settings = _load()
    versions.show(out, History(settings.store).entries()[-most:], settings)


@app.command()
def rollback(
    to: Annotated[
        int | None, typer.Option(metavar="N", help="The version; default: the champion before")
    ] = None,
) -> None:
    """Let an earlier version serve again, at once.

    Its files are checked first. Services notice within seconds; `querencia score` makes the scores
    that lists are made of.
    """
    from querencia import shows
    from querencia.phrases import say
    from training.rollback import roll_back

    settings = _load()
    entry = roll_back(settings.registry, to=to)
    told = {"number": entry.version, "before": entry.champion}
    shows.line(out, say("back", settings.language, **told))


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on")] = None,
) -> None:
    """Answer over HTTP: `score`, `explain`, `at_risk`, `customer`, `decide`, `model`.

    `records` and `outcomes` add to the records, `forget` removes a customer. Documentation is at
    `/`.

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
    memory.keep()
    try:
        app(prog_name="querencia")
    except (QuerenciaError, OSError) as error:
        _refuse(str(error))
        sys.exit(1)
