"""The command as a person at a terminal meets it: every verb, its help, and its errors."""

import csv
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from features import adapters
from features.store import Store
from querencia import command, server, shows
from serving.batch import ScoreFile
from serving.http.keys import KeyFile, digest
from serving.settings import Settings, load
from tests.folders import copied
from training.scoring import COLUMNS

pytestmark = pytest.mark.usefixtures("workplace")

VERBS = (
    *("demo", "check", "features", "train", "evaluate", "score", "flag", "campaigns"),
    *("indicators", "report", "forget", "run", "schedule", "history", "rollback", "serve"),
    *("key", "config"),
)


@dataclass(frozen=True)
class Outcome:
    """What a command came to."""

    code: int | str | None
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the entry point with these arguments."""
    monkeypatch.setattr(command, "out", Console(width=command.WIDTH_OF_A_FILE))
    monkeypatch.setattr(command, "err", Console(stderr=True))

    def run(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["querencia", *arguments])
        with pytest.raises(SystemExit) as end:
            command.main()
        printed = capsys.readouterr()
        return Outcome(end.value.code, printed.out, printed.err)

    return run


def refused(outcome: Outcome) -> str:
    """The error that was told: on stderr, without a traceback, with exit code 1."""
    assert outcome.code == 1
    assert outcome.err.startswith("Error: ")
    assert "Traceback" not in outcome.err + outcome.out
    return outcome.err


@pytest.fixture
def purchases(trained: Settings) -> Path:
    """The purchases that were trained on, as a CSV file of a user."""
    table = pd.read_parquet(Store(trained.data).path("transactions"))
    table[["transaction_id", "customer_id", "occurred_at", "amount"]].to_csv(
        "purchases.csv", index=False
    )
    return Path("purchases.csv")


@pytest.fixture
def mine(trained: Settings, workplace: Path) -> Settings:
    """A copy of the trained folder, configured in `querencia.toml`, to be written to."""
    settings = copied(trained, Path())
    (workplace / "querencia.toml").write_text(shows.configuration(settings))
    return settings


HEAVY = {"mlflow", "bentoml", "xgboost", "pandas", "numpy", "duckdb", "sklearn", "matplotlib"}
ASK = """
import sys
from querencia import command

sys.argv = ["querencia", *sys.argv[1:]]
try:
    command.main()
finally:
    print("LOADED", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    asked = subprocess.run(
        [sys.executable, "-c", ASK, *arguments], capture_output=True, text=True, check=True
    )
    loaded = set(asked.stdout.rpartition("LOADED")[2].split())
    assert "Usage: querencia" in asked.stdout
    assert "typer" in loaded
    assert loaded & HEAVY == set()


def test_the_installed_script_is_the_command() -> None:
    script = Path(sys.executable).with_name("querencia")
    asked = subprocess.run([script, "--help"], capture_output=True, text=True, check=True)
    assert "querencia demo" in asked.stdout


@pytest.mark.parametrize("arguments", [["--help"], []])
def test_help_lists_the_verbs_in_the_order_of_their_use(run: Run, arguments: list[str]) -> None:
    shown = run(*arguments)
    commands = (shown.out + shown.err).partition("Commands")[2]
    assert tuple(re.findall(r"^│ (\w+) ", commands, re.MULTILINE)) == VERBS


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(run: Run, verb: str) -> None:
    shown = run(verb, "--help")
    assert shown.code == 0
    assert f"Usage: querencia {verb}" in shown.out
    assert len(shown.out.splitlines()) > 5


def test_evaluate_shows_past_cutoffs_and_writes_what_it_showed(run: Run, mine: Settings) -> None:
    shown = run("evaluate", "--cutoffs", "1", "--output", "out")
    assert shown.code == 0, shown.err
    assert "1998-04-01" in shown.out
    assert "Mean over the cut-offs" in shown.out
    assert "Written: out/evaluation.png" in shown.out
    assert {each.name for each in Path("out").iterdir()} == {
        *("evaluation.json", "evaluation.csv", "evaluation.png"),
    }
    figures = pd.read_csv("out/evaluation.csv")
    assert set(figures["cutoff"]) == {"1998-04-01"}
    assert {"of", "model", "measure", "value", "low", "high"} < set(figures)
    assert len(mine.registry.versions()) == 1


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["flag", "--show", "0"], "greater than or equal to 1"),
        (["check", "a.csv", "b.csv"], "unexpected extra argument"),
        (["demo", "--customers", "3"], "greater than or equal to 500"),
    ],
)
def test_what_is_typed_wrongly_is_told_with_exit_code_2(
    run: Run, arguments: list[str], why: str
) -> None:
    outcome = run(*arguments)
    assert outcome.code == 2
    assert why in " ".join(re.findall(r"[^\s│]+", outcome.err))


@pytest.mark.usefixtures("mine")
def test_the_main_job_from_a_file_to_a_list(run: Run, purchases: Path) -> None:
    shutil.rmtree("data")

    checked = run("check", str(purchases))
    assert checked.code == 0
    assert "6,856 of 6,856 rows kept" in checked.out.replace("\n", " ")
    assert "Next: querencia train" in checked.out

    trained = run("train")
    assert trained.code == 0
    assert re.search(r"^✓ churn and value models from [\d,]+ rows \d+\.\d s$", trained.out, re.M)
    assert "Who left in the 90 days after 1998-04-01" in trained.out
    assert "Version 2 does not serve: +0.0000 USD" in trained.out

    scored = run("score")
    assert scored.code == 0
    assert "2,357 customers scored as of 1998-07-01: data/scores/scores.parquet" in scored.out

    flagged = run("flag", "--show", "3", "--contacts", "60", "--budget", "100")
    assert flagged.code == 0
    assert "amounts in USD" in flagged.out
    path = Path(re.findall(r"^3 of \d+ customers; the list: (.*)$", flagged.out, re.M)[0])
    assert re.search(r"the next USD would bring [\d,.]+, the next contact", flagged.out)

    with path.open(newline="") as file:
        listed = list(csv.DictReader(file))
    assert {column.name for column in COLUMNS} < set(listed[0])
    made = [row for row in listed if row["arm"] == "offer"]
    profits = [float(row["expected_profit"]) for row in made]
    assert profits == sorted(profits, reverse=True)
    assert sum(float(row["cost"]) for row in listed) <= 100.3
    assert made[0]["customer_id"] in flagged.out

    sent = run("campaigns", "--sent", path.parent.name, "--on", "1998-07-02")
    assert "was sent on 1998-07-02 and is among the records" in sent.out
    assert "shows from 1998-09-30 on" in sent.out
    assert re.search(
        rf"{path.parent.name} +1998-07-02 .* known on 1998-09-30", run("campaigns").out
    )


@pytest.mark.usefixtures("mine")
def test_a_list_can_be_told_in_spanish(run: Run) -> None:
    flagged = run("flag", "--language", "es")
    assert "a quién contactar, a 1998-07-01" in flagged.out
    assert re.search(r"\d,\d\d ", flagged.out)
    (path,) = Path("data/campaigns").glob("*/list.csv")
    reasons = pd.read_csv(path)["reason"]
    assert reasons.str.contains("compra|compró|gasta|días|devuelve").all()


@pytest.mark.usefixtures("mine")
def test_nobody_to_contact_is_told(run: Run) -> None:
    flagged = run("flag", "--min-risk", "1")
    assert flagged.code == 0
    assert "Nobody to contact" in flagged.out


@pytest.mark.usefixtures("mine")
@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["flag", "--driver", "envy"], "No customer has the driver envy. There are: "),
        (["flag", "--segment", "gold"], "No customer has the segment gold. There are: none known."),
        (["flag", "--language", "fr"], "language: Input should be 'en' or 'es'"),
        (["campaigns", "--sent", "1999"], "There is no campaign 1999"),
    ],
)
def test_what_is_not_there_is_told(run: Run, arguments: list[str], why: str) -> None:
    assert why in refused(run(*arguments))


def test_without_a_control_there_is_no_campaign(run: Run) -> None:
    Path("querencia.toml").write_text("[campaign]\ncontrol = 0")
    assert "campaign.control: Value error, without a control nobody can tell" in refused(
        run("flag")
    )


@pytest.mark.usefixtures("mine")
def test_the_features_are_written_where_it_says(run: Run) -> None:
    assert "Written: data/snapshots" in run("features").out
    assert list(Path("data/snapshots").glob("*.parquet"))


FAULTY = """customer_id,occurred_at,amount
ann,2024-01-05,10.00
ann,2024-02-05,"1,200.00"
[bold]bob,soon,10
,2024-02-06,5
cid,2024-03-01,7.50
"""


def test_a_check_of_a_bad_file_shows_faults_quarantine_findings_and_fails(run: Run) -> None:
    Path("bad.csv").write_text(FAULTY)
    checked = run("check", "bad.csv")

    assert checked.code == 1
    assert checked.err == ""
    assert "transactions: 2 of 5 rows kept" in checked.out
    for fault in (
        r"amount is not an amount \(e\.g\. .*amount=1,200\.00\); write amounts as 1234\.50",
        r"occurred_at is not a time \(e\.g\. .*customer_id=\[bold\]bob, occurred_at=soon",
        r"customer_id is missing",
    ):
        assert re.search(fault, checked.out)
    assert "every refused row, with its reasons: data/quarantine/transactions.csv" in checked.out
    assert re.search(r"^error: 57 days of history", checked.out, re.M)
    assert re.search(r"^error: 0 customers bought on more than one day", checked.out, re.M)
    assert re.search(r"^warning: transactions: 60\.0% of the rows were refused", checked.out, re.M)
    assert re.search(r"^advice: no margin", checked.out, re.M)
    assert "mend the errors above" in checked.out

    refused_rows = pd.read_csv("data/quarantine/transactions.csv")
    assert refused_rows["row"].tolist() == [2, 3, 4]
    assert refused_rows["reasons"].notna().all()


def test_a_file_that_is_not_there_is_told(run: Run) -> None:
    assert "There is no file nowhere.csv" in refused(run("check", "nowhere.csv"))


FOREIGN = """Pedido;Cliente;Fecha;Importe
A1;ana;31/05/2024;1.234,50 €
A2;bea;01/06/2024;5,10 €
A3;ana;02/06/2024;-5,10 €
"""


def test_columns_that_are_missing_are_told_with_a_mapping_and_what_to_run_next(run: Run) -> None:
    Path("pedidos.csv").write_text(FOREIGN)
    outcome = run("check", "pedidos.csv")
    told = refused(outcome)
    assert "no column for customer_id, occurred_at, amount" in told
    assert "It has: Pedido, Cliente, Fecha, Importe" in told
    for row in (r"Cliente +ana +customer_id ", r"Fecha +31/05/2024 +occurred_at ", r"A1 +transact"):
        assert re.search(row, outcome.out)
    assert "Next: querencia check pedidos.csv --propose querencia.transactions.toml" in outcome.out
    assert not list(Path("data").glob("*/*"))


def test_a_proposed_mapping_is_written_and_reads_the_file(run: Run) -> None:
    Path("querencia.toml").write_text('[features]\ncurrency = "GBP"\n')
    Path("pedidos.csv").write_text(FOREIGN)
    proposed = run("check", "pedidos.csv", "--propose", "mine.toml")
    assert proposed.code == 0
    assert "then: querencia --config mine.toml check" in proposed.out
    assert not Path("data").exists()

    assert "3 of 3 rows kept" in run("--config", "mine.toml", "check").out
    assert load().features.currency == "GBP"
    rows = pd.read_parquet("data/records/transactions.parquet")
    assert sorted(rows["amount"]) == [-5.1, 5.1, 1234.5]


def test_a_proposal_overwrites_nothing(run: Run) -> None:
    Path("pedidos.csv").write_text(FOREIGN)
    Path("mine.toml").write_text("")
    told = refused(run("check", "pedidos.csv", "--propose", "mine.toml"))
    assert "There is a file mine.toml already" in told


def test_what_a_proposal_lacks_is_to_be_filled_in(run: Run) -> None:
    Path("some.csv").write_text("Cliente\nana\n")
    assert "Fill in what is marked" in run("check", "some.csv", "--propose", "mine.toml").out
    assert 'amount = "..."' in Path("mine.toml").read_text()


def test_another_table_is_named_and_added_to_what_is_configured(run: Run) -> None:
    Path("pedidos.csv").write_text(FOREIGN)
    Path("quejas.csv").write_text("Num Incidencia,Cliente,Abierta\n1,ana,2024-06-01\n")
    run("check", "pedidos.csv", "--propose", "one.toml")
    told = run("--config", "one.toml", "check", "quejas.csv", "--table", "tickets")
    assert (
        "Next: querencia --config one.toml check quejas.csv --table tickets --propose "
        "querencia.tickets.toml"
    ) in told.out.replace("\n", " ")
    run(
        *("--config", "one.toml", "check", "quejas.csv"),
        *("--table", "tickets", "--propose", "two.toml"),
    )
    both = run("--config", "two.toml", "check").out
    assert "transactions: 3 of 3 rows kept" in both
    assert "tickets: 1 of 1 rows kept" in both


def test_a_definition_is_named_in_place_of_a_file(run: Run) -> None:
    assert "There is no file orders.parquet" in refused(run("--config", "olist", "check"))
    assert 'currency = "BRL"' in run("--config", "olist", "config").out


@pytest.mark.parametrize("name", adapters.FILES)
def test_a_definition_is_printed_to_be_copied(run: Run, name: str) -> None:
    printed = run("config", "--source", name).out
    assert tomllib.loads(printed) == tomllib.loads(adapters.FILES[name].read_text("utf-8"))
    assert printed.startswith("# ")


def test_a_definition_there_is_not_is_told_with_those_there_are(run: Run) -> None:
    assert "There is no definition shop. Definitions: cdnow, " in refused(
        run("config", "--source", "shop")
    )


def test_definitions_are_named_where_people_look(run: Run) -> None:
    assert "olist, online_retail" in run("config", "--defaults").out
    assert "online_retail" in run("--help").out


def test_features_are_listed_before_there_are_records(run: Run) -> None:
    listed = run("features", "--list")
    assert listed.code == 0
    for name in ("spend_90d", "late_share", "nps_last", "effort_index", "winter"):
        assert re.search(rf"^{name} ", listed.out, re.M)
    assert "All features there are" in listed.out
    assert not Path("data").exists()


@pytest.mark.usefixtures("mine")
def test_features_that_the_records_carry_are_listed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUERENCIA_LANGUAGE", "es")
    listed = run("features", "--list").out
    assert re.search(r"^spend_90d +moneda +gasto neto", listed, re.M)
    assert "late_share" not in listed
    assert "28 variables que sostienen los registros de data" in listed


def test_what_is_told_about_columns_can_be_done(run: Run) -> None:
    Path("orders.csv").write_text("Customer,Date,Total\nann,2024-01-05,10\n")
    Path("querencia.toml").write_text(
        '[tables.transactions.columns]\ncustomer_id = "Customer"\noccurred_at = "Date"\n'
        'amount = "Total"\n[tables.transactions]\npath = "orders.csv"\n'
    )
    assert "1 of 1 rows kept" in run("check").out


@pytest.mark.parametrize(
    ("verb", "remedy"),
    [
        ("check", "Name a file: querencia check FILE"),
        ("features", "querencia check FILE"),
        ("train", "querencia check FILE"),
        ("flag", "querencia score"),
        ("report", "querencia check FILE"),
    ],
)
def test_without_records_or_scores_the_remedy_is_told(run: Run, verb: str, remedy: str) -> None:
    assert remedy in refused(run(verb))


@pytest.mark.usefixtures("mine")
@pytest.mark.parametrize("verb", ["score", "serve"])
def test_without_a_champion_the_remedy_is_told(run: Run, verb: str) -> None:
    Path("querencia.toml").write_text('name = "new"')
    assert "No model serves yet. Train one: querencia train" in refused(run(verb))


def test_without_scores_there_is_no_service(run: Run, mine: Settings) -> None:
    ScoreFile(mine.data).path.unlink()
    assert "There are no scores in data yet. Run: querencia score" in refused(run("serve"))


@pytest.mark.usefixtures("mine")
def test_under_other_settings_there_is_no_service(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUERENCIA_FEATURES__HORIZON_DAYS", "30")
    assert "horizon_days: 90 against 30" in refused(run("serve"))


@pytest.mark.usefixtures("mine")
@pytest.mark.parametrize(
    ("options", "address"),
    [([], ("127.0.0.1", 3000)), (["--host", "0.0.0.0", "--port", "80"], ("0.0.0.0", 80))],  # noqa: S104
)
def test_serving_starts_the_service_at_the_address(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    address: tuple[str, int],
) -> None:
    started: list[tuple[str, int]] = []
    run("key", "shop")
    monkeypatch.setattr(
        server, "replace_this_process", lambda host, port: started.append((host, port))
    )
    assert run("serve", *options).code == 0
    assert started == [address]


def test_a_key_is_printed_once_and_can_be_taken_back(run: Run, mine: Settings) -> None:
    secret = run("key", "till", "--scope", "score", "--scope", "write").out.strip()
    (key,) = [key for key in KeyFile(mine.keys).read().values() if key.name == "till"]
    assert (key.sha256, key.scopes) == (digest(secret), {"score", "write"})
    assert run("key", "till", "--revoke").out.strip() == "Revoked: till"
    assert key.sha256 not in KeyFile(mine.keys).read()
    assert "no key 'till'" in refused(run("key", "till", "--revoke"))


def test_the_configuration_is_printed_as_it_would_be_read(
    run: Run, mine: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUERENCIA_LIST__MOST", "7")
    printed = run("config").out
    Path("again.toml").write_text(printed)

    assert tomllib.loads(printed)["list"]["most"] == 7
    monkeypatch.delenv("QUERENCIA_LIST__MOST")
    assert run("--config", "again.toml", "config").out == printed
    assert load() == mine.model_copy(update={"list": mine.list.model_copy(update={"most": 7})})


def test_the_defaults_are_printed_whatever_is_configured(run: Run) -> None:
    Path("querencia.toml").write_text("[features]\nhorizon_days = 0\n")
    told = refused(run("config"))
    assert "features.horizon_days: Input should be greater than 0" in told
    printed = run("config", "--defaults")
    assert printed.code == 0
    assert load(**tomllib.loads(printed.out)) == Settings.model_construct()


def test_the_configuration_named_is_taken_for_this_process_and_those_it_starts(run: Run) -> None:
    Path("mine.toml").write_text('name = "mine"\n')
    assert 'name = "mine"' in run("--config", "mine.toml", "config").out
    assert os.environ["QUERENCIA_CONFIG"] == "mine.toml"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("nowhere.toml", None, "no configuration file nowhere.toml"),
        ("bad.toml", "[features", "The configuration (bad.toml"),
        ("wrong.toml", "[list]\nmost = 'all'", "list.most: "),
    ],
)
def test_a_configuration_that_is_wrong_is_told(
    run: Run, name: str, content: str | None, why: str
) -> None:
    if content is not None:
        Path(name).write_text(content)
    assert why in refused(run("--config", name, "check", "a.csv"))


def test_indicators_are_read_over_the_days_named_and_written(run: Run, mine: Settings) -> None:
    with Path("querencia.toml").open("a") as file:
        file.write("\n[indicators.repeat_rate]\ntarget = 0.5\n")
    days = ("--from", "1998-01-01", "--to", "1998-03-31")
    told = run("indicators", *days, "--output", "lists/indicators.csv")
    assert told.code == 0
    assert "Indicators from 1998-01-01 to 1998-03-31" in told.out
    assert "50.0%" in told.out
    with Path("lists/indicators.csv").open() as file:
        rows = {row["indicator"]: row for row in csv.DictReader(file)}
    assert {"spend", "churn_rate", "repeat_rate"} <= rows.keys()
    assert rows["repeat_rate"]["target"] == "0.5"
    assert rows["spend"]["currency"] == mine.features.currency
    assert "There is no dimension mood" in refused(run("indicators", "--by", "mood"))


def test_the_report_is_written_in_a_language_and_logged_without_ids(
    run: Run, mine: Settings
) -> None:
    told = run("report", "--lang", "es", "--output", "out/informe.html")
    assert told.code == 0
    assert "Escrito: out/informe.html" in told.out
    written = Path("out/informe.html").read_text("utf-8")
    assert "¿Qué ha cambiado?" in written
    assert "customer-" in written
    (logged,) = mine.store.rglob("reports/*_es.html")
    assert "¿Qué ha cambiado?" in logged.read_text("utf-8")
    assert "customer-" not in logged.read_text("utf-8")

    assert run("report", "--mask").code == 0
    assert "customer-" not in Path("report.html").read_text("utf-8")


def test_the_report_is_of_the_period_that_is_asked_for(run: Run, mine: Settings) -> None:
    assert run("report", "--from", "1998-01-01", "--to", "1998-02-28").code == 0
    written = Path("report.html").read_text("utf-8")
    assert "the 59 days from 1998-01-01 to 1998-02-28" in written
    (logged,) = mine.store.rglob("reports/*_en.html")
    assert logged.name == "1998-01-01_1998-02-28_en.html"
    assert "must end after it starts" in refused(
        run("report", "--from", "1998-03-01", "--to", "1998-02-28")
    )


def test_a_folder_that_cannot_be_written_to_is_told(run: Run, purchases: Path) -> None:
    Path("data").write_text("a file where the folder should be")
    assert "data" in refused(run("check", str(purchases)))


def test_an_interrupted_job_ends_with_the_code_of_an_interrupt(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(**_: object) -> Settings:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_load", interrupt)
    outcome = run("check", "a.csv")
    assert outcome.code == 130
    assert "Traceback" not in outcome.err


# History


@pytest.mark.usefixtures("mine")
def test_the_history_is_told_and_a_rollback_without_an_earlier_champion_refused(run: Run) -> None:
    told = run("history").out
    assert "registered" in told
    assert "promoted" in told
    assert "the first model" in told
    error = refused(run("rollback"))
    assert "Cannot go back from version 1 to the one before" in error
    assert "--to N" in error
