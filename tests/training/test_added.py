"""What each family adds: on a company where experience matters, and on one where nothing does."""

from collections.abc import Callable

import numpy as np
import pytest

from features import company
from features.snapshot import Snapshot
from features.store import Store
from training import added, backtest
from training.churn import RFM, LogisticRisk
from training.ranking import Ranking
from training.settings import MoneySettings

MEASURE = backtest.risk_measures(80, MoneySettings())
Table = dict[str, dict[str, float]]


@pytest.fixture(scope="module")
def table(company_past_and_later: tuple[Snapshot, Snapshot]) -> Table:
    return added.added_value(*company_past_and_later, MEASURE)


def test_experience_adds_where_it_makes_customers_leave(table: Table) -> None:
    assert list(table) == ["purchases", "promises", "satisfaction", "effort", "loyalty", "offers"]
    experience = [table[name]["auc_score"] for name in ("promises", "satisfaction", "effort")]
    assert max(experience) > 0.002
    assert table["purchases"]["auc_score_low"] > 0


def test_nothing_adds_to_purchases_where_nothing_makes_customers_leave(
    make_store: Callable[..., Store],
    look_at_company: Callable[..., tuple[Snapshot, Snapshot]],
) -> None:
    """Without memory purchases tell all there is, and no survey is praised for them."""
    tables = company.simulate(3_000, effects=company.Effects.memoryless()).tables
    store = make_store(**tables)
    gains = added.added_value(*look_at_company(store, store.has), MEASURE)
    for family in ("promises", "satisfaction", "effort", "loyalty", "offers"):
        assert gains[family]["auc_score_low"] < 0.001
        assert gains[family]["auc_score"] < 0.003


def test_a_gain_is_the_difference_of_two_models(
    table: Table, company_past_and_later: tuple[Snapshot, Snapshot]
) -> None:
    past, later = company_past_and_later
    purchases = added.families(past.names)["purchases"]

    def measured(features: tuple[str, ...]) -> dict[str, float]:
        model = LogisticRisk(features=features).fit(past.rows, past.churned)
        return dict(MEASURE(Ranking.of(later.churned, model.predict(later.rows))))

    small, large = measured(RFM), measured((*RFM, *purchases))
    row = table["purchases"]
    assert row["auc_score"] == pytest.approx(large["auc_score"] - small["auc_score"], abs=1e-4)
    assert row["log_loss"] == pytest.approx(small["log_loss"] - large["log_loss"], abs=1e-4)
    for name in added.GAINS:
        assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]


def test_a_measure_at_its_ceiling_is_told(
    company_past_and_later: tuple[Snapshot, Snapshot],
) -> None:
    _, later = company_past_and_later
    top = np.where(np.arange(len(later.rows)) % 10 < 7, 1.0, 0.4)
    found = added.ceilings(later.assign(csat_last=top, csat_mean=0.9))
    assert found["csat_last"] == pytest.approx(0.7, abs=0.01)
    assert "csat_mean" not in found


def test_families_and_ceilings_are_told_in_words(table: Table) -> None:
    told = [finding.text for finding in added.told(table, {"csat_last": 0.7})]
    assert len(told) == len(table) + 1
    assert told[0].startswith("purchases adds +0.")
    assert told[0].endswith("to recency, frequency, age and money.")
    assert told[-1].startswith("csat_last is at its ceiling: 70% of the answers")
