"""What is said about records before a model is trained on them, one finding at a time."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from features import findings
from features.findings import Facts, Finding, judge
from features.intake import Intake
from features.records import CONTRACTS
from features.settings import FeatureSettings
from features.snapshot import NEEDED
from features.summary import Held, Purchases, Summary

PURCHASES = Purchases(5_000, 1_000, 400, date(2022, 1, 1), date(2024, 1, 19))
HELD = tuple(
    Held(table, 5_000, 1_000, 1_000, PURCHASES.first, PURCHASES.last)
    for table in CONTRACTS
    if table != "rates"
)
READ = Intake("transactions", CONTRACTS["transactions"].names, 5_000, 5_000, ())
EVERYTHING = NEEDED | {"transactions.margin", "surveys.answered_at", "surveys.score"}
SOUND = Facts(
    Summary(HELD, PURCHASES, 500),
    FeatureSettings(),
    EVERYTHING,
    date(2024, 1, 25),
    (READ,),
)


def holding(**changed: object) -> Facts:
    """The sound facts with other transactions."""
    bought = replace(PURCHASES, **changed)  # type: ignore[arg-type]
    return replace(SOUND, summary=replace(SOUND.summary, purchases=bought))


def with_table(table: str, **changed: object) -> Facts:
    """The sound facts with one table held otherwise."""
    held = tuple(
        replace(each, **changed) if each.table == table else each  # type: ignore[arg-type]
        for each in HELD
    )
    return replace(SOUND, summary=replace(SOUND.summary, tables=held))


def read(**changed: object) -> Facts:
    """The sound facts with the transactions read otherwise."""
    return replace(SOUND, intakes=(replace(READ, **changed),))  # type: ignore[arg-type]


def under(**settings: object) -> Facts:
    """The sound facts under other settings."""
    return replace(SOUND, settings=FeatureSettings.model_validate(settings))


def the_one(facts: Facts) -> Finding:
    (finding,) = judge(facts)
    return finding


def test_nothing_is_said_of_sound_records() -> None:
    assert judge(SOUND) == []


def test_nothing_is_said_of_a_file_that_only_completes_what_was_known() -> None:
    assert judge(read(rows=0, kept=0, completed=9)) == []


@pytest.mark.parametrize(
    ("facts", "level", "name", "words"),
    [
        (holding(first=date(2023, 4, 3)), "error", "short_history", "292 days of history"),
        (
            holding(repeat_buyers=49, customers=100),
            "error",
            "few_repeat_buyers",
            "49 customers bought on more",
        ),
        (holding(customers=499), "warning", "few_customers", "499 customers"),
        (holding(repeat_buyers=199), "advice", "few_return", "80.1% of the customers bought once"),
        (
            read(kept=4_949),
            "warning",
            "many_refused",
            "transactions: 1.0% of the rows were refused",
        ),
        (
            read(columns=("customer_id",)),
            "advice",
            "no_ids",
            "transactions: no transaction_id, so that rows were numbered",
        ),
        (
            replace(SOUND, has=EVERYTHING - {"transactions.margin"}),
            "advice",
            "no_margin",
            "no margin",
        ),
        (
            with_table("transactions", future=3, example={"transaction_id": "7", "day": "2099"}),
            "error",
            "future",
            "transactions: 3 rows are dated in the future (e.g. transaction_id=7, day=2099)",
        ),
        (
            with_table("surveys", future=3, example={"survey_id": "7"}),
            "warning",
            "future",
            "surveys: 3 rows are dated in the future",
        ),
        (
            with_table("tickets", last=PURCHASES.last - timedelta(days=91)),
            "warning",
            "stale_table",
            "tickets end 91 days before the transactions do",
        ),
        (
            with_table("surveys", buyers=499),
            "warning",
            "unknown_customers",
            "surveys: 50% of its customers bought something",
        ),
        (
            replace(SOUND, has=EVERYTHING - {"surveys.score"}),
            "warning",
            "no_answers",
            "surveys: no score, so that no answer counts",
        ),
        (
            replace(SOUND, summary=replace(SOUND.summary, answering=99)),
            "advice",
            "few_answers",
            "9.9% of the customers have answered a survey",
        ),
        (
            replace(SOUND, left_out=("surveys", "offers")),
            "warning",
            "left_out",
            "not given this time, and so removed from the records: surveys, offers.",
        ),
        (
            replace(SOUND, has=EVERYTHING - {"offers"}),
            "advice",
            "stepping_aside",
            "no records for these feature families, which step aside: offers.",
        ),
        (under(churn="contract"), "error", "no_contracts", "the churn definition is contract"),
        (
            replace(SOUND, summary=Summary(HELD, None)),
            "error",
            "no_transactions",
            "no transactions: models of churn and value need them.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isidentifier() else "",
)
def test_what_speaks_against_a_model_is_told(
    facts: Facts, level: str, name: str, words: str
) -> None:
    told = [found for found in judge(facts) if found.name == name]
    assert [found.level for found in told] == [level]
    assert told[0].text.startswith(words)
    assert "{" not in told[0].text


@pytest.mark.parametrize(
    "facts",
    [
        holding(repeat_buyers=200),
        holding(repeat_buyers=250, customers=500),
        read(kept=4_951),
        with_table("tickets", last=PURCHASES.last - timedelta(days=90)),
        with_table("offers", last=PURCHASES.last - timedelta(days=400)),
        with_table("tickets", last=None),
        with_table("surveys", buyers=500),
        replace(SOUND, summary=replace(SOUND.summary, answering=100)),
        replace(under(churn="contract"), has=EVERYTHING | {"customers.contract_ends_at"}),
    ],
)
def test_what_is_still_sound_is_passed_over(facts: Facts) -> None:
    assert judge(facts) == []


def test_every_finding_is_asked_for() -> None:
    asked = {find.__name__ for find in (*findings.OF_RECORDS, *findings.OF_PURCHASES)}
    written = {
        name
        for name, value in vars(findings).items()
        if getattr(value, "__annotations__", {}).get("return") == findings.Findings
    }
    assert asked == written


def test_the_worst_comes_first() -> None:
    facts = replace(holding(customers=100, repeat_buyers=10), has=frozenset({"transactions"}))
    levels = [finding.level for finding in judge(facts)]
    assert levels == sorted(levels, key=findings.LEVELS.index)
    assert set(levels) == set(findings.LEVELS)


def test_history_is_too_short_exactly_when_there_is_no_plan() -> None:
    for days in range(200, 400, 3):
        facts = holding(first=PURCHASES.last - timedelta(days=days))
        short = [found for found in judge(facts) if found.level == "error"]
        first, end = PURCHASES.last - timedelta(days=days), PURCHASES.last + timedelta(days=1)
        assert bool(short) == (FeatureSettings().plan(first, end) is None)


def test_a_shorter_horizon_needs_less_history() -> None:
    short = holding(first=date(2023, 7, 1))
    assert the_one(short).level == "error"
    assert judge(replace(short, settings=FeatureSettings(horizon_days=30))) == []


def test_records_older_than_the_horizon_are_stale() -> None:
    assert judge(replace(SOUND, today=PURCHASES.last + timedelta(days=90))) == []
    stale = the_one(replace(SOUND, today=PURCHASES.last + timedelta(days=91)))
    assert stale == Finding(
        "warning",
        "the last purchase is 91 days old: whoever was about to leave has left.",
        "stale_transactions",
        {"days": 91},
    )


def test_without_tables_there_is_nothing_to_say_of_them() -> None:
    alone = replace(SOUND, summary=Summary((HELD[1],), PURCHASES), has=frozenset({"transactions"}))
    names = {found.name for found in judge(alone)}
    assert names == {"stepping_aside", "no_margin"}
