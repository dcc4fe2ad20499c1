"""Touchpoints: what happens at them, and what follows against customers who are alike."""

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest

from features.company import simulate
from features.errors import QuerenciaError
from features.indicators.period import Period
from features.journey import Touchpoint, touchpoints
from features.settings import FeatureSettings
from features.store import Store

SETTINGS = FeatureSettings(horizon_days=30)
SPRING = Period.of(date(2024, 3, 1), date(2024, 5, 31), "UTC")
"""Its horizon begins on the second of May."""


def _times(table: pd.DataFrame) -> pd.DataFrame:
    names = [name for name in map(str, table) if name.endswith("_at")]
    return table.assign(**{n: pd.to_datetime(table[n], utc=True, format="ISO8601") for n in names})


def company() -> dict[str, pd.DataFrame]:
    """Forty customers who bought on one day: half late to get it, ten of these return for 30.

    Sixteen of the others return for 50. One more is late and has nobody alike: she bought long ago.
    """
    rows: list[tuple[object, ...]] = []
    for number in range(40):
        late = number < 20
        came = "2024-04-25" if late else "2024-04-22"
        rows.append((f"c{number:02}", "2024-04-20", 10.0, "web", "2024-04-23", came))
        if (late and number < 10) or (not late and number < 36):
            rows.append((f"c{number:02}", "2024-05-10", 30.0 if late else 50.0, "web", None, None))
    rows.append(("lone", "2023-06-01", 10.0, "web", "2024-04-01", "2024-04-25"))
    columns = ["customer_id", "occurred_at", "amount", "channel", "promised_at", "delivered_at"]
    sold = pd.DataFrame(rows, columns=columns)
    asked = [
        (f"c{n:02}", "review", "2024-04-26", "2024-04-27", 1 if n < 20 else 5)
        for n in range(0, 40, 2)
    ]
    asked += [
        ("c00", "ces", "2024-04-26", "2024-04-28", 1),
        ("c02", "csat", "2024-04-26", None, None),
    ]
    asked += [("c20", "review", "2024-06-01", "2024-06-02", 1)]  # after the period
    surveys = pd.DataFrame(
        asked, columns=["customer_id", "kind", "asked_at", "answered_at", "score"]
    )
    return {
        "transactions": _times(sold.assign(transaction_id=sold.index.astype(str))),
        "surveys": _times(surveys.assign(survey_id=surveys.index.astype(str), channel="email")),
    }


@pytest.fixture(scope="module")
def found(make_store: Callable[..., Store]) -> dict[tuple[str, str | None], Touchpoint]:
    tables = company()
    told = touchpoints(make_store(tables.pop("transactions"), **tables), SETTINGS, SPRING)
    return {(each.phase, each.channel): each for each in told}


def test_touchpoints_are_phases_by_channel_with_what_happens_at_them(
    found: dict[tuple[str, str | None], Touchpoint],
) -> None:
    counted = {name: (each.touches, each.customers) for name, each in found.items()}
    assert counted == {
        ("purchase", "web"): (66, 40),
        ("delivery", "web"): (20, 20),
        ("late delivery", "web"): (21, 21),
        ("survey", "email"): (21, 20),
    }


def test_an_answer_is_about_the_last_touchpoint_before_the_asking(
    found: dict[tuple[str, str | None], Touchpoint],
) -> None:
    assert found["delivery", "web"].satisfaction[:2] == (10, 100)
    assert found["late delivery", "web"].satisfaction[:2] == (10, 0)
    assert found["late delivery", "web"].effort[:2] == (1, 100)
    assert found["purchase", "web"].satisfaction.n == 0


def test_drop_off_is_who_was_never_met_again(
    found: dict[tuple[str, str | None], Touchpoint],
) -> None:
    # Of 21, ten bought again, and of the other eleven five answered.
    assert found["late delivery", "web"].drop_off[:2] == pytest.approx((21, 6 / 21))
    assert found["delivery", "web"].drop_off[:2] == pytest.approx((20, 2 / 20))


def test_churn_is_compared_with_customers_alike(
    found: dict[tuple[str, str | None], Touchpoint],
) -> None:
    """Half of the late return and four in five of the others; the lone one has none alike."""
    late = found["late delivery", "web"]
    assert late.churn[:2] == pytest.approx((20, 0.5 - 0.2))
    assert late.spend[:2] == pytest.approx((20, 0.5 * 30 - 0.8 * 50))
    variance = (14 / 40) * (26 / 40) * 40 / 39
    assert late.churn.high - late.churn.value == pytest.approx(1.959964 * (variance / 10) ** 0.5)
    # Ten buyers of 30 and sixteen of 50 spend 42.31 on average; six customers were lost.
    assert late.money == pytest.approx(-6 * (10 * 30 + 16 * 50) / 26)
    # Everybody alike bought: there is nobody to compare with.
    assert found["purchase", "web"].churn.n == 0


def test_moments_of_truth_are_marked_and_come_first(make_store: Callable[..., Store]) -> None:
    """In the simulated company late deliveries make customers leave, and nothing else here does."""
    tables = dict(simulate(4_000, random_state=5).tables)
    store = make_store(tables.pop("transactions"))
    told = touchpoints(
        store, FeatureSettings(), Period.of(date(2025, 1, 1), date(2025, 12, 30), "UTC")
    )
    moments = [each.phase for each in told if each.is_moment]
    assert moments
    assert {each.phase for each in told[: len(moments)]} == set(moments)
    late = [each for each in told if each.phase == "late delivery" and each.is_moment]
    assert late
    assert all(each.churn.low > 0 and each.money < 0 for each in late)


def test_a_period_within_a_horizon_is_refused(make_store: Callable[..., Store]) -> None:
    short = Period.of(date(2024, 5, 1), date(2024, 5, 30), "UTC")
    with pytest.raises(QuerenciaError, match="Take a longer period"):
        touchpoints(make_store(company()["transactions"]), SETTINGS, short)
