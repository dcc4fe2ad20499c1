"""Churn models: probabilities, what adds up to them, and parameters that come back the same."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from features.snapshot import Snapshot
from training.btyd import PurchaseModel
from training.churn import LogisticRisk, NaiveRate, RhythmRisk, TreeRisk, fit_members
from training.leaves import AT_ONCE
from training.model import Model
from training.settings import TrainingSettings, TreeSettings

FEW = TreeSettings(rounds=10)


def signed_logs(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)))


@pytest.fixture(scope="module")
def churned(past: Snapshot) -> np.ndarray:
    return past.churned


@pytest.fixture(scope="module")
def logistic(past: Snapshot, churned: np.ndarray) -> LogisticRisk:
    return LogisticRisk(features=past.names, penalty=0.5).fit(past.rows, churned)


@pytest.fixture(scope="module")
def trees(past: Snapshot, churned: np.ndarray) -> TreeRisk:
    return TreeRisk(FEW, features=past.names).fit(past.rows, churned)


# Logistic regression


def test_logistic_risk_is_scikit_learns(
    past: Snapshot, later: Snapshot, churned: np.ndarray, logistic: LogisticRisk
) -> None:
    theirs = make_pipeline(
        FunctionTransformer(signed_logs),
        StandardScaler(),
        SimpleImputer(strategy="constant", fill_value=0),
        LogisticRegression(C=2, max_iter=1000),
    ).fit(past.rows[list(past.names)].to_numpy(), churned)
    risk = theirs.predict_proba(later.rows[list(past.names)].to_numpy())[:, 1]
    assert later.rows[list(past.names)].isna().any(axis=None)
    assert logistic.predict(later.rows) == pytest.approx(risk, abs=1e-12)


def test_what_is_not_known_counts_as_average(past: Snapshot, logistic: LogisticRisk) -> None:
    values = past.rows[list(past.names)].to_numpy()
    mean = np.nanmean(signed_logs(values), axis=0)
    average = pd.DataFrame([np.sign(mean) * np.expm1(np.abs(mean))], columns=past.names)
    unknown = pd.DataFrame([[np.nan] * len(past.names)], columns=past.names)
    assert logistic.predict(unknown) == pytest.approx(logistic.predict(average))
    assert (logistic.contributions(unknown) == 0).all()


def test_a_feature_nobody_has_changes_nothing(
    past: Snapshot, later: Snapshot, churned: np.ndarray
) -> None:
    never = {"spend": np.nan}
    model = LogisticRisk(features=("silence", "spend")).fit(past.rows.assign(**never), churned)
    without = LogisticRisk(features=("silence",)).fit(past.rows, churned)
    assert model.predict(later.rows) == pytest.approx(without.predict(later.rows), abs=1e-6)


def test_logistic_contributions_add_up_to_the_log_odds(
    later: Snapshot, logistic: LogisticRisk
) -> None:
    added = logistic.intercept_ + logistic.contributions(later.rows).sum(axis=1)
    assert added == pytest.approx(logit(logistic.predict(later.rows)))


def test_a_logistic_model_comes_back_from_json_to_the_bit(
    later: Snapshot, logistic: LogisticRisk
) -> None:
    back = LogisticRisk.from_dict(json.loads(json.dumps(logistic.to_dict())))
    assert back.to_dict() == logistic.to_dict()
    assert (back.predict(later.rows) == logistic.predict(later.rows)).all()


def test_only_the_features_named_are_looked_at(past: Snapshot, churned: np.ndarray) -> None:
    rows = past.rows[["silence", "T"]]
    assert LogisticRisk(features=("T", "silence")).fit(rows, churned).coef_.shape == (2,)


# Trees


def test_tree_contributions_and_bias_add_up_to_the_log_odds(
    later: Snapshot, trees: TreeRisk
) -> None:
    gap = logit(trees.predict(later.rows)) - trees.contributions(later.rows).sum(axis=1)
    assert gap == pytest.approx(gap.mean(), abs=1e-5)  # the bias, the same for everybody
    assert np.ptp(trees.predict(later.rows)) > 0.1


def test_trees_come_back_from_their_file_to_the_bit(
    later: Snapshot, trees: TreeRisk, tmp_path: Path
) -> None:
    trees.save(tmp_path / "trees.ubj")
    back = TreeRisk.load(tmp_path / "trees.ubj", features=trees.features)
    assert (back.predict(later.rows) == trees.predict(later.rows)).all()
    assert (back.contributions(later.rows) == trees.contributions(later.rows)).all()


def test_trees_are_the_same_under_one_seed_and_others_under_another(
    past: Snapshot, later: Snapshot, churned: np.ndarray, trees: TreeRisk
) -> None:
    risk = trees.predict(later.rows)
    again = TreeRisk(FEW, features=past.names)
    other = TreeRisk(FEW, features=past.names, random_state=1)
    assert (again.fit(past.rows, churned).predict(later.rows) == risk).all()
    assert (other.fit(past.rows, churned).predict(later.rows) != risk).any()


def test_few_rows_are_told_what_many_are(later: Snapshot, trees: TreeRisk) -> None:
    few = later.select(np.arange(AT_ONCE))
    assert trees.predict(few) == pytest.approx(trees.predict(later)[:AT_ONCE], rel=1e-12)
    assert trees.predict(later) == pytest.approx(trees.by_xgboost(later), abs=1e-6)
    among = trees.contributions(later)[:AT_ONCE]
    assert trees.contributions(few) == pytest.approx(among, abs=1e-12)
    assert trees.contributions(later.select(np.arange(0))).shape == (0, len(trees.features))


def test_trees_that_learn_anew_tell_few_rows_what_they_learned(
    past: Snapshot, churned: np.ndarray
) -> None:
    some = past.select(np.arange(1))
    trees = TreeRisk(FEW, features=past.names).fit(past, churned)
    before = trees.predict(some)
    assert trees.fit(past, 1 - churned).predict(some) == pytest.approx(1 - before, abs=0.01)


def test_settings_reach_the_trees(past: Snapshot, churned: np.ndarray) -> None:
    settings = TreeSettings(rounds=3, max_depth=1)
    stumps = TreeRisk(settings, features=past.names).fit(past.rows, churned)
    nodes = stumps.booster_.trees_to_dataframe()
    assert nodes["Tree"].nunique() == 3
    assert (nodes.groupby("Tree").size() == 3).all()  # one question, two leaves


# Purchase process


def test_rhythm_risk_is_the_chance_of_no_purchase_and_falls_with_the_horizon(
    model: Model, later: Snapshot
) -> None:
    purchases: PurchaseModel = model.value.purchases
    short, long = (RhythmRisk(purchases, days).predict(later.rows) for days in (90, 180))
    assert (short == purchases.p_no_purchase(90, *later.history)).all()
    assert (long < short).all()


def test_the_purchase_process_adds_its_log_odds_to_the_silence(
    model: Model, later: Snapshot
) -> None:
    rhythm = RhythmRisk(model.value.purchases, 90)
    assert rhythm.features == ("silence",)
    (told,) = rhythm.contributions(later.rows).T
    assert told == pytest.approx(logit(rhythm.predict(later.rows)))


def test_fast_contributions_add_up_to_the_same(later: Snapshot, trees: TreeRisk) -> None:
    exact, fast = trees.contributions(later.rows), trees.fast_contributions(later.rows)
    assert fast.sum(axis=1) == pytest.approx(exact.sum(axis=1), abs=1e-5)
    assert np.abs(exact - fast).max() > 0.01


# The naive formula


def test_the_naive_formula_by_hand() -> None:
    """Three purchase days in 90 days of age are three in the next 90: e^-3 that none comes."""
    rows = pd.DataFrame({"frequency": [2.0, 0.0], "T": [89.0, 0.0]})
    assert NaiveRate(90).predict(rows) == pytest.approx(np.exp([-3, -90]))


# Members and baselines


def test_the_purchase_process_is_a_member_where_churn_is_its_silence(
    model: Model, past: Snapshot
) -> None:
    settings = TrainingSettings(trees=FEW)
    rhythm = RhythmRisk(model.value.purchases, 90)
    kind = model.value.purchases.kind_
    assert list(fit_members(rhythm, past, settings)) == [kind, "logistic", "trees"]
    assert list(fit_members(None, past, settings)) == ["logistic", "trees"]
