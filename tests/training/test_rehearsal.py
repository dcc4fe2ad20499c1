"""Rehearsals: nothing is known at a cut-off that was not known then."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from features.snapshot import Snapshot
from training.btyd import PurchaseModel
from training.churn import LogisticRisk, TreeRisk
from training.rehearsal import Rehearsal, origins, rehearse, settled
from training.settings import TrainingSettings


def month(number: int) -> datetime:
    return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=30 * number)


def test_horizons_close_between_origins_and_before_the_first() -> None:
    cutoffs = [month(number) for number in range(12)]
    assert origins(cutoffs, 90, most=2) == (month(8), month(11))
    assert origins(cutoffs, 90, most=9) == (month(5), month(8), month(11))
    assert origins(cutoffs[:3], 90, most=2) == ()
    assert origins(cutoffs, 30, most=3) == (month(9), month(10), month(11))


@pytest.fixture(scope="module")
def rehearsals(past: Snapshot, quick: TrainingSettings) -> tuple[Rehearsal, ...]:
    return rehearse(past, quick)


def test_the_last_cutoff_and_the_one_a_horizon_before_are_rehearsed(
    rehearsals: tuple[Rehearsal, ...],
) -> None:
    days = [rehearsal.cutoff.date().isoformat() for rehearsal in rehearsals]
    assert days == ["1997-10-01", "1998-01-01"]


def test_a_rehearsal_is_what_would_have_been_trained_then(
    rehearsals: tuple[Rehearsal, ...], past: Snapshot, quick: TrainingSettings
) -> None:
    """As of October 1997 the labels of July and before were known."""
    known = past.at(*(cutoff for cutoff in past.provenance.cutoffs if cutoff.month <= 7))
    known = known.at(*(cutoff for cutoff in known.provenance.cutoffs if cutoff.year == 1997))
    then = past.at(datetime(1997, 10, 1, tzinfo=UTC))
    first = rehearsals[0]
    logistic = LogisticRisk(features=past.names).fit(known.rows, known.churned)
    trees = TreeRisk(quick.trees, features=past.names).fit(known.rows, known.churned)
    purchases = PurchaseModel("best").fit(*then.history)
    assert (first.churned == then.churned).all()
    assert first.members["logistic"] == pytest.approx(logistic.predict(then.rows))
    assert first.members["trees"] == pytest.approx(trees.predict(then.rows))
    silent = purchases.p_no_purchase(90, *then.history)
    assert first.members[purchases.kind_] == pytest.approx(silent, rel=1e-4)
    assert first.blend == pytest.approx(np.mean(list(first.members.values()), axis=0))
    assert {"naive_rate", "baseline_rfm", "baseline_recency"} == first.baselines.keys()


def test_later_labels_change_no_forecast(
    rehearsals: tuple[Rehearsal, ...], past: Snapshot, quick: TrainingSettings
) -> None:
    """Labels that were not known in October 1997 are scrambled."""
    known = past.rows["cutoff"] <= "1997-07-01"
    scrambled = past.rows["churned"].where(known, 1 - past.rows["churned"])
    again = rehearse(past.assign(churned=scrambled), quick)[0]
    for name, said in rehearsals[0].members.items():
        assert (again.members[name] == said).all()


def test_a_cutoff_with_one_outcome_is_not_rehearsed(
    past: Snapshot, quick: TrainingSettings
) -> None:
    all_left = past.rows["churned"].where(past.rows["cutoff"] != "1998-01-01", 1.0)
    again = rehearse(past.assign(churned=all_left), quick)
    assert [rehearsal.cutoff.month for rehearsal in again] == [10]


def test_too_few_purchases_to_fit_then_are_no_reason_to_fail(
    past: Snapshot, quick: TrainingSettings
) -> None:
    assert rehearse(past.assign(frequency=0.0, recency=0.0), quick) == ()


def test_the_best_purchase_process_is_settled_once_and_shared(
    past: Snapshot, later: Snapshot, quick: TrainingSettings
) -> None:
    """Were it chosen at each cut-off, weights learned at one would not fit the next."""
    kind = PurchaseModel("best").fit(*later.history).kind_
    found = settled(quick, later)
    assert (quick.purchases, found.purchases) == ("best", kind)
    assert settled(found, later) is found
    members = [list(each.members) for each in rehearse(past, found)]
    assert members == [[kind, "logistic", "trees"]] * 2


def test_nothing_is_learned_from_those_who_were_made_an_offer(
    past: Snapshot, quick: TrainingSettings
) -> None:
    """Every third row was; its outcome is turned round."""
    offered = np.arange(len(past)) % 3 == 0
    treated = past.assign(offered_ahead=offered, held_out_propensity=1)
    other = treated.assign(churned=np.where(offered, 1 - past.churned, past.churned))
    (one, _), (same, _) = (rehearse(rows, quick) for rows in (treated, other))
    assert one.churned.size == treated.at(one.cutoff).untreated.churned.size
    assert (one.churned == same.churned).all()
    for name, said in one.members.items():
        assert (said == same.members[name]).all()
