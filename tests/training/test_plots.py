"""The pictures: what they say is what was measured, and every axis says what it shows."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from features.snapshot import Snapshot
from training import plots
from training.model import Model

LEFT = np.array([1.0, 0.0, 1.0, 0.0])
RISK = np.array([0.9, 0.6, 0.4, 0.1])


def labelled(figure: Figure) -> Axes:
    """The one plot of a figure that tells what it shows, and can be drawn."""
    (axes,) = figure.axes
    assert axes.get_title()
    assert axes.get_xlabel()
    assert axes.get_ylabel()
    assert axes.get_legend() is not None
    figure.canvas.draw()
    return axes


def line(axes: Axes, label: str) -> np.ndarray:
    """The heights of the line under this label."""
    (found,) = [line for line in axes.get_lines() if line.get_label() == label]
    return np.asarray(found.get_ydata(), float)


def test_calibration_shows_predicted_against_observed_with_its_margin() -> None:
    left, risk = np.tile([1.0, 0, 0, 0], 250), np.linspace(0, 1, 1000)
    axes = labelled(plots.calibration(left, risk))
    (bars,) = axes.containers
    points, _, (margins,) = bars
    assert np.asarray(points.get_xdata()) == pytest.approx(np.arange(10) / 10 + 0.05, abs=1e-3)
    assert np.asarray(points.get_ydata()) == pytest.approx(0.25)
    low, high = margins.get_segments()[0][:, 1]
    assert (high - low) / 2 == pytest.approx(1.96 * np.sqrt(0.25 * 0.75 / 100))


def test_lift_shows_the_share_of_leavers_reached() -> None:
    axes = labelled(plots.lift(LEFT, RISK))
    assert line(axes, "by risk").tolist() == [0.5, 0.5, 1, 1]
    assert line(axes, "at random").tolist() == [0, 1]


def test_lift_of_equal_risks_is_that_of_chance() -> None:
    by_risk = line(labelled(plots.lift(LEFT, np.full(4, 0.5))), "by risk")
    assert by_risk == pytest.approx([0.25, 0.5, 0.75, 1])


def test_tracking_shows_actual_and_expected_purchase_days_of_each_cutoff(
    model: Model, cdnow_snapshots: Snapshot
) -> None:
    cutoffs = cdnow_snapshots.provenance.cutoffs
    axes = labelled(plots.tracking(model.value, cdnow_snapshots, cutoffs[-1]))
    first = cdnow_snapshots.at(cutoffs[0])
    expected = model.value.purchases.expected_purchases(90, *first.history)
    assert len(line(axes, "actual")) == len(line(axes, "expected")) == len(cutoffs)
    assert line(axes, "actual")[0] == first.rows["purchase_days_ahead"].sum()
    assert line(axes, "expected")[0] == pytest.approx(expected.sum())
    assert "90 days" in axes.get_ylabel()


def test_over_time_shows_every_measure_with_the_interval_of_the_served_model() -> None:
    rows = [
        {"cutoff": day, "of": of, "model": model, "measure": measure, "value": 0.8}
        for day in ("2025-01-01", "2025-02-01")
        for of, measure in plots.PANELS
        for model in ("served", "naive_rate", "baseline_rfm")
    ]
    table = pd.DataFrame(rows).assign(low=0.7, high=0.9)
    figure = plots.over_time(table)
    assert [axes.get_title() for axes in figure.axes] == list(plots.PANELS.values())
    for axes in figure.axes:
        assert line(axes, "Querencia, 95 % interval").tolist() == [0.8, 0.8]
        (band,) = axes.collections
        (path,) = band.get_paths()
        assert (path.vertices[:, 1].min(), path.vertices[:, 1].max()) == (0.7, 0.9)
    figure.canvas.draw()
