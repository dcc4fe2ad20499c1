"""The purchase process of a few histories agrees with that of many."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.silence import LIMIT_DAYS, Silence
from training.btyd import PurchaseModel
from training.purchases.fitting import Kind
from training.purchases.histories import Histories

PARAMETERS = {
    "pareto_nbd": {"r": 0.553, "alpha": 74.0, "s": 0.606, "beta": 81.7},
    "bg_nbd": {"r": 0.243, "alpha": 30.9, "a": 0.793, "b": 2.426},
    "mbg_nbd": {"r": 0.525, "alpha": 43.3, "a": 0.891, "b": 1.614},
    "mbg_cnbd_k": {"r": 0.6, "alpha": 20.0, "a": 0.9, "b": 1.7, "k": 2},
}
SPANS = np.array([1.0, 30.0, 90.0, 365.0])


def purchases(kind: str) -> PurchaseModel:
    state = {"kind": kind, "random_state": 0, "params": PARAMETERS[kind], "log_likelihood": 0.0}
    return PurchaseModel.from_dict(state)


def test_every_process_is_looked_at() -> None:
    assert set(PARAMETERS) == set(get_args(Kind))


@st.composite
def histories(draw: st.DrawFn) -> Histories:
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, 300), st.integers(1, 2000), st.integers(0, 2000)),
            min_size=1,
            max_size=5,
        )
    )
    x, t_x, wait = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    t_x = np.where(x > 0, t_x, 0)
    return Histories.of(x, t_x, t_x + wait)


@pytest.mark.parametrize("kind", PARAMETERS)
@given(h=histories())
def test_few_histories_are_judged_as_many_are(kind: str, h: Histories) -> None:
    model, few = purchases(kind), Silence(purchases(kind))
    asked = (h.x, h.t_x, h.T)
    silent_90, if_alive_90 = few.p_silent(90, h)
    assert silent_90 == pytest.approx(model.p_no_purchase(90, *asked), abs=1e-8)
    assert 1 - if_alive_90 == pytest.approx(model.p_purchase_if_alive(90, *asked), abs=1e-8)
    assert few.p_alive(h) == pytest.approx(model.p_alive(*asked), abs=1e-8)
    bought, silent = few.purchases_if_alive(SPANS, h), few.p_silent_if_alive(SPANS, h)
    for place, days in enumerate(SPANS):
        expected = model.purchases_if_alive(days, *asked)
        assert bought[:, place] == pytest.approx(expected, rel=1e-8)
        buys = model.p_purchase_if_alive(days, *asked)
        assert silent[:, place] == pytest.approx(1 - buys, abs=1e-8)


@pytest.mark.parametrize("kind", PARAMETERS)
@given(h=histories())
def test_the_next_purchase_is_told_to_the_day(kind: str, h: Histories) -> None:
    chances = np.array([0.1, 0.5, 0.8])
    told = Silence(purchases(kind)).next_purchase_days(chances, h)
    for place, chance in enumerate(chances):
        exact = purchases(kind).next_purchase_days(h.x, h.t_x, h.T, quantile=chance)
        days = np.ceil(exact)
        # The root is found to a hundredth of a day, so that a day's edge may be on either side.
        sure = np.isnan(exact) | (abs(exact - np.round(exact)) > 0.02)
        sure &= np.isnan(exact) | (exact < LIMIT_DAYS - 0.02)
        np.testing.assert_array_equal(told[sure, place], days[sure])
