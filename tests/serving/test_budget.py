"""The budget: against every way there is, against linear programming, and what limits forbid."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, eye, kron, vstack

from serving.budget import Problem
from serving.ways import NOBODY

Floats = NDArray[np.float64]


def best_of_all(problem: Problem, budget: float) -> float:
    """The most that any choice within the limits brings."""
    size, offers = problem.profit.shape
    every = np.array(list(product(range(NOBODY, offers), repeat=size)))
    fits = [
        problem.spent(way) <= budget and np.count_nonzero(way != NOBODY) <= problem.contacts
        for way in every
    ]
    return max(problem.earned(way) for way in every[fits])


def lp_bound(problem: Problem, budget: float) -> float:
    """What could be earned if customers could be made parts of offers."""
    size, offers = problem.profit.shape
    limits = vstack(
        [
            kron(eye(size), np.ones((1, offers))),
            csr_matrix(problem.cost.ravel()[None]),
            csr_matrix(np.ones((1, size * offers))),
        ],
        format="csr",
    )
    most = np.r_[np.ones(size), budget, min(problem.contacts, size)]
    found = linprog(-problem.profit.ravel(), limits, most, bounds=(0, 1), method="highs")
    return float(-found.fun)


def drawn(size: int, *, contacts: float, offers: int = 4) -> Problem:
    rng = np.random.default_rng(size)
    cost = rng.gamma(2, 3, (size, offers))
    worth = rng.lognormal(1, 1, (size, 1)) * rng.normal(1, 0.5, (size, offers))
    return Problem(worth * np.sqrt(cost) - cost, cost, contacts)


amounts = st.one_of(st.integers(0, 6).map(float), st.floats(0, 10))


@st.composite
def problems(draw: st.DrawFn) -> tuple[Problem, float]:
    size, offers = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    cells = size * offers
    profit = draw(st.lists(st.one_of(amounts, st.just(-3.0)), min_size=cells, max_size=cells))
    cost = draw(st.lists(amounts, min_size=cells, max_size=cells))
    shaped = [np.reshape(each, (size, offers)) for each in (profit, cost)]
    return Problem(shaped[0], shaped[1], draw(st.integers(0, size))), draw(amounts)


@given(problems())
def test_few_customers_get_what_the_best_of_all_ways_gives_them(
    drawn: tuple[Problem, float],
) -> None:
    problem, budget = drawn
    offer = problem.choose(budget).offer
    assert problem.spent(offer) <= budget
    assert np.count_nonzero(offer != NOBODY) <= problem.contacts
    assert problem.earned(offer) == pytest.approx(best_of_all(problem, budget))


@pytest.mark.parametrize(
    ("budget", "contacts"), [(1_500, 3_000), (6_000, 300), (1_500, 300), (np.inf, 150)]
)
def test_many_customers_get_what_linear_programming_bounds_to_a_twentieth_of_a_per_cent(
    budget: float, contacts: int
) -> None:
    problem = drawn(3_000, contacts=contacts)
    choice = problem.choose(budget)
    assert problem.spent(choice.offer) <= budget
    assert np.count_nonzero(choice.offer != NOBODY) <= contacts
    if np.isfinite(budget):
        bound = lp_bound(problem, budget)
        assert bound * (1 - 0.0005) <= problem.earned(choice.offer) <= bound * (1 + 1e-9)


@pytest.mark.parametrize(("budget", "best"), [(3_000, 8_000), (1_000, 6_000), (9_000, 10_000)])
def test_customers_who_are_all_alike_use_up_the_limits(budget: float, best: float) -> None:
    alike = Problem(np.tile([10.0, 6.0], (5_000, 1)), np.tile([5.0, 1.0], (5_000, 1)), 1_000)
    assert alike.earned(alike.choose(budget).offer) == pytest.approx(best, rel=5e-4)


def test_the_price_of_money_is_what_a_little_more_of_it_brings() -> None:
    problem, budget = drawn(3_000, contacts=300), 1_000.0
    more, less = (lp_bound(problem, budget + step) for step in (1, -1))
    assert problem.choose(budget).next_euro == pytest.approx((more - less) / 2, rel=1e-3)


def test_the_price_of_a_contact_is_what_one_more_brings() -> None:
    problem = drawn(3_000, contacts=300)
    more, less = (lp_bound(Problem(problem.profit, problem.cost, n), 1_000) for n in (301, 299))
    assert problem.choose(1_000).next_contact == pytest.approx((more - less) / 2, rel=0.02)


def test_what_is_not_short_has_no_price() -> None:
    choice = drawn(50, contacts=50).choose()
    assert (choice.next_euro, choice.next_contact) == (0, 0)


def test_an_offer_that_may_not_be_made_is_not() -> None:
    problem = Problem(np.array([[-np.inf, 2.0], [-np.inf, -np.inf]]), np.ones((2, 2)), 2)
    assert problem.choose(10).offer.tolist() == [1, NOBODY]


def test_the_curve_rises_ever_more_slowly_to_all_that_pays() -> None:
    problem = drawn(2_000, contacts=200)
    budgets, profits, prices = (
        np.array([getattr(point, name) for point in problem.curve()])
        for name in ("budget", "profit", "next_euro")
    )
    assert (np.diff(budgets) >= 0).all()
    assert (np.diff(prices) < 0).all()
    assert (np.diff(profits) >= -1e-9).all()
    assert profits[-1] == pytest.approx(problem.earned(problem.choose().offer))
    for budget, profit in zip(budgets[1::6], profits[1::6], strict=True):
        assert profit == pytest.approx(lp_bound(problem, budget), rel=1e-6)


def test_nobody_in_question_is_no_problem() -> None:
    nobody = Problem(np.zeros((0, 2)), np.zeros((0, 2)), 5)
    assert nobody.choose(10).offer.size == 0
    assert [point.profit for point in nobody.curve()] == [0]
