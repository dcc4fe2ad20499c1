import json

import numpy as np
import pytest
from scipy.special import gammaln, hyperu

from training.btyd import PurchaseModel
from training.spend import SpendModel
from training.value import DAYS_PER_YEAR, ValueModel

KINDS = ["pareto_nbd", "bg_nbd", "mbg_nbd"]
# The fits of CDNOW, in days.
PARAMS = {
    "pareto_nbd": {"r": 0.553, "alpha": 74.0, "s": 0.606, "beta": 81.7},
    "bg_nbd": {"r": 0.243, "alpha": 30.9, "a": 0.793, "b": 2.426},
    "mbg_nbd": {"r": 0.525, "alpha": 43.3, "a": 0.891, "b": 1.614},
}
SPEND = {"params": {"p": 6.25, "q": 3.74, "gamma": 15.44}, "mean_spend": 35.0}

HISTORY = [0, 1, 3, 12], [0, 30, 200, 270], [250, 60, 270, 272]
MONETARY_VALUE = [np.nan, 20.0, 35.0, 60.0]


def fitted(kind, *, margin_rate=0.4, discount_rate=0.15, value_horizon_days=730):
    return ValueModel.from_dict(
        {
            "purchases": {
                "kind": kind,
                "random_state": 0,
                "params": PARAMS[kind],
                "log_likelihood": 0.0,
            },
            "spend": SPEND,
            "margin_rate": margin_rate,
            "discount_rate": discount_rate,
            "value_horizon_days": value_horizon_days,
        }
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value_horizon_days", [1, 365, 731])
def test_value_agrees_with_day_by_day_integration_of_lifetimes(kind, value_horizon_days):
    model = fitted(kind, value_horizon_days=value_horizon_days)
    frequency, recency, T = map(np.array, HISTORY)
    predict = model.purchases.fitter_.conditional_expected_number_of_purchases_up_to_time
    by_day = [predict(day, frequency, recency, T) for day in range(1, value_horizon_days + 1)]
    purchases = np.diff(by_day, axis=0, prepend=0)
    per_day = np.exp(-0.15 / DAYS_PER_YEAR * (np.arange(value_horizon_days) + 0.5))
    spend = model.spend.expected_spend(frequency, MONETARY_VALUE)
    value = model.value(*HISTORY, MONETARY_VALUE)
    assert value == pytest.approx(per_day @ purchases * spend * 0.4, rel=1e-5)


def test_value_tends_to_the_published_discounted_expected_residual_transactions():
    """Fader, Hardie & Lee (2005), RFM and CLV, equation 2: DERT of the Pareto/NBD, in closed form.

    Theirs counts purchases for ever; after 5 years at 200 % a year nothing is left to count.
    """
    model = fitted("pareto_nbd", margin_rate=1, discount_rate=2, value_horizon_days=1826)
    r, alpha, s, beta = PARAMS["pareto_nbd"].values()
    x, t_x, T = map(np.array, HISTORY)
    delta = 2 / DAYS_PER_YEAR
    log_likelihood = model.purchases.fitter_._conditional_log_likelihood(
        (r, alpha, s, beta), x, t_x, T
    )
    log_dert = (
        r * np.log(alpha)
        + s * np.log(beta)
        + (s - 1) * np.log(delta)
        + gammaln(r + x + 1)
        + np.log(hyperu(s, s, delta * (beta + T)))
        - gammaln(r)
        - (r + x + 1) * np.log(alpha + T)
        - log_likelihood
    )
    spend = model.spend.expected_spend(x, MONETARY_VALUE)
    assert model.value(*HISTORY, MONETARY_VALUE) == pytest.approx(
        np.exp(log_dert) * spend, rel=1e-4
    )


@pytest.mark.parametrize("kind", KINDS)
def test_without_discount_value_is_the_margin_of_the_expected_spend(kind):
    model = fitted(kind, discount_rate=0)
    expected = 0.4 * model.expected_amounts(730, *HISTORY, MONETARY_VALUE)["spend"]
    assert model.value(*HISTORY, MONETARY_VALUE) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_value_at_stake_is_the_value_of_one_who_is_a_customer_now(kind):
    model = fitted(kind)
    at_stake = model.value_at_stake(*HISTORY, MONETARY_VALUE)
    value = model.value(*HISTORY, MONETARY_VALUE)
    assert value / model.purchases.p_alive(*HISTORY) == pytest.approx(at_stake, rel=1e-12)
    assert (at_stake >= value).all()


def test_value_at_stake_is_known_where_survival_is_all_but_ruled_out():
    history = 200, 210, 2000
    model = fitted("pareto_nbd")
    assert model.purchases.p_alive(*history) < 1e-100
    assert 0 < model.value_at_stake(*history, 50.0) < np.inf


def test_value_is_worth_less_the_more_it_is_discounted():
    patient, impatient = (fitted("bg_nbd", discount_rate=rate) for rate in (0.05, 0.3))
    assert (
        impatient.value(*HISTORY, MONETARY_VALUE) < patient.value(*HISTORY, MONETARY_VALUE)
    ).all()


def test_expected_spend_is_purchases_times_spend_per_purchase():
    model = fitted("mbg_nbd")
    purchases = model.purchases.expected_purchases(90, *HISTORY)
    spend = model.spend.expected_spend(HISTORY[0], MONETARY_VALUE)
    expected = model.expected_amounts(90, *HISTORY, MONETARY_VALUE)
    assert expected["purchases"] == pytest.approx(purchases)
    assert expected["spend"] == pytest.approx(purchases * spend)


@pytest.mark.parametrize("kind", KINDS)
def test_all_is_in_proportion_to_the_chance_of_being_there(kind):
    model = fitted(kind)
    alive = model.purchases.p_alive(*HISTORY)
    halved = model.expected_amounts(90, *HISTORY, MONETARY_VALUE, presence=alive / 2)
    for name, amount in model.expected_amounts(90, *HISTORY, MONETARY_VALUE).items():
        assert halved[name] == pytest.approx(amount / 2)
    value = model.value(*HISTORY, MONETARY_VALUE)
    assert model.value(*HISTORY, MONETARY_VALUE, presence=alive / 2) == pytest.approx(value / 2)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_at_stake_is_never_less_than_the_value(kind):
    """Also of one who buys more surely than the process holds possible."""
    model, sure = fitted(kind), np.full(4, 0.999)
    there = sure / model.purchases.p_purchase_if_alive(90, *HISTORY)
    assert (there > 1).all()
    value, at_stake = (
        method(*HISTORY, MONETARY_VALUE, presence=there)
        for method in (model.value, model.value_at_stake)
    )
    assert (value == at_stake).all()
    expected = model.expected_amounts(90, *HISTORY, MONETARY_VALUE, presence=there)
    assert (expected["purchases"] >= 0.999).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_process_alone_says_its_own_presence(kind):
    model = fitted(kind)
    buys = 1 - model.purchases.p_no_purchase(90, *HISTORY)
    alive = model.purchases.p_alive(*HISTORY)
    if_there = model.purchases.p_purchase_if_alive(90, *HISTORY)
    assert buys / if_there == pytest.approx(alive, abs=1e-9)


@pytest.mark.filterwarnings("ignore:P.alive.:training.btyd.ModelWarning")  # nobody leaves here
def test_fits_purchases_and_spend_on_the_same_customers():
    rng = np.random.default_rng(0)
    T = rng.integers(100, 400, size=400)
    frequency = np.minimum(rng.poisson(rng.gamma(1, 3, size=400)), T)
    recency = np.where(frequency > 0, np.maximum(T * frequency // (frequency + 1), 1), 0)
    spend = np.where(frequency > 0, rng.gamma(6, 5, size=400), np.nan)
    apart = PurchaseModel().fit(frequency, recency, T), SpendModel().fit(frequency, spend)
    together = ValueModel(
        PurchaseModel(), SpendModel(), margin_rate=0.3, discount_rate=0.1, value_horizon_days=365
    ).fit(frequency, recency, T, spend)
    assert together.purchases.params_ == apart[0].params_
    assert together.spend.params_ == apart[1].params_


@pytest.mark.parametrize("kind", KINDS)
def test_survives_json(kind):
    model = fitted(kind)
    copy = ValueModel.from_dict(json.loads(json.dumps(model.to_dict())))
    assert (copy.value(*HISTORY, MONETARY_VALUE) == model.value(*HISTORY, MONETARY_VALUE)).all()
