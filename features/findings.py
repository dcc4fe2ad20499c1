"""What speaks against trusting a model on the records: one function a finding."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from features import coverage
from features.intake import Intake
from features.records import CONTRACTS
from features.settings import FeatureSettings
from features.summary import Held, Purchases, Summary

Level = Literal["error", "warning", "advice"]

LEVELS: tuple[Level, ...] = ("error", "warning", "advice")
"""From what stops a training to what would make it better."""

FEWEST_REPEAT_BUYERS = 50
FEWEST_CUSTOMERS = 500
"""Below these a purchase model has too little to learn from, and figures have wide intervals."""

MOST_REFUSED = 0.01
"""Share of a table's rows that may be refused without a word."""

LEAST_REPEATING = 0.2
LEAST_ANSWERING = 0.1
LEAST_MATCHING = 0.5
"""Shares of customers: who bought again, who answered a survey, whom another table knows."""

STEADY = ("surveys", "tickets", "contacts")
"""Tables that grow as long as there are customers."""


@dataclass(frozen=True)
class Finding:
    """One thing to know of records or a model: an error stops training, the others don't.

    Attributes:
        level: How bad it is.
        text: What, how much, and the remedy, in English.
        name: Names the finding, for programs and translations.
        figures: What the text tells, by name; several words as a tuple.
    """

    level: Level
    text: str
    name: str = ""
    figures: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """What findings rest on.

    Attributes:
        summary: What the store holds.
        settings: The horizon, how cut-offs are laid, the churn definition.
        has: The tables and columns there are.
        today: To tell how fresh the records are.
        intakes: What reading each table came to, where it has just been read.
        left_out: Tables that were among the records and were not given this time.
    """

    summary: Summary
    settings: FeatureSettings
    has: frozenset[str]
    today: date
    intakes: tuple[Intake, ...] = ()
    left_out: tuple[str, ...] = ()

    def __getitem__(self, table: str) -> Held | None:
        return next((held for held in self.summary.tables if held.table == table), None)


Findings = Iterator[Finding]


def tell(level: Level, name: str, text: str, **figures: object) -> Finding:
    """A finding from its English template and what goes into it."""
    shown = {
        key: ", ".join(value) if isinstance(value, tuple) else value
        for key, value in figures.items()
    }
    return Finding(level, text.format(**shown), name, figures)


def judge(facts: Facts) -> list[Finding]:
    """Everything that speaks against trusting a model on these records, the worst first."""
    found = [finding for find in OF_RECORDS for finding in find(facts)]
    bought = facts.summary.purchases
    if bought is not None:
        found += [finding for look in OF_PURCHASES for finding in look(bought, facts)]
    return sorted(found, key=lambda finding: LEVELS.index(finding.level))


def no_transactions(facts: Facts) -> Findings:
    """Other tables say something of customers, but no model learns without purchases."""
    if facts.summary.purchases is None:
        yield tell(
            "error",
            "no_transactions",
            "no transactions: models of churn and value need them. Give a file of purchases.",
        )


def short_history(bought: Purchases, facts: Facts) -> Findings:
    """Too few days for a past horizon to learn from and a later one to judge by."""
    settings, end = facts.settings, bought.last + timedelta(days=1)
    if settings.plan(bought.first, end) is None:
        yield tell(
            "error",
            "short_history",
            "{days:,} days of history; a horizon of {horizon_days} days needs up to {needed}. "
            "Bring more history, or set a shorter features.horizon_days.",
            days=(end - bought.first).days,
            horizon_days=settings.horizon_days,
            needed=settings.days_needed,
        )


def few_repeat_buyers(bought: Purchases, _: Facts) -> Findings:
    """Too few second purchases to learn a rhythm from."""
    if bought.repeat_buyers < FEWEST_REPEAT_BUYERS:
        yield tell(
            "error",
            "few_repeat_buyers",
            "{repeat_buyers} customers bought on more than one day; at least {fewest} are needed "
            "to learn how purchases follow one another.",
            repeat_buyers=bought.repeat_buyers,
            fewest=FEWEST_REPEAT_BUYERS,
        )


def no_contracts(facts: Facts) -> Findings:
    """The churn definition needs to know when contracts end."""
    if facts.settings.churn == "contract" and "customers.contract_ends_at" not in facts.has:
        yield tell(
            "error",
            "no_contracts",
            "the churn definition is contract, and no contract_ends_at is known. Give it in the "
            "table customers, or choose another features.churn.",
        )


def dated_in_the_future(facts: Facts) -> Findings:
    """Cut-offs end where transactions do, so that one typing error makes everybody look gone."""
    for held in facts.summary.tables:
        if held.future:
            yield tell(
                "error" if held.table == "transactions" else "warning",
                "future",
                "{table}: {rows:,} rows are dated in the future (e.g. {example}). Correct the "
                "dates; where day and month are swapped, map the column by its layout "
                "(try_strptime).",
                table=held.table,
                rows=held.future,
                example=tuple(f"{name}={v}" for name, v in (held.example or {}).items()),
            )


def few_customers(bought: Purchases, _: Facts) -> Findings:
    """So few that figures are uncertain."""
    if bought.customers < FEWEST_CUSTOMERS:
        yield tell(
            "warning",
            "few_customers",
            "{customers:,} customers: expect wide intervals below {fewest}.",
            customers=bought.customers,
            fewest=FEWEST_CUSTOMERS,
        )


def many_refused(facts: Facts) -> Findings:
    """Rows that were refused may not be missing at random."""
    for intake in facts.intakes:
        # None is new where all complete, or repeat, what is known.
        refused = 1 - intake.kept / intake.rows if intake.rows else 0.0
        if refused > MOST_REFUSED:
            yield tell(
                "warning",
                "many_refused",
                "{table}: {share:.1%} of the rows were refused; see the quarantine file for each "
                "reason.",
                table=intake.table,
                share=refused,
            )


def stale_transactions(bought: Purchases, facts: Facts) -> Findings:
    """The horizon of the last cut-off is over."""
    age = (facts.today - bought.last).days
    if age > facts.settings.horizon_days:
        yield tell(
            "warning",
            "stale_transactions",
            "the last purchase is {days:,} days old: whoever was about to leave has left.",
            days=age,
        )


def stale_tables(bought: Purchases, facts: Facts) -> Findings:
    """Tables that ended while purchases went on say less and less."""
    for held in filter(None, (facts[table] for table in STEADY)):
        behind = (bought.last - held.last).days if held.last else 0
        if behind > facts.settings.horizon_days:
            yield tell(
                "warning",
                "stale_table",
                "{table} end {days:,} days before the transactions do: bring them up to date.",
                table=held.table,
                days=behind,
            )


def unknown_customers(_: Purchases, facts: Facts) -> Findings:
    """Ids of another system match nobody."""
    for held in facts.summary.tables:
        if held.customers and held.buyers / held.customers < LEAST_MATCHING:
            yield tell(
                "warning",
                "unknown_customers",
                "{table}: {share:.0%} of its customers bought something. Is customer_id the one of "
                "the transactions?",
                table=held.table,
                share=held.buyers / held.customers,
            )


def no_answers(facts: Facts) -> Findings:
    """Surveys count when they are answered, and by what was answered."""
    lacking = {"surveys.answered_at", "surveys.score"} - facts.has
    if facts["surveys"] and lacking:
        yield tell(
            "warning",
            "no_answers",
            "surveys: no {columns}, so that no answer counts.",
            columns=tuple(sorted(name.partition(".")[2] for name in lacking)),
        )


def left_out(facts: Facts) -> Findings:
    """What was not given this time is no longer among the records."""
    if facts.left_out:
        yield tell(
            "warning",
            "left_out",
            "not given this time, and so removed from the records: {tables}. Name every table in "
            "querencia.toml to have all of them read each time.",
            tables=facts.left_out,
        )


def few_return(bought: Purchases, _: Facts) -> Findings:
    """Risk of one-time buyers is an artefact of the model."""
    share = bought.repeat_buyers / bought.customers
    if share < LEAST_REPEATING:
        yield tell(
            "advice",
            "few_return",
            "{share:.1%} of the customers bought once only: for them, risk says little; win the "
            "second purchase first.",
            share=1 - share,
        )


def few_answers(_: Purchases, facts: Facts) -> Findings:
    """Satisfaction is known of a few."""
    answering = facts.summary.survey_coverage
    if "surveys.answered_at" in facts.has and answering < LEAST_ANSWERING:
        yield tell(
            "advice",
            "few_answers",
            "{share:.1%} of the customers have answered a survey: of the others, satisfaction "
            "says nothing. Ask more of them.",
            share=answering,
        )


def no_ids(facts: Facts) -> Findings:
    """Rows that were numbered can't be told from their duplicates."""
    for intake in facts.intakes:
        key = CONTRACTS[intake.table].key
        if key is not None and key not in intake.columns:
            yield tell(
                "advice",
                "no_ids",
                "{table}: no {key}, so that rows were numbered and duplicates can't be found.",
                table=intake.table,
                key=key,
            )


def no_margin(_: Purchases, facts: Facts) -> Findings:
    """Value is then an assumption times sales."""
    if "transactions.margin" not in facts.has:
        yield tell(
            "advice",
            "no_margin",
            "no margin: value is counted in sales times training.money.margin_rate, or 1.",
        )


def stepping_aside(facts: Facts) -> Findings:
    """Families without records are left out in training and serving alike."""
    aside = [carried.family for carried in coverage.families(facts.has) if not carried.features]
    if aside:
        yield tell(
            "advice",
            "stepping_aside",
            "no records for these feature families, which step aside: {families}.",
            families=tuple(aside),
        )


OF_RECORDS: tuple[Callable[[Facts], Findings], ...] = (
    no_transactions,
    no_contracts,
    dated_in_the_future,
    many_refused,
    no_answers,
    left_out,
    no_ids,
    stepping_aside,
)
OF_PURCHASES: tuple[Callable[[Purchases, Facts], Findings], ...] = (
    short_history,
    few_repeat_buyers,
    few_customers,
    stale_transactions,
    stale_tables,
    unknown_customers,
    few_return,
    few_answers,
    no_margin,
)
"""Every finding there can be; the second need purchases to say anything."""
