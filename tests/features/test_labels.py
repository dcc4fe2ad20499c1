"""What counts in the horizon after a cut-off."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from features import labels
from features.cutoffs import microseconds
from features.labels import Horizon
from features.records import UNITS
from features.timeline import UNKNOWN
from tests.features.histories import at, look, records, sales
from tests.features.naive import Offer, Row

MADRID = ZoneInfo("Europe/Madrid")
HORIZON = Horizon(30, 2.0, 0.5)


def after(
    cutoff: datetime,
    *rows: tuple[datetime, float],
    horizon_days: int = 30,
    time_zone: str = "UTC",
) -> tuple[float, float, float]:
    """Churned, purchase days ahead and spend ahead of one customer."""
    known = sales([Row("a", *row) for row in rows], time_zone)
    found = labels.compute(
        look(known, cutoff, time_zone=time_zone), Horizon(horizon_days, 2.0, 0.5)
    )
    churned, days, spend = (
        found[name].item() for name in ("churned_inactivity", "purchase_days_ahead", "spend_ahead")
    )
    return churned, days, spend


def test_the_horizon_begins_with_the_cutoff_and_ends_before_its_end() -> None:
    first, last, beyond = (at(10), 1), (at(39, 1439), 2), (at(40), 4)
    assert after(at(10), (at(0), 8), first, last, beyond) == (False, 2, 3)


def test_silence_is_churn() -> None:
    assert after(at(10), (at(0), 8), (at(40), 8)) == (True, 0, 0)


def test_a_free_order_is_no_churn() -> None:
    assert after(at(10), (at(0), 8), (at(12), 0)) == (False, 1, 0)


def test_refunds_count_against_purchases_of_the_horizon_only() -> None:
    old_refund, purchase, refund = (at(11), -5), (at(12), 20), (at(13), -3)
    assert after(at(10), (at(0), 8), old_refund) == (True, 0, 0)
    assert after(at(10), (at(0), 8), old_refund, purchase) == (False, 1, 20)
    assert after(at(10), (at(0), 8), old_refund, purchase, refund) == (False, 1, 17)
    assert after(at(10), (at(0), 8), (at(12), -3), purchase) == (False, 1, 17)
    assert after(at(10), (at(0), 8), purchase, (at(41), -20)) == (False, 1, 20)


def test_purchases_of_one_day_are_one_day_ahead() -> None:
    days = (at(12, 1), 1), (at(12, 600), 2), (at(13), 4)
    assert after(at(10), (at(0), 8), *days) == (False, 2, 7)


def test_a_cutoff_between_purchases_of_one_day_leaves_the_later_ones_ahead() -> None:
    noon = at(10, 720)
    assert after(noon, (at(10, 1), 5), (at(10, 900), 7)) == (False, 1, 7)
    assert after(noon, (at(10, 1), 5), (at(10, 900), 7), (at(12), 2)) == (False, 2, 9)
    assert after(noon, (at(10, 1), 5), (at(10, 800), -5), (at(12), 2)) == (False, 1, 2)


def test_customers_do_not_mix() -> None:
    rows = [Row("a", at(0), 1), Row("b", at(0), 1), Row("b", at(12), 2), Row("c", at(0), 1)]
    found = labels.compute(look(sales(rows), at(10), at(12, 1)), HORIZON)
    assert found["churned_inactivity"].tolist() == [True, True, False, True, True, True]
    assert found["spend_ahead"].tolist() == [0, 0, 2, 0, 0, 0]


@pytest.mark.parametrize(
    ("cutoff", "before", "ahead"),
    [
        ("2024-03-31T00:00", "2024-03-30T22:59", "2024-03-30T23:00"),  # clocks go on at 02:00
        ("2024-04-01T00:00", "2024-03-31T21:59", "2024-03-31T22:00"),
        ("2024-10-27T00:00", "2024-10-26T21:59", "2024-10-26T22:00"),  # clocks go back at 03:00
        ("2024-10-28T00:00", "2024-10-27T22:59", "2024-10-27T23:00"),
    ],
)
def test_a_cutoff_at_a_clock_change_parts_the_days_of_the_zone(
    cutoff: str, before: str, ahead: str
) -> None:
    midnight = datetime.fromisoformat(cutoff).replace(tzinfo=MADRID)
    earlier, later = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (before, ahead))
    found = after(midnight, (earlier, 5), (later, 7), horizon_days=1, time_zone="Europe/Madrid")
    assert found == (False, 1, 7)
    assert after(midnight, (earlier, 5), horizon_days=1, time_zone="Europe/Madrid")[0]


def churned(
    definition: str,
    cutoff: datetime,
    *rows: tuple[datetime, float],
    horizon: Horizon = HORIZON,
    ends: datetime | None = None,
) -> float:
    """Churn of one customer under a definition."""
    known = sales([Row("a", *row) for row in rows])
    contract = UNKNOWN if ends is None else microseconds((ends,))[0]
    found = labels.compute(look(known, cutoff), horizon, np.array([contract]))
    return float(found[f"churned_{definition}"].item())


WEEKLY = [(at(day), 10.0) for day in (0, 7, 14, 21)]


def test_by_rhythm_a_silence_within_the_own_gaps_is_no_churn() -> None:
    """Long gap 60 days, silent for 4 and 30 more: within a half but not within twice of it."""
    seldom = [(at(0), 5.0), (at(60), 5.0), (at(120), 5.0)]
    assert churned("inactivity", at(125), *seldom) == 1
    assert churned("rhythm", at(125), *seldom) == 0
    assert churned("rhythm", at(125), *seldom, horizon=Horizon(30, 0.5, 0.5)) == 1
    assert churned("rhythm", at(211), *seldom) == 0
    assert churned("rhythm", at(212), *seldom) == 1


def test_by_rhythm_who_buys_has_not_churned_and_a_single_purchase_is_judged_by_silence() -> None:
    assert churned("rhythm", at(100), *WEEKLY, (at(129), 5)) == 0
    assert churned("rhythm", at(100), *WEEKLY, (at(130), 5)) == 1
    assert churned("rhythm", at(1), (at(0), 5)) == 1
    assert churned("rhythm", at(1), (at(0), 5), (at(2), 5)) == 0


def test_by_decline_spend_under_half_the_own_pace_is_churn() -> None:
    """40 in 28 days is a pace of 42.86 in 30: half of it is 21.43."""
    assert churned("decline", at(28), *WEEKLY, (at(29), 21.42)) == 1
    assert churned("decline", at(28), *WEEKLY, (at(29), 21.43)) == 0
    assert churned("decline", at(28), *WEEKLY, (at(29), 30), (at(30), -9)) == 1
    assert churned("decline", at(28), *WEEKLY, (at(29), 9), horizon=Horizon(30, 2, 0.2)) == 0


def test_by_decline_there_is_no_say_on_who_has_spent_nothing() -> None:
    assert np.isnan(churned("decline", at(28), (at(0), 0), (at(29), 5)))
    assert np.isnan(churned("decline", at(28), (at(0), 5), (at(1), -5), (at(29), 5)))


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        (at(9, 1439), np.nan),
        (at(10), 1),
        (at(39, 1439), 1),
        (at(40), 0),
        (None, 0),
    ],
)
def test_by_contract_churn_is_its_end_within_the_horizon(
    ends: datetime | None, expected: float
) -> None:
    found = churned("contract", at(10), (at(0), 5), (at(12), 5), ends=ends)
    assert found == pytest.approx(expected, nan_ok=True)


def test_without_contracts_or_margins_nothing_is_said_of_them() -> None:
    found = labels.compute(look(sales([Row("a", at(0), 5)]), at(1)), HORIZON)
    unknown = {name for name, values in found.items() if np.isnan(values).all()}
    assert unknown == {"churned_contract", "margin_ahead", *labels.OFFERS}
    assert {"churned", *found} == set(labels.LABELS)


def test_margin_ahead_is_summed_from_the_first_purchase_on() -> None:
    known = sales(
        [Row("a", at(day), amount) for day, amount in ((0, 5), (11, -1), (12, 9), (13, 4))]
    )
    rows = known["transactions"]
    margins = {**rows.columns, "margin": np.array([1, -1, 3, 0]) * UNITS}
    margins["margin"][3] = UNKNOWN
    known = replace(known, tables={"transactions": replace(rows, columns=margins)})
    found = labels.compute(look(known, at(10)), HORIZON)
    assert found["margin_ahead"].item() == 3
    assert found["spend_ahead"].item() == 13


def offers_ahead(*offers: Offer) -> tuple[float, float]:
    """Whether an offer was made from day 10 to 40, and the propensity of being held out."""
    known = records({"transactions": [Row("a", at(0), 5)], "offers": list(offers)})
    found = labels.compute(look(known, at(10)), HORIZON)
    offered, propensity = (found[name].item() for name in labels.OFFERS)
    return offered, propensity


def test_an_offer_in_the_horizon_is_told_and_one_beside_it_is_not() -> None:
    assert offers_ahead(Offer("a", at(10), "voucher"))[0] == 1
    assert offers_ahead(Offer("a", at(39, 1439), "call"))[0] == 1
    assert offers_ahead(Offer("a", at(9, 1439), "voucher"), Offer("a", at(40), "voucher"))[0] == 0
    assert offers_ahead(Offer("a", at(12), "control"))[0] == 0


def test_those_held_out_had_the_product_of_the_chances_of_it() -> None:
    once = Offer("a", at(10), "control", propensity=0.05)
    again = Offer("a", at(20), "control", propensity=0.5)
    before = Offer("a", at(9), "control", propensity=0.1)
    assert offers_ahead(once, again, before) == (0, pytest.approx(0.025, rel=1e-11))
    assert offers_ahead() == offers_ahead(Offer("a", at(20), "control")) == (0, 1)
