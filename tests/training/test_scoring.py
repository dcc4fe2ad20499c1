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
from training import leaves, scoring
from training._likelihood import ModelWarning
from training.intervals import Spread
from training.model import Model
from training.outlook import Outlook
from training.prospects import Prospects
from training.purchases import histories
from training.reasons import Reasons
from training.rehearsal import rehearse
from training.rows import Rows
from training.scoring import (
    COLUMNS,
    FAINT,
    FIGURES,
    NO_DRIVER,
    WINDOW,
    Scores,
    drivers,
    figures,
    score,
)
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
    prospects = Prospects(model.value, later, later.provenance, model.buyers)
    value = model.value.value(*history, presence=prospects.presence(risk)) * prospects.tilt
    assert scores.rows["value"].to_numpy() == pytest.approx(value)
    spend = prospects.expected_amounts(risk)["spend"]
    assert scores.rows["expected_spend"].to_numpy() == pytest.approx(spend)


def test_the_window_of_the_next_purchase_lies_its_wait_after_the_cutoff(
    scores: Scores, model: Model, later: Snapshot
) -> None:
    waits = scoring.next_purchase_days(model, Rows.of(later))
    for name, wait in zip(WINDOW, waits.T, strict=True):
        told = (scores.rows[name] - pd.Timestamp(CUTOFF)) / pd.Timedelta(days=1)
        np.testing.assert_array_equal(told, wait)
    known = waits[~np.isnan(waits).any(axis=1)]
    assert (np.diff(known) >= 0).all()


def test_a_score_does_not_depend_on_the_other_rows(model: Model, later: Snapshot) -> None:
    among = score(model, later).rows
    some = np.random.default_rng(0).permutation(len(later))[:300]
    alone = score(model, later.select(some)).rows
    pd.testing.assert_frame_equal(alone, among.iloc[some].reset_index(drop=True), rtol=1e-12)
    assert len(score(model, later.select(some[:0])).rows) == 0


@pytest.mark.parametrize("which", ["cdnow", "company"])
@pytest.mark.parametrize("size", [1, leaves.AT_ONCE, histories.FEW])
def test_few_rows_are_scored_as_many_are(
    request: pytest.FixtureRequest, which: str, size: int
) -> None:
    model, present = _known(request, which)
    some = np.random.default_rng(size).permutation(len(present))[:size]
    few = score(model, present.select(some)).rows
    many = score(model, present).rows.iloc[some].reset_index(drop=True)
    told = [name for name in few if name != "driver"]
    pd.testing.assert_frame_equal(few[told], many[told], rtol=1e-5, atol=1e-6)
    assert (few["driver"] != many["driver"]).sum() <= 1  # two may add all but as much


def _known(request: pytest.FixtureRequest, which: str) -> tuple[Model, Snapshot]:
    if which == "cdnow":
        return request.getfixturevalue("model"), request.getfixturevalue("later")
    _, present = request.getfixturevalue("company_past_and_later")
    return request.getfixturevalue("company_model"), present


def test_figures_are_those_of_the_scores_in_their_order(
    scores: Scores, model: Model, later: Snapshot
) -> None:
    told = figures(model, Rows.of(later))
    assert tuple(told) == FIGURES
    assert (told["risk"] == scores.rows["risk"]).all()


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
    told = {"habit": 0.0, **points}
    return Reasons(np.array([0.3]), np.array([[*told.values()]]), tuple(told))


def driver_of(reasons: Reasons) -> str:
    names, _ = drivers(reasons)
    return str(names[0])


def test_the_driver_is_what_stands_out_most() -> None:
    assert driver_of(standing_out(spend=0.03, silence=0.04, habit=-0.2)) == "silence"


def test_nothing_is_told_where_nothing_stands_out() -> None:
    assert driver_of(standing_out()) == NO_DRIVER
    assert driver_of(standing_out(silence=-0.2)) == NO_DRIVER
    assert driver_of(standing_out(silence=0.9 * FAINT)) == NO_DRIVER
    assert driver_of(standing_out(silence=1.1 * FAINT)) == "silence"


def test_the_points_told_are_the_drivers_own(scores: Scores, model: Model, later: Snapshot) -> None:
    reasons = model.risk.reasons(later.rows)
    rows = scores.rows
    assert rows["base_risk"].to_numpy() == pytest.approx(reasons.base)
    told = rows["driver"] != NO_DRIVER
    places = [reasons.drivers.index(name) for name in rows["driver"][told]]
    own = reasons.points[told, places]
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
    told = fast.to_numpy() > 0
    assert fast[told].to_numpy() == pytest.approx(own[told])
    assert (fast != exact).any()
