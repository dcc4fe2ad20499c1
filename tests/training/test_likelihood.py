import numpy as np
import pytest
from scipy.special import psi
from scipy.stats import gamma

from features.errors import QuerenciaError
from training._likelihood import FREE_BOUNDS, SHAPE_BOUNDS, maximum_likelihood


def test_finds_the_maximum_that_scipy_finds():
    waits = gamma(2.5, scale=3).rvs(2000, random_state=0)

    def log_likelihood(params):
        shape, scale = params
        by_shape = (np.log(waits / scale) - psi(shape)).sum()
        by_scale = (waits / scale**2 - shape / scale).sum()
        return gamma(shape, scale=scale).logpdf(waits).sum(), np.array([by_shape, by_scale])

    found = maximum_likelihood(log_likelihood, (SHAPE_BOUNDS, FREE_BOUNDS), customers=2000)
    shape, _, scale = gamma.fit(waits, floc=0)
    assert found == pytest.approx([shape, scale], rel=1e-5)


def test_says_so_when_every_start_finds_something_better():
    calls = iter(range(1_000_000))

    def log_likelihood(params):
        return float(next(calls)), np.zeros_like(params)

    with pytest.raises(QuerenciaError, match="A model of 7 customers does not settle"):
        maximum_likelihood(log_likelihood, (FREE_BOUNDS,), customers=7)
