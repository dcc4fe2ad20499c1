import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.purchases.panels import Panels

spans = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=20
)


@given(spans)
def test_the_panels_of_a_history_cover_its_span(rows):
    x, t_x, more = np.array(rows, dtype=float).T
    panels = Panels.of(x, t_x, t_x + more)
    assert panels.over_histories(panels.width) == pytest.approx(more, abs=1e-9)
    assert (panels.start[panels.first] == t_x).all()
    assert (panels.start[panels.last] == t_x + more).all()
    assert (panels.start[panels.head] <= panels.start).all()


@given(spans, st.integers(0, 99))
def test_sums_over_histories_and_over_panels_are_one_sum(rows, seed):
    x, t_x, more = np.array(rows, dtype=float).T
    panels = Panels.of(x, t_x, t_x + more)
    rng = np.random.default_rng(seed)
    values, weights = rng.random(panels.x.size), rng.random(x.size)
    both = weights @ panels.over_histories(values), values @ panels.over_panels(weights)
    assert both[0] == pytest.approx(both[1], abs=1e-9)
