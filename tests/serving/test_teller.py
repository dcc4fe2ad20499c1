"""What is said of a few rows is what the batch says of all."""

import numpy as np
import pytest

from features.snapshot import Snapshot
from serving.teller import AMOUNTS, FEW, WINDOW, Teller
from training.model import Model
from training.scoring import score


@pytest.mark.parametrize("which", ["cdnow", "company"])
@pytest.mark.parametrize("size", [1, FEW, FEW + 1, 300])
def test_figures_and_reasons_are_those_of_the_batch(
    request: pytest.FixtureRequest, which: str, size: int
) -> None:
    model, present = _known(request, which)
    rows = present.select(np.random.default_rng(size).permutation(len(present))[:size])
    expected = score(model, rows).rows
    teller = Teller(model)
    read = teller.rows(rows.columns)
    judged = teller.judge(read)
    told = teller.figures(read, judged)

    scale = 1 + expected["value_at_stake"].to_numpy()
    assert told["risk"] == pytest.approx(expected["risk"].to_numpy(), abs=1e-6)
    for name in AMOUNTS:
        far = abs(told[name] - expected[name].to_numpy()) / scale
        assert np.nanmax(np.append(far, 0)) < 1e-6, name
        np.testing.assert_array_equal(np.isnan(told[name]), expected[name].isna())

    why = teller.why(read, judged)
    assert why.base == pytest.approx(expected["base_risk"].to_numpy(), abs=1e-9)
    assert why.base + why.points.sum(axis=1) == pytest.approx(told["risk"], abs=1e-12)
    points = np.where(np.array(why.told) == "none", 0, why.most)
    assert points == pytest.approx(expected["driver_points"].to_numpy(), abs=1e-5)

    days = teller.next_purchase(read)
    for place, name in enumerate(WINDOW):
        wait = (expected[name] - rows.rows["cutoff"].to_numpy()[0]).dt.days.to_numpy(float)
        known = ~np.isnan(wait)
        assert (abs(days[known, place] - wait[known]) <= 1).all()
        assert (days[:, place] != wait)[known].sum() <= 0.02 * size


def _known(request: pytest.FixtureRequest, which: str) -> tuple[Model, Snapshot]:
    if which == "cdnow":
        return request.getfixturevalue("model"), request.getfixturevalue("later")
    _, present = request.getfixturevalue("company_past_and_later")
    return request.getfixturevalue("company_model"), present


def test_features_that_are_left_out_count_as_not_known(model: Model, later: Snapshot) -> None:
    teller = Teller(model)
    needed = {name: later.columns[name] for name in ("frequency", "recency", "T", "monetary_value")}
    unknown = {name: np.full(len(later), np.nan) for name in teller.features} | needed
    few, all_ = (teller.judge(teller.rows(columns)).risk for columns in (needed, unknown))
    assert np.array_equal(few, all_)
