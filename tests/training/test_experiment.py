"""What trials teach, on the simulated company whose truth is known."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features import snapshot
from features.company import Effects as Truth
from features.company import simulate
from features.offers import CONTROL
from features.settings import FeatureSettings
from features.snapshot import Snapshot
from features.store import Store
from training import experiment, trials
from training.contacts import Contacts, expected, fall
from training.effects import BASE, GRIEVANCE, RISK, Effects, Lesson
from training.model import Model
from training.retrain import lay_plan
from training.save_rates import Rate
from training.scoring import COLUMNS, score
from training.settings import MoneySettings, TrainingSettings
from training.trials import Trials

MakeStore = Callable[..., Store]
SETTINGS = FeatureSettings(cutoffs=3)


@pytest.fixture(scope="module")
def learned(make_store: MakeStore, quick: TrainingSettings) -> Callable[[Truth], tuple]:
    """A model that knows what its trials teach, the customers of today, and the truth."""

    def learn(effects: Truth) -> tuple[Model, Snapshot, pd.DataFrame]:
        company = simulate(3_000, random_state=3, effects=effects)
        store = make_store(**company.tables)
        plan = lay_plan(store, SETTINGS)
        taken = snapshot.take(
            store.records(),
            (*plan.training, plan.evaluation),
            SETTINGS,
            has=store.has,
            observed_until=plan.scoring,
        ).labelled
        past, later = taken.at(*plan.training), taken.at(plan.evaluation)
        model = Model.fit(past, later, quick, margin_rate=0.35)
        found = trials.take(store, SETTINGS, before=plan.scoring, has=store.has)
        known = snapshot.take(store.records(), [plan.scoring], SETTINGS, has=store.has)
        return (
            replace(model, effects=experiment.learn(model, past, known, found, quick)),
            known,
            company.truth.set_index("customer_id").loc[known.ids[known.customer]],
        )

    return learn


@pytest.fixture(scope="module")
def good(learned: Callable[[Truth], tuple]) -> tuple[Model, Snapshot, pd.DataFrame]:
    return learned(replace(Truth(), contacted_share=1.0))


def test_the_save_rate_is_that_of_the_company(
    good: tuple[Model, Snapshot, pd.DataFrame],
) -> None:
    lesson = good[0].effects.offers["voucher"]
    assert 0.15 < lesson.rates.overall.mean < 0.6
    assert lesson.stop.decision == "go on"
    assert lesson.stop.saved.mean > 0


def test_what_an_offer_saves_goes_along_with_the_truth(
    good: tuple[Model, Snapshot, pd.DataFrame],
) -> None:
    model, today, truth = good
    scores = score(model, today).rows
    effect = np.where(truth["left_at"].notna(), 0.0, -truth["offer_effect"])
    lately = (scores["silence"] <= 180).to_numpy()
    for column in ("saved_voucher", "saved_prior"):
        assert np.corrcoef(scores[column][lately], effect[lately])[0, 1] > 0.25
    # The risk counts those who are gone already, whom no offer saves.
    assert np.corrcoef(scores["risk"][lately], effect[lately])[0, 1] < 0.1


def test_scores_tell_of_every_offer_tried_and_of_any_other(
    good: tuple[Model, Snapshot, pd.DataFrame],
) -> None:
    scores = score(good[0], good[1]).rows
    columns = [column.name for column in COLUMNS]
    assert list(scores.columns) == [*columns, "saved_voucher", "saved_voucher_sd"]
    assert (scores[["saved_prior_sd", "saved_voucher_sd"]] >= 0).all().all()


@pytest.mark.parametrize("untried", [Truth.useless_offer(), Truth.harmful_offer()])
def test_an_offer_that_saves_nobody_is_found_out(
    learned: Callable[[Truth], tuple], untried: Truth
) -> None:
    model, today, _ = learned(replace(untried, contacted_share=1.0))
    lesson = model.effects.offers["voucher"]
    assert lesson.rates.overall.mean < 0.12
    if untried.offer_on_all > 0:
        assert lesson.rates.overall.mean < -0.2
        assert lesson.stop.decision == "stop: harms"
        assert (score(model, today).rows["saved_voucher"] <= 0).all()
        assert "offer_harms" in {each.name for each in lesson.findings}


def test_a_model_read_back_says_the_same_of_offers(
    good: tuple[Model, Snapshot, pd.DataFrame], tmp_path: Path
) -> None:
    model, today, _ = good
    model.save(tmp_path / "model")
    back = Model.load(tmp_path / "model")
    pd.testing.assert_frame_equal(
        score(back, today).rows, score(model, today).rows, check_exact=True
    )
    assert [each.text for each in back.effects.findings] == [
        each.text for each in model.effects.findings
    ]


def test_findings_tell_their_figures_by_name(
    good: tuple[Model, Snapshot, pd.DataFrame],
) -> None:
    found = {each.name: each for each in good[0].effects.findings}
    assert {"offer_saves", "offer_goes_on"} <= set(found)
    assert {"uplift_not_yet", "uplift_out_of_reach", "uplift_taken"} & set(found)
    for each in found.values():
        assert each.figures["offer"] == "voucher"
        assert each.text.startswith("voucher: ")


def test_without_trials_the_prior_is_all_there_is(
    past: Snapshot, later: Snapshot, model: Model, quick: TrainingSettings
) -> None:
    effects = experiment.learn(model, past, later, None, quick)
    assert not effects.offers
    assert effects.prior == pytest.approx((0.3, np.sqrt(0.3 * 0.7 / 21)))
    risk = model.risk.predict(later.rows)
    nobody = np.full(len(later), "none")
    inputs = effects.inputs(later, risk)
    said = effects.saved("anything", inputs, segment=nobody)
    assert said.mean == pytest.approx(0.3 * inputs.columns[BASE])
    assert (inputs.columns[BASE] <= 1).all()


def test_of_a_model_that_was_taught_nothing_the_prior_goes_with_the_risk(
    later: Snapshot, model: Model
) -> None:
    risk = model.risk.predict(later.rows)
    effects = Effects.untried(MoneySettings(save_rate_alpha=2, save_rate_beta=8))
    nobody = np.full(len(later), "none")
    said = effects.saved("anything", effects.inputs(later, risk), segment=nobody)
    assert said.mean == pytest.approx(0.2 * risk)


def test_a_learner_is_taken_for_what_it_tells_and_not_for_what_segments_do_not(
    later: Snapshot,
) -> None:
    driven = contacts_of(later, driven=True)
    lesson = lesson_of(driven)
    assert lesson.uplift is not None
    assert "uplift_taken" in {each.name for each in lesson.findings}
    assert lesson.measures["qini_x"] > lesson.measures["qini_segments"]
    assert 0.5 < lesson.slope.mean <= 1

    useless = lesson_of(contacts_of(later, driven=False))
    assert useless.uplift is None
    assert {"uplift_not_yet", "uplift_out_of_reach"} & {each.name for each in useless.findings}


def lesson_of(contacts: Contacts) -> Lesson:
    prior, settings = Rate.beta(6, 14), TrainingSettings()
    return experiment.lesson("call", contacts, prior, settings, customers=len(contacts.lost))


def contacts_of(rows: Snapshot, *, driven: bool) -> Contacts:
    """Contacts whose offer saves by age, which no segment tells, or nobody."""
    rng = np.random.default_rng(0)
    rows = rows.select(rng.integers(0, len(rows), 8_000))
    age = rows.columns["T"]
    saved = 0.4 * (age > np.median(age)) * driven
    offered = rng.random(len(rows)) < 0.5
    lost = (rng.random(len(rows)) < 0.5 - saved * offered).astype(float)
    half = np.full(len(rows), 0.5)
    told = Trials(rows, np.where(offered, "call", CONTROL).astype(object), half, half)
    inputs = rows.assign(**{BASE: 0.5, RISK: 0.5, GRIEVANCE: 0.0})
    effect = fall(lost, told, expected(lost, told, half[:, None]))
    segment = rng.choice(["habit", "silence"], len(rows))
    return Contacts(told, inputs, lost, effect, half, segment, 100 * half)
