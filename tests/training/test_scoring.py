"""Scores: what is in them, what is refused, and the driver that is told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from features import online, snapshot
from features.online import History
from features.provenance import DefinitionError
from features.settings import FeatureSettings
from features.snapshot import DRIVERS, Snapshot
from features.store import Store
from training import scoring
from training._likelihood import ModelWarning
from training.intervals import Spread
from training.model import Model
from training.outlook import Outlook
from training.prospects import expected_amounts, tilt
from training.reasons import Reasons
from training.rehearsal import rehearse
from training.scoring import COLUMNS, FAINT, NO_DRIVER, Scores, drivers, score
from training.settings import TrainingSettings
from training.value import ValueModel

CUTOFF = datetime(1998, 4, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def scores(model: Model, later: Snapshot, past: Snapshot, quick: TrainingSettings) -> Scores:
    outlook = Outlook.learn(rehearse(past, quick))
    return score(replace(model, outlook=outlook), later, model_version="7")


def weekly(*, age: int, silent: int) -> History:
    """Somebody who bought every week from `age` days before the cut-off to `silent` days before."""
    days = range(age, silent, -7)
    bought = [{"occurred_at": CUTOFF - timedelta(days=day), "amount": 20.0} for day in days]
    return {"transactions": bought}


@pytest.fixture(scope="module")
def regulars(cdnow_settings: FeatureSettings, cdnow_store: Store) -> Snapshot:
    """A weekly customer who fell silent half a year ago, and one who did not."""
    rows = [
        online.row(
            name, weekly(age=400, silent=silent), CUTOFF, cdnow_settings, has=cdnow_store.has
        )
        for name, silent in (("silent", 180), ("active", 0))
    ]
    return snapshot.together(rows)


def test_columns_are_those_declared_in_their_order(scores: Scores) -> None:
    assert list(scores.rows.columns) == [column.name for column in COLUMNS]


def test_a_score_per_row_carrying_its_provenance(scores: Scores, later: Snapshot) -> None:
    assert (scores.rows["customer_id"] == later.rows["customer_id"]).all()
    assert scores.provenance == later.provenance.model_copy(update={"model_version": "7"})


def test_risks_are_probabilities_and_money_adds_up(scores: Scores) -> None:
    rows = scores.rows
    assert rows["risk"].between(0, 1).all()
    assert rows["expected_loss"].to_numpy() == pytest.approx(rows["risk"] * rows["value"])
    assert (rows["value"] <= rows["value_at_stake"]).all()
    amounts = ["value", "value_at_stake", "expected_purchases", "expected_spend"]
    assert (rows[amounts] > 0).all(axis=None)
    unknown = ["next_purchase_at", "next_purchase_by", "mean_gap"]
    assert not rows.drop(columns=unknown).isna().any(axis=None)


def test_intervals_are_those_of_the_rehearsals_or_empty(
    scores: Scores, model: Model, later: Snapshot
) -> None:
    rows = scores.rows
    for name in ("value", "expected_purchases", "expected_spend"):
        assert (rows[f"{name}_low"] >= 0).all()
        assert (rows[f"{name}_low"] <= rows[f"{name}_high"]).all()
        best = rows[name] > rows[name].quantile(0.9)
        assert (rows.loc[best, f"{name}_high"] > rows.loc[best, name]).all()
    alone = score(model, later).rows
    assert alone[["value_low", "expected_spend_high"]].isna().all(axis=None)


def test_the_value_varies_as_spend_of_its_size_does(model: Model) -> None:
    """Ten dollars of value at half a margin vary as twenty of spend, and half as much."""
    half = ValueModel.from_dict(model.value.to_dict() | {"margin_rate": 0.5})
    spread = Spread(0.8, (15.0,), (0.0, 0.1), (1.0, 2.0), 0.0)
    of_half = replace(model, value=half, outlook=Outlook({}, {"spend": (spread,)}))
    low, high = of_half.value_interval(np.array([10.0, 4.0]))
    assert low.tolist() == [1, 0]
    assert high.tolist() == [20, 4]


def test_risk_value_and_spend_are_the_models_own(
    scores: Scores, model: Model, later: Snapshot
) -> None:
    risk = model.risk.predict(later.rows)
    assert (scores.rows["risk"] == risk).all()
    history = *later.history, later.columns["monetary_value"]
    there = model.value.presence(1 - risk, 90, *later.history)
    value = model.value.value(*history, presence=there)
    value = value * tilt(model.value, later, model.buyers)
    assert scores.rows["value"].to_numpy() == pytest.approx(value)
    spend = expected_amounts(model.value, later, risk, model.buyers)["spend"]
    assert scores.rows["expected_spend"].to_numpy() == pytest.approx(spend)


@pytest.mark.parametrize(("name", "quantile"), [("from", 0.1), ("at", 0.5), ("by", 0.8)])
def test_the_window_of_the_next_purchase_lies_its_wait_after_the_cutoff(
    scores: Scores, model: Model, later: Snapshot, name: str, quantile: float
) -> None:
    due = scores.rows[f"next_purchase_{name}"]
    wait = (due - pd.Timestamp(CUTOFF)) / pd.Timedelta(days=1)
    exact = model.value.purchases.next_purchase_days(*later.history, quantile=quantile)
    assert (wait.isna() == np.isnan(exact)).all()
    assert wait.dropna().between(exact[wait.notna()], exact[wait.notna()] + 1).all()


def test_a_score_does_not_depend_on_the_other_rows(model: Model, later: Snapshot) -> None:
    some = np.array([1200, 3, 47])
    alone = score(model, later.select(some)).rows
    among = score(model, later).rows.iloc[some].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, among, rtol=1e-12)


def test_a_feature_that_never_varied_in_training_and_does_now_is_told_loudly(
    model: Model, later: Snapshot
) -> None:
    few = later.select(np.arange(20))
    assert model.unvaried == {}
    knows_none = replace(model, unvaried={"T": 0.0, "frequency": None})
    with pytest.warns(ModelWarning, match=r"2 features were the same .*T: 0 .* 20 of 20"):
        told = score(knows_none, few)
    assert (told.rows["risk"] == score(model, few).rows["risk"]).all()


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"horizon_days": 60}, "horizon_days: 90 against 60"),
        ({"currency": "EUR"}, "currency: USD against EUR"),
        ({"time_zone": "Europe/Madrid"}, "time_zone: UTC against Europe/Madrid"),
        ({"feature_version": "other"}, r"feature_version: \w+ against other"),
        ({"families": ("purchases", "effort")}, r"families: \(.*\) against \(.*effort.\)"),
    ],
)
def test_rows_under_another_definition_are_refused_by_name(
    model: Model, later: Snapshot, other: dict[str, object], named: str
) -> None:
    rows = replace(later, provenance=later.provenance.model_copy(update=other))
    with pytest.raises(DefinitionError, match=rf"definitions: {named}\. .*querencia train"):
        score(model, rows)


def test_rows_of_other_families_are_refused_by_name(
    company_model: Model, look_at_company: Callable[..., tuple[Snapshot, Snapshot]]
) -> None:
    _, purchases = look_at_company(has={"transactions"})
    with pytest.raises(DefinitionError) as refused:
        score(company_model, purchases)
    assert "families: ('purchases', 'promises', 'satisfaction'" in str(refused.value)
    assert "against ('purchases',); records: ('contacts', " in str(refused.value)


def test_every_family_has_scores_with_reasons_of_its_own(
    company_model: Model, company_past_and_later: tuple[Snapshot, Snapshot]
) -> None:
    rows = score(company_model, company_past_and_later[1]).rows
    assert rows["risk"].between(0, 1).all()
    assert {"silence", "effort", "satisfaction"} < set(rows["driver"])


def test_rows_at_another_cutoff_are_scored(model: Model, regulars: Snapshot) -> None:
    elsewhen = regulars.provenance.model_copy(
        update={"cutoffs": (datetime(2026, 1, 1, tzinfo=UTC),)}
    )
    assert len(score(model, replace(regulars, provenance=elsewhen)).rows) == 2


# Drivers


def test_a_regular_who_fell_silent_is_at_risk_for_the_silence(
    model: Model, regulars: Snapshot
) -> None:
    rows = score(model, regulars).rows.set_index("customer_id")
    risk, driver = rows["risk"].to_dict(), rows["driver"].to_dict()
    assert risk["silent"] > 3 * risk["active"]
    assert driver["silent"] in {"silence", "fading"}
    assert driver["active"] not in {"silence", "fading"}


def test_every_feature_has_a_driver_and_every_row_one_of_them(
    scores: Scores, later: Snapshot
) -> None:
    assert set(later.names) < set(DRIVERS)
    assert set(scores.rows["driver"]) <= {*DRIVERS.values(), NO_DRIVER}
    assert scores.rows["driver"].nunique() > 2


def standing_out(**points: float) -> Reasons:
    """Reasons of one customer with these points of these drivers."""
    return Reasons(np.array([0.3]), pd.DataFrame([{"habit": 0.0, **points}]))


def test_the_driver_is_what_stands_out_most() -> None:
    assert drivers(standing_out(spend=0.03, silence=0.04, habit=-0.2)).tolist() == ["silence"]


def test_nothing_is_told_where_nothing_stands_out() -> None:
    assert drivers(standing_out()).tolist() == [NO_DRIVER]
    assert drivers(standing_out(silence=-0.2)).tolist() == [NO_DRIVER]
    assert drivers(standing_out(silence=0.9 * FAINT)).tolist() == [NO_DRIVER]
    assert drivers(standing_out(silence=1.1 * FAINT)).tolist() == ["silence"]


def test_the_points_told_are_the_drivers_own(scores: Scores, model: Model, later: Snapshot) -> None:
    reasons = model.risk.reasons(later.rows)
    rows = scores.rows
    assert rows["base_risk"].to_numpy() == pytest.approx(reasons.base)
    told = rows["driver"] != NO_DRIVER
    own = reasons.points.to_numpy()[told, reasons.points.columns.get_indexer(rows["driver"][told])]
    assert rows["driver_points"][told].to_numpy() == pytest.approx(own)
    assert (rows["driver_points"][~told] == 0).all()
    assert 0 < told.mean() < 1


def test_many_rows_get_the_fast_reasons(
    model: Model, later: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = later.select(np.arange(200))
    exact = score(model, some).rows["driver_points"]
    monkeypatch.setattr(scoring, "EXACT_UP_TO", 199)
    fast = score(model, some).rows["driver_points"]
    own = model.risk.reasons(some.rows, fast=True).points.max(axis=1)
    assert fast[fast > 0].to_numpy() == pytest.approx(own[fast > 0].to_numpy())
    assert (fast != exact).any()
