import json
import subprocess
import sys
from importlib.metadata import distribution
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta, gamma
from sklearn.metrics import roc_auc_score

from features.errors import QuerenciaError
from training._lifetimes import ParetoNBDFitter
from training._likelihood import ModelWarning
from training.btyd import LIMIT_DAYS, PurchaseModel
from training.purchases.fitting import Kind
from training.purchases.histories import FEW, Histories

KINDS: list[Kind] = ["pareto_nbd", "bg_nbd", "mbg_nbd"]
WEEKS = 39


def purchase_days(name, columns):
    path = Path(str(distribution("lifetimes").locate_file(f"lifetimes/datasets/{name}")))
    rows = pd.read_csv(path, sep=r"\s+", names=columns, skiprows=int("master" in name))
    rows["day"] = pd.to_datetime(rows["day"].astype(str))
    return rows[["id", "day"]].drop_duplicates()


def split(days):
    """Frequency, recency and T in days at 39 weeks, and the purchases in the 39 weeks after."""
    cutoff = pd.Timestamp("1997-09-30")
    ages = days[days["day"] <= cutoff].groupby("id")["day"].agg(["min", "max", "size"])
    later = days[days["day"] > cutoff].groupby("id").size().reindex(ages.index, fill_value=0)
    return (
        (ages["size"] - 1).to_numpy(float),
        (ages["max"] - ages["min"]).dt.days.to_numpy(float),
        (cutoff - ages["min"]).dt.days.to_numpy(float),
        later.to_numpy(float),
    )


@pytest.fixture(scope="module")
def sample():
    columns = ["master_id", "id", "day", "items", "dollars"]
    return split(purchase_days("CDNOW_sample.txt", columns))


@pytest.fixture(scope="module")
def weeks(sample):
    frequency, recency, T, _ = sample
    return frequency, recency / 7, T / 7


@pytest.fixture(scope="module")
def models(weeks):
    return {kind: PurchaseModel(kind).fit(*weeks) for kind in KINDS}


def given_parameters(kind, *params):
    names = ("r", "alpha", "s", "beta") if kind == "pareto_nbd" else ("r", "alpha", "a", "b")
    return PurchaseModel.from_dict(
        {
            "kind": kind,
            "random_state": 0,
            "params": dict(zip(names, params, strict=True)),
            "log_likelihood": 0.0,
        }
    )


def holdout_errors(expected, actual):
    error = expected - actual
    return np.abs(error).mean(), np.sqrt((error**2).mean()), np.corrcoef(expected, actual)[0, 1]


# Published numbers


@pytest.mark.parametrize(
    ("kind", "params", "log_likelihood"),
    [
        # Fader, Hardie & Lee (2005), table 2, CDNOW in weeks
        ("bg_nbd", {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}, -9582.4),
        ("pareto_nbd", {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}, -9595.0),
        # measured with lifetimes
        ("mbg_nbd", {"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614}, -9582.1),
    ],
)
def test_reproduces_the_published_fits_of_cdnow(models, kind, params, log_likelihood):
    assert models[kind].params_ == pytest.approx(params, abs=0.0005)
    assert models[kind].log_likelihood_ == pytest.approx(log_likelihood, abs=0.05)


@pytest.mark.parametrize(
    ("kind", "mae", "rmse", "correlation"),
    [
        ("pareto_nbd", 0.7545, 1.603, 0.630),
        ("bg_nbd", 0.7855, 1.608, 0.626),
        ("mbg_nbd", 0.7648, 1.607, 0.627),
    ],
)
def test_reproduces_the_holdout_errors_of_cdnow(
    models, weeks, sample, kind, mae, rmse, correlation
):
    errors = holdout_errors(models[kind].expected_purchases(WEEKS, *weeks), sample[3])
    assert errors[0] == pytest.approx(mae, abs=0.00006)
    assert errors[1:] == pytest.approx((rmse, correlation), abs=0.0006)


def test_going_on_at_the_same_pace_is_worse_than_every_model(models, weeks, sample):
    frequency, _, T = weeks
    naive = holdout_errors(frequency * WEEKS / T, sample[3])
    assert naive == pytest.approx((1.024, 2.212, 0.584), abs=0.0006)
    for model in models.values():
        errors = holdout_errors(model.expected_purchases(WEEKS, *weeks), sample[3])
        assert errors[0] < naive[0]
        assert errors[1] < naive[1]
        assert errors[2] > naive[2]


def test_reproduces_the_holdout_errors_of_the_whole_cohort():
    columns = ["id", "day", "items", "dollars"]
    frequency, recency, T, later = split(purchase_days("CDNOW_master.txt", columns))
    weeks = frequency, recency / 7, T / 7
    errors = holdout_errors(PurchaseModel().fit(*weeks).expected_purchases(WEEKS, *weeks), later)
    assert frequency.size == 23_570
    assert errors[0] == pytest.approx(0.7938, abs=0.00006)
    assert errors[1:] == pytest.approx((1.726, 0.671), abs=0.0006)


# Risk


@pytest.mark.parametrize("kind", KINDS)
def test_the_risk_ranks_those_who_stay_away(models, weeks, sample, kind):
    assert roc_auc_score(sample[3] == 0, models[kind].p_no_purchase(WEEKS, *weeks)) > 0.7


def test_the_complement_of_p_alive_of_bg_nbd_ranks_worse_than_chance(models, weeks, sample):
    assert roc_auc_score(sample[3] == 0, 1 - models["bg_nbd"].p_alive(*weeks)) < 0.4


def test_one_time_buyers_are_alive_for_certain_under_bg_nbd_only(models):
    one_time = 0, 0, 30
    assert models["bg_nbd"].p_alive(*one_time) == 1
    assert models["mbg_nbd"].p_alive(*one_time) < 1
    assert models["pareto_nbd"].p_alive(*one_time) < 1


# Independent checks: the individual's likelihood, integrated over the population numerically

POPULATIONS = {
    "pareto_nbd": (0.55, 10.6, 0.61, 11.7),
    "bg_nbd": (0.9, 8.0, 1.3, 2.4),
    "mbg_nbd": (0.9, 8.0, 1.3, 2.4),
}


def individual_likelihood(kind, rate, leaving, x, t_x, T):
    """Alive and dead parts, given the customer's own purchase rate and hazard of leaving."""
    if kind == "pareto_nbd":
        hazard = rate + leaving
        alive = np.exp(-hazard * T)
        dead = leaving / hazard * (np.exp(-hazard * t_x) - np.exp(-hazard * T))
        return rate**x * alive, rate**x * dead
    chances = x + (kind == "mbg_nbd")
    alive = (1 - leaving) ** chances * rate**x * np.exp(-rate * T)
    if chances == 0:
        return alive, 0 * alive
    return alive, leaving * (1 - leaving) ** (chances - 1) * rate**x * np.exp(-rate * t_x)


def quantile_grid():
    """Points and weights on (0, 1), dense at both ends, where a customer's trait may be extreme."""
    nodes, weights = np.polynomial.legendre.leggauss(20)
    ends = np.geomspace(1e-12, 0.5, 30)
    edges = np.concatenate([[0], ends, 1 - ends[-2::-1], [1]])
    width = np.diff(edges)[:, None]
    return (edges[:-1, None] + width * (nodes + 1) / 2).ravel(), (width * weights / 2).ravel()


def mean_over_customers(kind, function):
    r, alpha, third, fourth = POPULATIONS[kind]
    u, weights = quantile_grid()
    rates = gamma(r, scale=1 / alpha).ppf(u)
    pareto = kind == "pareto_nbd"
    leavings = gamma(third, scale=1 / fourth).ppf(u) if pareto else beta(third, fourth).ppf(u)
    return weights @ np.broadcast_to(function(rates[:, None], leavings), (u.size,) * 2) @ weights


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("x", "t_x", "T"), [(0, 0.0, 20.0), (3, 11.0, 30.0)])
def test_risk_and_survival_agree_with_integration_over_customers(kind, x, t_x, T):
    model, horizon = given_parameters(kind, *POPULATIONS[kind]), 13

    def part(index, until):
        def own(rate, leaving):
            return individual_likelihood(kind, rate, leaving, x, t_x, until)[index]

        return mean_over_customers(kind, own)

    alive, dead = part(0, T), part(1, T)
    silent = part(0, T + horizon) + part(1, T + horizon)
    assert model.p_alive(x, t_x, T) == pytest.approx(alive / (alive + dead), rel=1e-6)
    assert model.p_no_purchase(horizon, x, t_x, T) == pytest.approx(
        silent / (alive + dead), rel=1e-6
    )


@pytest.mark.parametrize("kind", KINDS)
def test_agrees_with_the_lifetimes_fitter_it_hands_back(models, weeks, kind):
    fitter, model = models[kind].fitter_, models[kind]
    assert model.p_alive(*weeks) == pytest.approx(
        fitter.conditional_probability_alive(*weeks), rel=1e-6
    )
    assert model.expected_purchases(WEEKS, *weeks) == pytest.approx(
        fitter.conditional_expected_number_of_purchases_up_to_time(WEEKS, *weeks), rel=1e-6
    )


def test_fits_at_least_as_well_as_lifetimes_on_the_same_histories(models, weeks):
    params = ParetoNBDFitter._conditional_log_likelihood
    ours = params(list(models["pareto_nbd"].params_.values()), *weeks).sum()
    published = params([0.5534, 10.5802, 0.6061, 11.6562], *weeks).sum()
    assert ours == pytest.approx(models["pareto_nbd"].log_likelihood_, rel=1e-10)
    assert ours >= published


# Numbers that overflow or cancel


@pytest.mark.parametrize("kind", KINDS)
def test_is_finite_for_a_thousand_purchases_up_to_yesterday(kind):
    model = given_parameters(kind, *POPULATIONS[kind])
    frequency = np.array([86, 200, 1000, 1000])
    recency, T = np.array([700, 700, 1000, 1399]), np.array([700, 700.001, 1400, 1400])
    assert np.isfinite(model.expected_purchases(365, frequency, recency, T)).all()
    assert ((model.p_alive(frequency, recency, T) * [1, 1, 0, 1]) > [0.9, 0.9, -1, 0.5]).all()
    for risk in (
        model.p_no_purchase(30, frequency, recency, T),
        1 - model.p_alive(frequency, recency, T),
    ):
        assert np.isfinite(risk).all()
        assert ((risk >= 0) & (risk <= 1)).all()


@pytest.mark.parametrize(("x", "t_x", "T"), [(0, 0.0, 900.0), (85, 400.0, 401.0), (300, 1.0, 9.0)])
@pytest.mark.parametrize("scales", [(0.02, 3000.0), (3000.0, 0.02), (50.0, 60.0)])
def test_survival_under_pareto_nbd_agrees_with_plain_quadrature(scales, x, t_x, T):
    r, s, (alpha, b) = 0.7, 1.4, scales

    def departure(y):
        fall = (r + x) * np.log((alpha + T) / (alpha + y)) + s * np.log((b + T) / (b + y))
        return s / (b + y) * np.exp(fall)

    ages = [t_x, *np.geomspace(0.001, 1, 30)[:-1] * (T - t_x) + t_x, T]
    odds = sum(quad(departure, *pair, epsabs=0, epsrel=1e-10)[0] for pair in pairwise(ages))
    p_alive = given_parameters("pareto_nbd", r, alpha, s, b).p_alive(x, t_x, T)
    assert p_alive == pytest.approx(1 / (1 + odds), rel=1e-7)


@pytest.mark.parametrize("kind", ["bg_nbd", "mbg_nbd"])
@pytest.mark.parametrize(
    ("params", "x", "T"),
    [
        ((0.105, 2.6, 0.38, 7012.0), 0, 0.0),  # hyp2f1 is NaN
        ((2.0, 20.0, 1.2, 3.0), 1000, 1400.0),  # hyp2f1 overflows
        ((0.5, 30.0, 1.0, 2.0), 2, 90.0),  # a = 1 is singular in the closed form
        ((0.5, 30.0, 0.5, 0.5), 0, 0.0),  # and so is a + b = 1 for those of BG/NBD's first day
        ((0.24, 30.0, 0.79, 2.4), 5, 200.0),
    ],
)
def test_purchases_if_alive_agree_with_plain_quadrature(kind, params, x, T):
    (r, alpha, a, b), horizon = params, 1100
    leaving = beta(a, b + x + (kind == "mbg_nbd"))

    def purchases(u):
        chance = max(leaving.ppf(u), 1e-300)
        return -np.expm1(-(r + x) * np.log1p(chance * horizon / (alpha + T))) / chance

    mean = sum(
        quad(purchases, *pair, epsrel=1e-9, limit=500)[0]
        for pair in [(0, 1e-6), (1e-6, 1e-3), (1e-3, 0.1), (0.1, 0.9), (0.9, 1)]
    )
    model = given_parameters(kind, *params)
    recency = T if x else 0
    assert model.purchases_if_alive(horizon, x, recency, T) == pytest.approx(mean, rel=1e-5)


shapes = st.floats(0.05, 20)
scales = st.floats(0.1, 3000)


@st.composite
def histories(draw):
    frequency = draw(st.integers(0, 500))
    recency = float(frequency + draw(st.integers(0, 500))) if frequency else 0.0
    return frequency, recency, recency + draw(st.integers(0, 900))


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None)
@given(params=st.tuples(shapes, scales, shapes, shapes), history=histories())
def test_probabilities_and_purchases_obey_their_bounds(kind, params, history):
    model = given_parameters(kind, *params)
    month, year = (model.p_no_purchase(days, *history)[0] for days in (30, 365))
    alive = model.p_alive(*history)[0]
    assert 0 <= year <= month + 1e-9 <= 1 + 1e-9
    assert year >= 1 - alive - 1e-9
    purchases = model.expected_purchases(30, *history)[0]
    # Markov's inequality, and not more than a lifetime of purchases at the posterior mean rate
    assert purchases >= 1 - month - 1e-9
    assert purchases <= (params[0] + history[0]) / (params[1] + history[2]) * 30 * (1 + 1e-9)


# The next purchase


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [3, FEW + 2])
def test_the_next_purchase_is_the_day_by_which_as_many_of_those_alive_have_bought(
    models, kind, rows
):
    """Few rows are looked up another way than many."""
    model, columns = models[kind], (np.array([1, 2, 9]), np.array([8, 20, 30]), np.full(3, 35))
    history, chances = [np.resize(column, rows) for column in columns], np.array([0.2, 0.5])
    days = model.next_purchase_days(Histories.of(*history), chances=chances)
    assert days.shape == (rows, 2)
    for i, waits in enumerate(days):
        own = tuple(column[i] for column in history)
        for wait, chance in zip(waits, chances, strict=True):
            assert model.p_purchase_if_alive(wait, *own) >= chance
            assert model.p_purchase_if_alive(wait - 1, *own) < chance


def test_a_next_purchase_beyond_two_years_is_not_a_number(models):
    history = [0, 9], [0, 30], [35, 35]
    waits = models["pareto_nbd"].next_purchase_days(Histories.of(*history), chances=np.array([0.8]))
    assert np.isnan(waits[:, 0]).tolist() == [True, False]
    assert np.nanmax(waits) <= LIMIT_DAYS


# Fitting


@pytest.mark.parametrize("kind", KINDS)
def test_a_fit_in_days_is_the_fit_in_weeks(models, sample, kind):
    frequency, recency, T, _ = sample
    model, weekly = PurchaseModel(kind).fit(frequency, recency, T), models[kind]
    times = {"alpha", "beta"}
    expected = {name: v * (7 if name in times else 1) for name, v in weekly.params_.items()}
    assert model.params_ == pytest.approx(expected, rel=1e-4)
    assert model.log_likelihood_ == pytest.approx(
        weekly.log_likelihood_ - np.log(7) * frequency.sum(), abs=1e-3
    )


@pytest.mark.parametrize("kind", KINDS)
def test_customers_with_the_same_history_count_each(models, weeks, kind):
    twice = PurchaseModel(kind).fit(*(np.tile(column, 2) for column in weeks))
    assert twice.params_ == pytest.approx(models[kind].params_, rel=1e-4)
    assert twice.log_likelihood_ == pytest.approx(2 * models[kind].log_likelihood_, rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_the_start_does_not_matter_and_global_randomness_is_left_alone(models, weeks, kind):
    before = np.random.get_state()[1].copy()
    other = PurchaseModel(kind, random_state=7).fit(*weeks)
    assert other.params_ == pytest.approx(models[kind].params_, rel=1e-4)
    assert (np.random.get_state()[1] == before).all()


def hardly_leaving():
    rng = np.random.default_rng(0)
    T = np.full(300, 365.0)
    frequency = rng.poisson(rng.gamma(2, 3, size=300)).astype(float)
    return frequency, np.where(frequency > 0, np.round(365 * frequency / (frequency + 1)), 0), T


def test_fits_customers_who_hardly_ever_leave_and_says_so():
    frequency, recency, T = hardly_leaving()
    for kind in KINDS:
        with pytest.warns(ModelWarning, match=r"P\(alive\) of 2\d\d repeat buyers is (1|0\.99)"):
            model = PurchaseModel(kind).fit(frequency, recency, T)
        assert np.isfinite(list(model.params_.values())).all()
        total = model.expected_purchases(365, frequency, recency, T).sum()
        assert total == pytest.approx(frequency.sum(), rel=0.1)


def test_of_all_kinds_the_best_by_bic_is_taken(models, weeks):
    best = PurchaseModel("best").fit(*weeks)
    assert set(best.bics_) == {*KINDS, "mbg_cnbd_k"}
    assert best.kind_ == "mbg_nbd"  # -9582.1, against -9582.4 and -9595.0; no rhythm on CDNOW
    assert best.params_ == models["mbg_nbd"].params_
    bic = 4 * np.log(weeks[0].size) - 2 * models["bg_nbd"].log_likelihood_
    assert best.bics_["bg_nbd"] == pytest.approx(bic)
    copy = PurchaseModel.from_dict(json.loads(json.dumps(best.to_dict())))
    assert (copy.p_alive(*weeks) == best.p_alive(*weeks)).all()


@pytest.mark.parametrize("kind", ["bg_nbd", "mbg_nbd"])
def test_lifetimes_is_an_engine_that_finds_the_same(models, weeks, kind):
    theirs = PurchaseModel(kind, engine="lifetimes").fit(*weeks)
    assert theirs.params_ == pytest.approx(models[kind].params_, rel=1e-3)
    assert theirs.log_likelihood_ == pytest.approx(models[kind].log_likelihood_, abs=1e-3)
    assert theirs.log_likelihood_ <= models[kind].log_likelihood_ + 1e-6


def test_lifetimes_has_no_model_of_regular_buyers(weeks):
    with pytest.raises(QuerenciaError, match="lifetimes has no model mbg_cnbd_k"):
        PurchaseModel("mbg_cnbd_k", engine="lifetimes").fit(*weeks)


def test_impossible_histories_are_counted_and_shown():
    with pytest.raises(QuerenciaError, match=r"2 of 3 .* frequency 2, recency 50, T 40"):
        PurchaseModel().fit([1, 2, 0], [5, 50, 3], [40, 40, 40])


def test_purchases_without_a_repeat_cannot_be_modelled():
    with pytest.raises(QuerenciaError, match="None of 2 customers bought on a second day"):
        PurchaseModel().fit([0, 0], [0, 0], [10, 20])


@pytest.mark.parametrize("kind", KINDS)
def test_survives_json(models, weeks, kind):
    copy = PurchaseModel.from_dict(json.loads(json.dumps(models[kind].to_dict())))
    assert copy.to_dict() == models[kind].to_dict()
    assert (copy.p_no_purchase(90, *weeks) == models[kind].p_no_purchase(90, *weeks)).all()


def test_importing_lifetimes_neither_warns_nor_hides_later_warnings():
    code = (
        "import warnings, training._lifetimes; "
        "assert not any(f[0] == 'ignore' and f[2] is FutureWarning for f in warnings.filters)"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, cwd=root)


@pytest.mark.parametrize("kind", ["pareto_nbd", "bg_nbd", "mbg_nbd", "mbg_cnbd_k"])
def test_who_buys_is_there_and_buys(sample, kind):
    frequency, recency, T, _ = sample
    model = PurchaseModel(kind).fit(frequency, recency, T)
    there, buys = (
        model.p_alive(frequency, recency, T),
        model.p_purchase_if_alive(90, frequency, recency, T),
    )
    silent = model.p_no_purchase(90, frequency, recency, T)
    assert there * buys == pytest.approx(1 - silent, abs=1e-9)
    assert (buys > 0).all()
