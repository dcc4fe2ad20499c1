"""Likelihoods and expectations, against calculation to 40 digits and against simulation.

The numbers with 15 digits were calculated with mpmath from the integrals that define them.
"""

from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad_vec
from scipy.stats import beta, gamma

from training.purchases.beta_geometric import BetaGeometric, ModifiedBetaGeometric
from training.purchases.histories import FEW, Histories
from training.purchases.pareto_nbd import ParetoNBD
from training.purchases.regular import RegularBetaGeometric

CDNOW = ParetoNBD(0.55, 10.6, 0.61, 11.7)
PROCESSES = [
    CDNOW,
    BetaGeometric(0.24, 30.0, 0.8, 2.4),
    ModifiedBetaGeometric(0.5, 40.0, 0.9, 1.6),
    RegularBetaGeometric(0.6, 20.0, 0.9, 1.6, k=3),
]


def buyers(n=300, *, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 40, n) * rng.integers(0, 2, n)
    t_x = np.where(x > 0, x + rng.integers(0, 300, n), 0)
    return Histories.of(x, t_x, t_x + rng.integers(0, 200, n))


@pytest.mark.parametrize(
    ("process", "history", "log_likelihood", "p_alive"),
    [
        (CDNOW, (3, 11, 30), -10.8243093379984, 0.359032342662917),
        (CDNOW, (0, 0, 30), -0.481657963307634, 0.356221956967335),
        # lifetimes is NaN or infinite from here on
        (CDNOW, (86, 700, 700), -271.769221828673, 1.0),
        (CDNOW, (86, 700, 700.001), -271.769343627016, 0.999999142846059),
        (CDNOW, (200, 690, 700), -457.625469813294, 0.952958463067071),
        (CDNOW, (1000, 1000, 1400), -1022.39132796339, 1.6716482331986e-142),
        (ParetoNBD(0.7, 0.02, 1.4, 3000), (300, 1, 9), 1390.88675462662, 1.42256741838276e-279),
        (ParetoNBD(0.7, 3000, 1.4, 0.02), (85, 400, 401), -410.986130558879, 0.996466417427536),
        (ParetoNBD(0.7, 0.5, 300, 2), (250, 260, 730), -1726.07145178145, 1.36584014871552e-246),
        (ParetoNBD(0.05, 1e-3, 0.05, 1e-3), (40, 700, 730), -161.21974024066, 0.99456782890389),
    ],
)
@pytest.mark.parametrize("company", [(), (1, 5, 200, 300)])
def test_pareto_nbd_is_right_to_a_billionth(process, history, log_likelihood, p_alive, company):
    """Alone, and among others who share its panels."""
    x, t_x, T = np.array(history)[:, None] * np.ones(len(company) + 1)
    T[1:] = np.maximum(T[1:], t_x[1:] + company)
    t_x[1:] *= 0.5
    h = Histories.of(x, t_x, T)
    alone = replace(h, counts=np.eye(x.size)[0])
    assert process.log_likelihood(alone) == pytest.approx(log_likelihood, rel=1e-9)
    assert process.p_alive(h)[0] == pytest.approx(p_alive, rel=1e-9)


def test_panels_whose_shares_underflow_are_integrated_apart():
    x, t_x, T = np.full(3, 900.0), np.array([1.0, 500.0, 500.0]), np.array([2.0, 501.0, 502.0])
    together, process = Histories.of(x, t_x, T), ParetoNBD(0.7, 0.01, 1.4, 40.0)
    for i in range(3):
        alone = Histories.of(x[i], t_x[i], T[i])
        one = replace(together, counts=np.eye(3)[i])
        assert process.score(one)[0] == pytest.approx(process.score(alone)[0], rel=1e-12)
        assert process.score(one)[1] == pytest.approx(process.score(alone)[1], rel=1e-9)


@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("unit", [1.0, 100.0])
def test_the_slopes_are_those_of_the_log_likelihood(process, unit):
    h, slopes = buyers().scaled(unit), []
    for name, value in list(asdict(process).items())[:4]:
        up, down = (replace(process, **{name: value * (1 + e)}) for e in (1e-5, -1e-5))
        slopes.append((up.score(h)[0] - down.score(h)[0]) / (2e-5 * value))
    assert process.score(h)[1] == pytest.approx(slopes, rel=1e-5, abs=1e-4)


@pytest.mark.parametrize(
    ("params", "x", "T", "days", "bg", "mbg"),
    [
        # a + b < 1: lifetimes' BG/NBD is negative or NaN for those who bought once
        ((0.5, 30, 0.3, 0.4), 0, 100, 365, 0.904984969070357, 1.13124734082173),
        ((0.5, 30, 0.3, 0.4), 0, 0, 365, 2.60053402350561, 3.76340621530365),
        ((0.24, 30, 0.6, 0.35), 0, 200, 90, 0.0822307789049684, 0.0878260766740178),
        ((0.5, 30, 0.5, 0.5), 0, 10, 365, 1.71893537113623, 2.4718095449941),
        # overflow, NaN, and a = 1
        ((2, 20, 1.2, 3), 1000, 1400, 365, 224.088340468083, 224.116505746917),
        ((0.105, 2.6, 0.38, 7012), 0, 0, 365, 14.6795879966576, 14.6795965058447),
        ((0.5, 30, 1.0, 2.0), 2, 90, 365, 4.14274159340219, 4.45943699476173),
        ((0.5, 30, 1.0001, 2.0), 2, 90, 365, 4.14254979191544, 4.45924936448769),
    ],
)
def test_purchases_while_they_may_leave_are_right(params, x, T, days, bg, mbg):
    h = Histories.of(x, T if x else 0, T)
    for process, expected in ((BetaGeometric, bg), (ModifiedBetaGeometric, mbg)):
        assert process(*params).purchases_if_alive(days, h) == pytest.approx(expected, rel=1e-8)


def test_one_stage_is_mbg_nbd():
    h, plain = buyers(), ModifiedBetaGeometric(0.5, 40.0, 0.9, 1.6)
    regular = RegularBetaGeometric(**asdict(plain), k=1)
    assert regular.log_likelihood(h) == pytest.approx(plain.log_likelihood(h), rel=1e-12)
    assert regular.score(h)[1] == pytest.approx(plain.score(h)[1], rel=1e-9)
    assert regular.p_alive(h) == pytest.approx(plain.p_alive(h), rel=1e-12)
    assert regular.silence(30, h).chance == pytest.approx(plain.silence(30, h).chance, rel=1e-12)
    expected = plain.purchases_if_alive(90, h)
    assert regular.purchases_if_alive(90, h) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("k", [2, 4])
def test_the_likelihoods_of_histories_add_up_to_one_however_many_stages(k):
    """The density of t_x for each x, summed over x: the models are comparable."""
    process, T = RegularBetaGeometric(1.5, 30.0, 0.9, 1.6, k=k), 60.0

    def density(t_x):
        h = Histories.of(np.arange(1.0, 150.0), t_x, T)
        # what all models leave out: t_x^(x - 1) / (x - 1)! of purchases at any time in between
        between = np.cumsum(np.log(np.append(1, t_x / np.arange(1.0, 149.0))))
        one = [process.log_likelihood(replace(h, counts=row)) for row in np.eye(149)[:60]]
        return np.exp(one + between[:60]).sum()

    never = np.exp(process.log_likelihood(Histories.of(0, 0, T)))
    assert never + quad_vec(density, 1e-9, T, epsrel=1e-5)[0] == pytest.approx(1, abs=1e-3)


def regular_customers(process, n, *, T, days, seed=0):
    """Frequency, recency, and the purchases in the days after T, of those who go on to then."""
    rng = np.random.default_rng(seed)
    rate = gamma(process.r, scale=1 / process.alpha).rvs(n, random_state=rng)
    leaves = rng.geometric(beta(process.a, process.b).rvs(n, random_state=rng))
    waits = rng.gamma(process.k, 1 / rate[:, None], (n, 200))
    times = np.cumsum(waits, axis=1)
    bought = np.arange(1, 201) < leaves[:, None]
    before, after = bought & (times <= T), bought & (times > T) & (times <= T + days)
    x = before.sum(axis=1)
    alive = leaves > x + 1
    return x, np.max(times * before, axis=1), after.sum(axis=1), alive


@pytest.mark.parametrize("k", [2, 4])
def test_regular_buyers_buy_and_leave_as_expected(k):
    process, n, days = RegularBetaGeometric(2.0, 8.0, 1.2, 6.0, k=k), 40_000, 50
    x, t_x, later, alive = regular_customers(process, n, T=60, days=days)
    h = Histories.of(x, t_x, np.full(n, 60.0))
    p_alive, silent = process.p_alive(h), process.silence(days, h).chance
    expected = p_alive * process.purchases_if_alive(days, h)
    for few in (x == 0, (x > 0) & (t_x > 50), (x > 0) & (t_x < 40), x > 5):
        error = 4 / np.sqrt(few.sum())
        assert p_alive[few].mean() == pytest.approx(alive[few].mean(), abs=error / 2)
        assert silent[few].mean() == pytest.approx((later[few] == 0).mean(), abs=error / 2)
        spread = later[few].std()
        assert expected[few].mean() == pytest.approx(later[few].mean(), abs=error * spread)


# Few histories, and the same among many

CHANCES, SPANS = np.array([0.1, 0.5, 0.8]), np.array([1.0, 30.0, 365.0])


@st.composite
def few_histories(draw):
    triples = st.tuples(st.integers(0, 300), st.integers(1, 2000), st.integers(0, 2000))
    rows = draw(st.lists(triples, min_size=1, max_size=5))
    x, t_x, wait = np.array(rows, dtype=float).T
    return Histories.of(x, np.where(x > 0, t_x, 0), np.where(x > 0, t_x, 0) + wait)


@pytest.mark.parametrize("process", PROCESSES)
@given(h=few_histories())
def test_few_histories_are_judged_as_they_are_among_many(process, h):
    few, many = h.x.size, h.rows(np.resize(np.arange(h.x.size), FEW + h.x.size))

    def same(method, *days):
        return pytest.approx(getattr(process, method)(*days, many)[:few], rel=1e-9, abs=1e-9)

    assert process.p_alive(h) == same("p_alive")
    for mine, theirs in zip(process.silence(90, h), process.silence(90, many), strict=True):
        assert mine == pytest.approx(theirs[:few], rel=1e-9, abs=1e-9)
    assert process.purchases_by(SPANS, h) == same("purchases_by", SPANS)
    days, among = (process.next_purchase_days(CHANCES, each) for each in (h, many))
    known = among[:few] <= 729  # beyond it the two searches end at days of their own
    assert (days[known] == among[:few][known]).all()
    assert (days[~known] > 729).all()


@pytest.mark.parametrize("process", PROCESSES)
@given(h=few_histories())
def test_silence_is_what_the_likelihood_says(process, h):
    """P(silent for longer) = L(x, t_x, T + H) / L(x, t_x, T)."""
    expected = np.exp(process.log_silent(h.later(90)) - process.log_silent(h))
    assert process.silence(90, h).chance == pytest.approx(expected, abs=1e-9)


@given(h=few_histories())
def test_integrals_of_their_own_are_those_of_the_panels(h):
    alive, dead = CDNOW.alive(h)[0], CDNOW.dead(h)[0]
    assert CDNOW.p_alive(h) == pytest.approx(np.exp(alive - np.logaddexp(alive, dead)), abs=1e-9)
    later = replace(h, t_x=h.T).later(90)
    silent = np.exp(CDNOW.log_silent(later) - CDNOW.alive(h)[0])
    assert CDNOW.silent_if_alive(90, h) == pytest.approx(silent, abs=1e-9)
