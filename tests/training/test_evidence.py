"""The evidence: gathered on a later period, told in words, and C where there is nothing to gain."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from features import company
from features.snapshot import Snapshot
from features.store import Store
from training import backtest, card
from training.amounts import AMOUNTS
from training.backtest import SERVED
from training.blending import choose
from training.evidence import NAIVE, Evidence, gather, rehearsed
from training.metrics import empc_score
from training.model import Model
from training.outlook import Outlook
from training.ranking import Ranking
from training.rehearsal import rehearse
from training.settings import TrainingSettings


@pytest.fixture(scope="module")
def evidence(model: Model, past: Snapshot, later: Snapshot, quick: TrainingSettings) -> Evidence:
    rehearsals = rehearse(past, quick)
    return gather(model, past, later, rehearsals, choose(rehearsals), quick)


def test_every_measure_lies_in_its_interval(evidence: Evidence) -> None:
    for of_model in evidence.intervals.values():
        for name, told in of_model.items():
            # Drawn again, bins of equal size are further off: this measure is biased upwards.
            if name != "calibration_loss":
                assert told["low"] <= told["value"] <= told["high"]
    assert evidence.risk.keys() == evidence.intervals.keys()


def test_one_time_and_repeat_buyers_are_all_buyers(
    evidence: Evidence, model: Model, later: Snapshot
) -> None:
    parts = evidence.by_purchases
    assert sum(part[SERVED]["customers"] for part in parts.values()) == len(later.rows)
    once = later.rows["frequency"].to_numpy() == 0
    ranking = Ranking.of(later.churned[once], model.risk.predict(later.rows)[once])
    assert parts["one-time buyers"][SERVED]["auc_score"] == ranking.auc_score()
    assert parts["one-time buyers"].keys() == {SERVED, NAIVE}


def test_rehearsals_are_judged_as_the_later_period_is(
    past: Snapshot, quick: TrainingSettings, evidence: Evidence
) -> None:
    (first, _) = rehearse(past, quick)
    measure = backtest.risk_measures(evidence.clv, quick.money)
    told = rehearsed(first, measure)
    assert evidence.rehearsals["1997-10-01"] == told
    profit, _ = empc_score(
        first.churned,
        first.blend,
        clv=evidence.clv,
        offer_cost=quick.money.offer_cost,
        contact_cost=quick.money.contact_cost,
    )
    assert told[SERVED]["profit_score"] == pytest.approx(profit)


def test_what_was_tried_and_left_is_told(evidence: Evidence) -> None:
    told = " ".join(finding.text for finding in evidence.findings)
    assert "weights of the members: learned at one rehearsal" in told
    assert "beta calibration: learned at one rehearsal" in told
    assert "As of 1998-01-01" in told
    assert "The base rate moved from" in told


def test_value_is_judged_with_intervals_and_at_every_rehearsal(
    model: Model, past: Snapshot, later: Snapshot, quick: TrainingSettings
) -> None:
    rehearsals = rehearse(past, quick)
    learned = replace(model, outlook=Outlook.learn(rehearsals))
    found = gather(learned, past, later, rehearsals, choose(rehearsals), quick)
    assert found.value_intervals.keys() == found.value.keys()
    assert found.value_rehearsals.keys() == {"1997-10-01", "1998-01-01"}
    for measures in (found.value, *found.value_rehearsals.values()):
        assert measures["served spend"]["mae_loss"] < measures["naive_rate spend"]["mae_loss"]
    assert 0.72 <= found.coverage["spend_coverage_80_top_decile"] <= 0.88  # 235 customers
    texts = " ".join(finding.text for finding in found.findings)
    assert "level of the spend: learned at one rehearsal" in texts
    assert "Spend per purchase and frequency have a rank correlation" in texts
    assert found.to_dict()["coverage"] == found.coverage


def test_without_rehearsals_the_plain_mean_is_told(
    model: Model, past: Snapshot, later: Snapshot, quick: TrainingSettings
) -> None:
    found = gather(model, past, later, (), None, quick)
    told = [finding.text for finding in found.findings]
    assert any("equal weights and nothing is corrected: 0 of the 2" in text for text in told)


def test_fast_reasons_are_measured_against_exact_ones(evidence: Evidence) -> None:
    assert 0.8 < evidence.agreement["fast_reasons_same_driver"] <= 1
    assert 0 < evidence.agreement["fast_reasons_mean_points"] < 0.02


def test_the_card_holds_no_customer_and_every_finding(
    evidence: Evidence, model: Model, past: Snapshot
) -> None:
    text = card.write(model, evidence, len(past.rows))
    assert "customer-" not in text
    assert all(finding.text in text for finding in evidence.findings)
    assert evidence.grade is not None
    assert f"Grade {evidence.grade.letter}" in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    figures = sum(len(m) for amount in AMOUNTS for m in evidence.measured()[amount].values())
    assert len(rows) == len(evidence.risk) + figures + 10 + 3
    widths = {line.count("|") for line in rows}
    assert widths == {8, 6}


def test_labels_of_the_later_period_choose_nothing(
    past: Snapshot, later: Snapshot, quick: TrainingSettings
) -> None:
    """Turn every outcome after the cut-off: what is served stays to the bit."""
    turned = later.assign(churned=1 - later.rows["churned"])
    verdict = choose(rehearse(past, quick))
    assert verdict is not None
    again = Model.fit(past, turned, quick, margin_rate=1, blending=verdict.blending)
    first = Model.fit(past, later, quick, margin_rate=1, blending=verdict.blending)
    assert (again.risk.predict(later.rows) == first.risk.predict(later.rows)).all()


def test_where_customers_have_no_memory_there_is_nothing_to_gain(
    make_store: Callable[..., Store],
    look_at_company: Callable[..., tuple[Snapshot, Snapshot]],
    quick: TrainingSettings,
) -> None:
    store = make_store(**company.simulate(3_000, effects=company.Effects.memoryless()).tables)
    past, later = look_at_company(store, store.has)
    model = Model.fit(past, later, quick, margin_rate=0.4)
    found = gather(model, past, later, (), None, quick).grade
    assert found is not None
    assert (found.letter, found.formula) == ("C", model.value.purchases.kind_)
    assert "nothing to gain here" in found.finding.text


def test_where_experience_drives_customers_away_there_is(
    company_model: Model,
    company_past_and_later: tuple[Snapshot, Snapshot],
    quick: TrainingSettings,
) -> None:
    found = gather(company_model, *company_past_and_later, (), None, quick).grade
    assert found is not None
    assert found.letter in "AB"
    assert found.naive_auc_gain.low > 0.1
    assert np.isfinite(found.profit_gain).all()
