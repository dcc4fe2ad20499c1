import json
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from features.errors import QuerenciaError
from training._lifetimes import GammaGammaFitter
from training._likelihood import ModelWarning
from training.spend import SpendModel


@pytest.fixture(scope="module")
def sample():
    """Frequency and monetary value of the CDNOW sample at 39 weeks, one-time buyers included."""
    path = Path(str(distribution("lifetimes").locate_file("lifetimes/datasets/CDNOW_sample.txt")))
    columns = ["master_id", "id", "day", "items", "dollars"]
    rows = pd.read_csv(path, sep=r"\s+", names=columns)
    days = rows[rows["day"] <= 19970930].groupby(["id", "day"])["dollars"].sum().reset_index()
    repeats = days[days["id"].duplicated()].groupby("id")["dollars"].agg(["size", "mean"])
    repeats = repeats.reindex(days["id"].unique())
    return repeats["size"].fillna(0).to_numpy(float), repeats["mean"].to_numpy(float)


@pytest.fixture(scope="module")
def model(sample):
    return SpendModel().fit(*sample)


def test_reproduces_the_published_fit_of_cdnow(sample, model):
    """Fader & Hardie, note 025: 946 repeat buyers."""
    assert (sample[0] > 0).sum() == 946
    published = {"p": 6.25, "q": 3.74, "gamma": 15.44}
    assert model.params_ == pytest.approx(published, abs=0.006)


def test_finds_the_parameters_that_lifetimes_finds(sample, model):
    usable = sample[1] > 0
    fitter = GammaGammaFitter().fit(sample[0][usable], sample[1][usable])
    assert list(model.params_.values()) == pytest.approx(fitter.params_.to_list(), rel=1e-4)


def test_agrees_with_the_lifetimes_fitter_it_hands_back(sample, model):
    frequency, spend = (column[sample[0] > 0] for column in sample)
    theirs = model.fitter_.conditional_expected_average_profit(frequency, spend)
    assert model.expected_spend(frequency, spend) == pytest.approx(theirs, rel=1e-12)


def test_customers_without_usable_repeat_spend_get_the_population_mean(model):
    p, q, gamma = model.params_.values()
    spend = model.expected_spend([0, 3, 3, 2], [np.nan, np.nan, -20, 0])
    assert spend == pytest.approx(np.full(4, p * gamma / (q - 1)))


def test_currency_is_only_a_unit(sample, model):
    cents = SpendModel().fit(sample[0], sample[1] * 100)
    expected = {"p": 1, "q": 1, "gamma": 100}
    for name, factor in expected.items():
        assert cents.params_[name] == pytest.approx(factor * model.params_[name], rel=1e-4)


@settings(deadline=None)
@given(
    frequency=st.integers(0, 1000),
    spend=st.floats(-1e6, 1e6),
    p=st.floats(0.01, 400),
    q=st.floats(0.01, 400),
    gamma=st.floats(1e-3, 1e6),
)
def test_lies_between_the_own_mean_and_the_population_mean(frequency, spend, p, q, gamma):
    state = {"params": {"p": p, "q": q, "gamma": gamma}, "mean_spend": 50.0}
    model = SpendModel.from_dict(state)
    population = model.expected_spend(0, 0)
    own = spend if spend > 0 and frequency else population
    expected = model.expected_spend(frequency, spend)
    assert expected >= min(own, population) * (1 - 1e-9) >= 0
    assert expected <= max(own, population) * (1 + 1e-9)


def test_spend_without_a_population_mean_is_shrunk_to_the_observed_mean_with_a_warning():
    rng = np.random.default_rng(0)
    frequency = rng.geometric(0.4, size=2000)
    spend = rng.gamma(5 * frequency, 1 / (frequency * rng.gamma(0.6, size=2000)))
    with pytest.warns(ModelWarning, match=r"2000 repeat buyers \(q = 0\.\d\d, at most 1\)"):
        model = SpendModel().fit(frequency, spend)
    assert model.expected_spend(0, np.nan) == pytest.approx(spend.mean())
    assert (model.expected_spend(frequency, spend) > 0).all()


def test_spend_that_depends_on_frequency_is_told_with_a_warning():
    rng = np.random.default_rng(0)
    frequency = rng.geometric(0.3, size=2000)
    spend = 20 * frequency**0.5 * rng.gamma(6 * frequency, 1 / (6 * frequency))
    with pytest.warns(ModelWarning, match="Of 2000 repeat buyers.*spend more per purchase"):
        model = SpendModel().fit(frequency, spend)
    rho, low, high = model.correlation_
    assert 0.2 < low < rho < high < 1
    with pytest.warns(ModelWarning, match="spend less per purchase"):
        SpendModel().fit(frequency, spend / frequency)


def test_spend_that_is_independent_of_frequency_correlates_by_chance_only():
    """However skewed: the medians of few purchases are lower, and the plain ranks correlate."""
    rng = np.random.default_rng(0)
    frequency = rng.geometric(0.3, size=20_000)
    spend = rng.gamma(0.5 * frequency, 1 / frequency) * 40 / rng.gamma(4, size=20_000)
    rho, low, high = SpendModel().fit(frequency, spend).correlation_
    assert low < 0 < high
    assert rho == pytest.approx(0, abs=0.02)
    assert spearmanr(frequency, spend).statistic > 0.1


def test_the_dependence_of_a_single_frequency_is_not_a_number():
    spend = np.random.default_rng(0).gamma(4, 20, size=50)
    assert np.isnan(SpendModel().fit(np.full(50, 3), spend).correlation_).all()


def test_lifetimes_takes_spend_without_a_population_mean_below_zero_where_ours_stays_above():
    state = {"params": {"p": 6.25, "q": 0.8, "gamma": 15.44}, "mean_spend": 50.0}
    model = SpendModel.from_dict(state)
    theirs = model.fitter_.conditional_expected_average_profit(np.array([0]), np.array([0.0]))
    assert theirs[0] < 0
    assert model.expected_spend([0], [0]) == 50
    # by mpmath, the mean of a buyer of 3 purchases at 20 exists all the same: 25.4177897574124
    assert 20 < model.expected_spend([3], [20])[0] < 25.4177897574124


def test_spend_that_does_not_vary_within_customers_can_be_fitted():
    spend = np.random.default_rng(0).gamma(4, 20, size=500)
    model = SpendModel().fit(np.full(500, 3), spend)
    assert model.expected_spend(np.full(500, 3), spend).mean() == pytest.approx(
        spend.mean(), rel=0.01
    )


def test_spend_of_nobody_cannot_be_modelled():
    with pytest.raises(QuerenciaError, match="None of 3 customers has positive spend"):
        SpendModel().fit([0, 2, 1], [np.nan, -5, 0])


def test_survives_json(model):
    copy = SpendModel.from_dict(json.loads(json.dumps(model.to_dict(), sort_keys=True)))
    assert copy.params_ == model.params_
    assert copy.expected_spend([3], [20]) == model.expected_spend([3], [20])
