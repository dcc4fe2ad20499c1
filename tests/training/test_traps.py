"""Traps: what gives the label away is refused, and what misleads is told."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.errors import QuerenciaError
from features.snapshot import Snapshot
from training import traps
from training.model import Model

Periods = tuple[Snapshot, Snapshot]


# Leaks


def test_honest_features_are_let_through(past: Snapshot, company_past_and_later: Periods) -> None:
    traps.refuse_leaks(past)
    traps.refuse_leaks(company_past_and_later[0])


def test_a_feature_that_gives_the_label_away_is_refused_by_name(
    company_past_and_later: Periods,
) -> None:
    """Tickets "to cancel", written when the customer has gone."""
    past, _ = company_past_and_later
    rng = np.random.default_rng(0)
    leaked = past.churned * (rng.random(len(past.rows)) < 0.98)
    with pytest.raises(QuerenciaError, match=r"such as tickets_open \(family effort\).*AUC of 0.9"):
        traps.refuse_leaks(past.assign(tickets_open=leaked))


def test_what_is_missing_only_for_those_who_left_is_refused_as_well(
    company_past_and_later: Periods,
) -> None:
    past, _ = company_past_and_later
    known = np.where(past.churned == 1, np.nan, 1.0)
    with pytest.raises(QuerenciaError, match="such as nps_class"):
        traps.refuse_leaks(past.assign(nps_class=known))


def test_where_every_feature_ranks_as_well_the_task_is_easy(past: Snapshot) -> None:
    own = dict.fromkeys(past.names, past.churned)
    traps.refuse_leaks(past.assign(**own))


# Signs


def test_signs_are_right_in_the_simulated_company_and_on_cdnow(
    past: Snapshot, company_past_and_later: Periods
) -> None:
    assert not list(traps.wrong_signs(past))
    assert not list(traps.wrong_signs(company_past_and_later[0]))


def test_a_wrong_sign_is_told(company_past_and_later: Periods) -> None:
    """Late deliveries that only those who stay have."""
    past, _ = company_past_and_later
    late = np.where(past.churned == 1, 0.0, past.rows["late_share"].fillna(0) + 0.2)
    (told,) = traps.wrong_signs(past.assign(late_share=late))
    assert told.level == "warning"
    assert told.text.startswith("late_share has the wrong sign")
    assert "left less often the higher it was" in told.text


def test_a_sister_that_shares_the_weight_turns_no_sign(past: Snapshot) -> None:
    """In the full model one of two like columns may have any sign; here neither is told."""
    rng = np.random.default_rng(1)
    near = past.rows["silence"] + rng.normal(0, 0.1, len(past.rows))
    assert not list(traps.wrong_signs(past.assign(silence_in_gaps=near)))


def test_chance_is_no_wrong_sign(company_past_and_later: Periods) -> None:
    past, _ = company_past_and_later
    rng = np.random.default_rng(2)
    noise = {name: rng.random(len(past.rows)) for name in ("late_share", "overdue", "reopened")}
    assert not list(traps.wrong_signs(past.assign(**noise)))


# Constants


def test_a_feature_that_begins_to_vary_is_told(company_past_and_later: Periods) -> None:
    past, later = company_past_and_later
    assert not list(traps.begins_to_vary(past, later.rows))
    for before in (0.0, np.nan):
        (told,) = traps.begins_to_vary(past.assign(offers=before), later.rows)
        assert "1 features were the same throughout training" in told.text
        assert "such as offers" in told.text


def test_a_feature_that_stays_the_same_is_not_told(company_past_and_later: Periods) -> None:
    past, later = (rows.assign(offers=0.0) for rows in company_past_and_later)
    assert not list(traps.begins_to_vary(past, later.rows))


# Base rate


def test_a_base_rate_in_between_is_not_told(past: Snapshot, later: Snapshot, model: Model) -> None:
    assert 0.05 < past.churned.mean() < 0.9
    assert not list(traps.base_rate(past, later, model.value.purchases))


def test_a_horizon_in_which_nearly_all_leave_is_told_with_one_that_would_do(
    past: Snapshot, later: Snapshot, model: Model
) -> None:
    rng = np.random.default_rng(3)
    few = (rng.random(len(past.rows)) < 0.97).astype(float)
    purchases = model.value.purchases
    told, remedy = traps.base_rate(past.assign(churned=few), later, purchases)
    assert f"Only {(1 - few).sum():,.0f} of {len(few):,} training rows stayed" in told.text
    days = int(remedy.text.split("features.horizon_days = ")[1].rstrip(")."))
    assert days > 90
    assert 0.1 <= purchases.p_no_purchase(days, *later.history).mean() <= 0.8


def test_hardly_anybody_leaving_is_told(past: Snapshot, later: Snapshot, model: Model) -> None:
    rare = np.zeros(len(past.rows))
    rare[:40] = 1
    told, _ = traps.base_rate(past.assign(churned=rare), later, model.value.purchases)
    assert told.text.startswith(f"Only 40 of {len(rare):,} training rows left within the 90 days")


def test_by_a_definition_that_silence_does_not_decide_no_horizon_is_computed(
    past: Snapshot, later: Snapshot, model: Model
) -> None:
    provenance = past.provenance.model_copy(update={"churn": "decline"})
    rare = replace(past, provenance=provenance).assign(churned=0.0)
    _, remedy = traps.base_rate(rare, later, model.value.purchases)
    assert remedy.text.endswith("Choose another horizon (features.horizon_days).")


# Drift


def test_a_base_rate_that_moved_is_told_and_chance_is_not(past: Snapshot) -> None:
    (told,) = traps.drift(past)
    rates = past.rows.groupby("cutoff")["churned"].mean()
    assert f"{rates.iloc[0]:.1%} (1997-04-01) to {rates.iloc[-1]:.1%} (1998-01-01)" in told.text
    rng = np.random.default_rng(4)
    still = (rng.random(len(past.rows)) < 0.5).astype(float)
    assert not list(traps.drift(past.assign(churned=still)))


def test_every_sign_declared_is_of_a_feature_there_is() -> None:
    from features.snapshot import DRIVERS

    assert set(traps.SIGNS) <= set(DRIVERS)
    assert pd.Series(traps.SIGNS).abs().eq(1).all()
