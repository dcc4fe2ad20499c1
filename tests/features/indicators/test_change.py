"""A change splits into mix and rate, which add up exactly."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import QuerenciaError
from features.indicators.change import Change, Group, changes
from features.indicators.figures import Figure
from features.indicators.reading import read
from features.settings import FeatureSettings
from features.store import Store
from tests.features.indicators.quarter import QUARTER

Groups = dict[Group, Figure]

figures = st.dictionaries(
    st.sampled_from(["web", "shop", "phone", None]),
    st.builds(Figure, st.integers(1, 1000), st.floats(-100, 100)),
    min_size=1,
)


@given(early=figures, late=figures)
def test_mix_and_rate_add_up_to_the_change(
    early: dict[str | None, Figure], late: dict[str | None, Figure]
) -> None:
    change = Change.of(early, late)
    overall = [
        sum(figure.n * figure.value for figure in each.values())
        / sum(figure.n for figure in each.values())
        for each in (early, late)
    ]
    assert change.total == pytest.approx(overall[1] - overall[0], abs=1e-9)
    assert change.mix + change.rate == pytest.approx(change.total, abs=1e-9)


def test_a_change_worked_out_by_hand() -> None:
    """Half in each channel at .8 and .4; then a quarter and three quarters at .9 and .4."""
    early: Groups = {"web": Figure(50, 0.8), "shop": Figure(50, 0.4)}
    late: Groups = {"web": Figure(25, 0.9), "shop": Figure(75, 0.4)}
    change = Change.of(early, late)
    assert change.total == pytest.approx(0.525 - 0.6)
    assert change.rate == pytest.approx(0.375 * 0.1)
    assert change.mix == pytest.approx(-0.25 * 0.85 + 0.25 * 0.4)
    # Web is above the mean, so its shrinking takes away; so does the growth of the shop below it.
    assert change.parts["web"].mix == pytest.approx(-0.25 * (0.85 - 0.5625))
    assert change.parts["shop"].mix == pytest.approx(0.25 * (0.4 - 0.5625))
    assert change.parts["shop"].rate == 0


def test_the_same_customers_in_other_numbers_are_mix_alone() -> None:
    early: Groups = {"web": Figure(10, 1.0), "shop": Figure(30, 0.0)}
    late: Groups = {"web": Figure(30, 1.0), "shop": Figure(10, 0.0), "app": Figure(40, 0.5)}
    change = Change.of(early, late)
    assert change.rate == 0
    assert change.mix == pytest.approx(change.total)


def test_readings_of_two_periods_give_the_changes_of_what_is_a_mean(
    company_store: Store,
) -> None:
    settings = FeatureSettings()
    early, late = (
        read(company_store, settings, period, by="segment")
        for period in (QUARTER, replace(QUARTER, end=QUARTER.end, start=QUARTER.before.start))
    )
    found = changes(early, late)
    assert {"nps", "csat", "promise_kept", "spend"} <= found.keys()
    assert found.keys().isdisjoint({"lifetime", "consistency", "resolution_time"})
    whole = {
        reading.indicator.name: reading.figure.value
        for reading in read(company_store, settings, QUARTER)
    }
    assert all(change.early == pytest.approx(whole[name]) for name, change in found.items())


def test_two_definitions_are_not_compared(quarter_store: Store, settings: FeatureSettings) -> None:
    early = read(quarter_store, settings, QUARTER, indicators=["nps"])
    other = [replace(each, indicator=replace(each.indicator, definition="else")) for each in early]
    with pytest.raises(QuerenciaError, match="nps was read under two definitions"):
        changes(early, other)
