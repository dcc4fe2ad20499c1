"""Gates: faults that reading does not see."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from features import gates, holdings, usability
from features.findings import Facts, Findings
from features.gates import Pace
from features.intake import Intake
from features.settings import FeatureSettings
from features.store import Store

MakeStore = Callable[..., Store]
FIRST = date(2024, 1, 1)


def sales(days: int = 182, *, a_day: int = 20) -> pd.DataFrame:
    """Sales of every day, about 25 each."""
    rng = np.random.default_rng(0)
    at = pd.Timestamp(FIRST) + pd.to_timedelta(np.repeat(np.arange(days), a_day), unit="D")
    size = days * a_day
    return pd.DataFrame(
        {
            "transaction_id": np.arange(size).astype(str),
            "customer_id": rng.integers(0, 50, size).astype(str),
            "occurred_at": at,
            "amount": rng.uniform(15, 35, size).round(2),
        }
    )


def names(found: Findings) -> list[str]:
    return [finding.name for finding in found]


def pace(make_store: MakeStore, table: pd.DataFrame) -> Pace:
    return Pace.of(make_store(table), "UTC")


def test_sound_sales_pass(make_store: MakeStore) -> None:
    sound = pace(make_store, sales())
    assert names(gates.jumps(sound, most=5)) == []
    assert names(gates.missing_days(sound)) == []
    assert (len(sound.days), sound.counts.tolist()) == (182, [20] * 182)
    assert len(sound.weeks) == 26


@pytest.mark.parametrize("factor", [100.0, 0.01])
def test_a_week_of_amounts_of_another_size_is_found(make_store: MakeStore, factor: float) -> None:
    table = sales()
    odd = table["occurred_at"].between("2024-05-06", "2024-05-12")
    table.loc[odd, "amount"] *= factor
    (finding,) = gates.jumps(pace(make_store, table), most=5)
    assert (finding.level, finding.figures["week"], finding.figures["count"]) == (
        "error",
        "2024-05-06",
        1,
    )
    assert finding.figures["median"] == pytest.approx(25 * factor, rel=0.1)


def test_few_sales_have_no_usual_amount(make_store: MakeStore) -> None:
    table = sales(a_day=2)
    table.loc[:13, "amount"] *= 100
    assert names(gates.jumps(pace(make_store, table), most=5)) == []


def test_a_day_that_is_missing_is_named(make_store: MakeStore) -> None:
    table = sales()
    gone = table[table["occurred_at"] != "2024-06-12"]
    (finding,) = gates.missing_days(pace(make_store, gone))
    assert (finding.level, finding.figures["days"]) == ("warning", ("2024-06-12",))
    assert finding.figures["usual"] == 20


def test_days_on_which_the_shop_is_always_shut_are_not_missing(make_store: MakeStore) -> None:
    table = sales()
    assert (
        names(gates.missing_days(pace(make_store, table[table["occurred_at"].dt.day_of_week < 6])))
        == []
    )
    rare = sales(a_day=1).query("occurred_at != '2024-06-12'")
    assert names(gates.missing_days(pace(make_store, rare))) == []


def test_tables_that_end_too_long_ago_or_are_not_there_are_found(make_store: MakeStore) -> None:
    store = make_store(sales())
    now = datetime(2024, 6, 30, tzinfo=UTC) + timedelta(days=40)
    facts = usability.learn(store, FeatureSettings(), now=now)
    assert names(gates.too_old(facts, {"transactions": 40})) == []
    (old,) = gates.too_old(facts, {"transactions": 39})
    assert (old.name, old.level, old.figures["days"]) == ("too_old", "error", 40)
    assert names(gates.too_old(facts, {"surveys": 40})) == ["no_table"]


def test_too_many_rows_refused_are_found(make_store: MakeStore) -> None:
    now = datetime(2024, 7, 1, tzinfo=UTC)
    intakes = (Intake("transactions", (), 100, 90, ()), Intake("surveys", (), 0, 0, ()))
    facts = usability.learn(make_store(sales()), FeatureSettings(), now=now, intakes=intakes)
    assert names(gates.refused(facts, most=0.1)) == []
    (finding,) = gates.refused(facts, most=0.05)
    assert (finding.name, finding.figures["share"]) == ("too_many_refused", pytest.approx(0.1))


def test_a_column_that_the_source_no_longer_has_is_named(make_store: MakeStore) -> None:
    store = make_store(sales().assign(margin=1.0))
    now = datetime(2024, 7, 1, tzinfo=UTC)
    whole = ("customer_id", "occurred_at", "amount", "margin")
    for columns, lost in ((whole, []), (whole[:-1], [("margin",)])):
        intakes = (Intake("transactions", columns, 1, 1, ()),)
        facts = usability.learn(store, FeatureSettings(), now=now, intakes=intakes)
        assert [each.figures["columns"] for each in gates.lost_columns(facts)] == lost


def test_rows_are_counted_by_table(make_store: MakeStore) -> None:
    assert holdings.rows(make_store(sales())) == {"transactions": 182 * 20}


def test_tables_that_stand_still_though_they_always_grow_are_named(make_store: MakeStore) -> None:
    store, now = make_store(sales()), datetime(2024, 7, 1, tzinfo=UTC)

    def facts(rows: int, again: int) -> Facts:
        came = Intake("transactions", ("amount",), rows, rows, (), again=again)
        return usability.learn(store, FeatureSettings(), now=now, intakes=(came,))

    held = {"transactions": 182 * 20}
    assert names(gates.nothing_came(facts(0, 0), held, 7)) == ["emptied"]
    (finding,) = gates.nothing_came(facts(0, 140), held, 7)
    assert (finding.name, finding.figures["expected"]) == ("nothing_new", pytest.approx(140))
    assert names(gates.nothing_came(facts(0, 140), held, 0.1)) == []
    assert names(gates.nothing_came(facts(140, 0), {"transactions": 3_500}, 7)) == []
    assert names(gates.nothing_came(facts(140, 0), {}, 7)) == []


def test_rows_told_twice_are_told_of(make_store: MakeStore) -> None:
    came = Intake("transactions", ("amount",), 10, 10, (), again=3)
    now = datetime(2024, 7, 1, tzinfo=UTC)
    facts = usability.learn(make_store(sales()), FeatureSettings(), now=now, intakes=(came,))
    (finding,) = gates.repeated(facts)
    assert (finding.level, finding.figures["again"]) == ("advice", 3)
