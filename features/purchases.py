"""Purchases: how often, how recently, how much, and against the customer's own rhythm."""

from functools import cached_property

import numpy as np

from features.asof import AsOf, ratio
from features.family import Family, Look, once
from features.feature import Feature
from features.records import UNITS
from features.timeline import FOREVER, Floats, Ints, Mask, Timeline

WINDOWS_DAYS = (7, 30, 90, 180, 365)
FREQUENT = 3
"""Repeat purchase days from which a customer can be frequent."""


def begins(rows: Timeline) -> Mask:
    """Whether each row of the transactions begins a purchase day of its customer.

    Several purchases on one calendar day are one purchase day. A free order (amount zero) is a
    purchase; a refund (negative amount) never is: it reduces the spend of the latest purchase
    day at or before it.

    Args:
        rows: Columns `amount` (integers of 1/10,000) and `day` (local calendar day since 1970).
    """
    purchases = (rows.columns["amount"] >= 0).nonzero()[0]
    day, customer = rows.columns["day"][purchases], rows.customer[purchases]
    new = np.ones(len(purchases), dtype=bool)
    new[1:] = (day[1:] != day[:-1]) | (customer[1:] != customer[:-1])
    mask = np.zeros(len(rows.times), dtype=bool)
    mask[purchases] = new
    return mask


def first(rows: Timeline) -> Ints:
    """Instant of each customer's first purchase, `FOREVER` without one: shape (customers,)."""
    purchases = (rows.columns["amount"] >= 0).nonzero()[0]
    places = purchases.searchsorted(rows.offsets)
    times = np.append(rows.times[purchases], FOREVER)
    return np.where(places[1:] > places[:-1], times[places[:-1]], FOREVER)


class Purchases:
    """The purchases of each customer as known at each cut-off; answers of shape (pairs,)."""

    def __init__(self, look: Look) -> None:
        rows = look.records["transactions"]
        self._begins = begins(rows)
        self._known = AsOf(rows, look.pairs, look.windows)
        self._days = self._known.where(self._begins)
        self._last_day = look.last_days[look.pairs.cutoff]
        self._amounts = self._known.running(rows.columns["amount"])

    @cached_property
    def _gaps(self) -> Ints:
        """Days between each purchase day and the one before, 0 at the first."""
        day = self._days.timeline.columns["day"]
        gaps = np.zeros_like(day)
        gaps[1:] = day[1:] - day[:-1]
        gaps[self._days.timeline.first] = 0
        return gaps

    def _of_day(self, place: int, values: Ints) -> Ints:
        """A value of the purchase day in this place, from 0; meaningless without."""
        return values.take(self._days.at(None) + place, mode="clip")

    def purchase_days(self, days: int | None = None) -> Ints:
        """How many purchase days, ever or in the last `days` days."""
        return self._days.count(days)

    @once
    def frequency(self) -> Ints:
        """Repeat purchase days: all but the first."""
        return np.maximum(self.purchase_days() - 1, 0)

    def spend(self, days: int | None = None) -> Floats:
        """Net spend in currency, refunds taken off when they happened."""
        return self._amounts.over(days) / UNITS

    def monetary_value(self) -> Floats:
        """Mean net spend per repeat purchase day, in currency; NaN without one."""
        second = self._of_day(1, self._begins.nonzero()[0])
        return ratio(self._amounts.since(second) / UNITS, self.frequency())

    @once
    def T(self) -> Ints:  # noqa: N802 - the literature's name
        """Days from the first purchase day to the last day before the cut-off."""
        first_day = self._of_day(0, self._days.timeline.columns["day"])
        return self._last_day - first_day

    @once
    def silence(self) -> Ints:
        """Days since the last purchase day."""
        return self._last_day - self._days.last(self._days.timeline.columns["day"])

    @once
    def recency(self) -> Ints:
        """Days from the first to the last purchase day."""
        return self.T() - self.silence()

    @once
    def mean_gap(self) -> Floats:
        """Mean days between purchase days; NaN before the second."""
        return ratio(self.recency(), self.frequency())

    def gap_spread(self) -> Floats:
        """Standard deviation of the days between purchase days; NaN before the third."""
        frequency = np.where(self.frequency() > 1, self.frequency(), 0)
        squares = self._days.sum(self._gaps**2)
        mean = ratio(self.recency(), frequency)
        return np.sqrt(np.maximum(ratio(squares, frequency) - mean**2, 0))

    @cached_property
    def _gap_quantiles(self) -> tuple[Floats, ...]:
        repeat = self._gaps > 0
        return self._days.where(repeat).quantiles(self._gaps[repeat], 0.5, 0.9)

    def median_gap(self) -> Floats:
        """Median days between purchase days; NaN before the second."""
        return self._gap_quantiles[0]

    def long_gap(self) -> Floats:
        """Days that nine in ten of the own gaps stay within; NaN before the second purchase day."""
        return self._gap_quantiles[1]

    def second_gap(self) -> Floats:
        """Days from the first to the second purchase day; NaN before it."""
        second = self._of_day(1, self._gaps)
        return np.where(self.frequency() > 0, second, np.nan)

    def stage(self) -> Ints:
        """Stage of life: 0 buyer (bought once), 1 customer (more than once), 2 frequent.

        Frequent customers have bought on at least four days and keep within their own long gap.
        """
        regular = (self.frequency() >= FREQUENT) & (self.silence() <= self.long_gap())
        return np.minimum(self.frequency(), 1) + regular

    def trend(self, days: int) -> Floats:
        """Spend of the last `days` days less that of the `days` before, in currency."""
        return 2 * self.spend(days) - self.spend(2 * days)

    def silence_in_gaps(self) -> Floats:
        """Silence in units of the customer's own mean gap; NaN before the second purchase day."""
        return ratio(self.silence(), self.mean_gap())

    def pace(self, days: int) -> Floats:
        """Purchase days of the last `days` days beside what the whole history would give.

        1 keeps the pace of the whole history, 0 is silence. NaN for customers younger than the
        window, whose history is the window.
        """
        expected = ratio(self.purchase_days() * days, self.T() + 1)
        return np.where(self.T() >= days, ratio(self.purchase_days(days), expected), np.nan)

    def refund_share(self) -> Floats:
        """Refunds ever as a share of gross spend ever: at most 1.

        There is more to refund than was bought where records begin after the purchase did; how
        much more says when they began, and nothing of the customer.
        """
        refunds = self._known.sum(np.minimum(self._known.timeline.columns["amount"], 0))
        return np.minimum(ratio(-refunds, self._amounts.over() - refunds), 1)


def _windows(days: int) -> tuple[Feature[Purchases], ...]:
    return (
        Feature(
            f"purchase_days_{days}d",
            "days",
            f"purchase days in the last {days} days",
            "fading",
            lambda p: p.purchase_days(days),
            days,
        ),
        Feature(
            f"spend_{days}d",
            "currency",
            f"net spend in the last {days} days",
            "fading",
            lambda p: p.spend(days),
            days,
        ),
    )


P = Purchases

FAMILY = Family(
    "purchases",
    ("transactions",),
    Purchases,
    (
        Feature("frequency", "days", "repeat purchase days", "habit", P.frequency),
        Feature("recency", "days", "age at the last purchase", "habit", P.recency),
        Feature("T", "days", "age: days since the first purchase", "newness", P.T),
        Feature(
            "monetary_value",
            "currency",
            "mean net spend per repeat purchase day",
            "spend",
            P.monetary_value,
        ),
        Feature("spend", "currency", "net spend ever", "spend", P.spend),
        Feature("silence", "days", "days since the last purchase", "silence", P.silence),
        Feature(
            "silence_in_gaps",
            "1",
            "silence in units of the own mean gap",
            "silence",
            P.silence_in_gaps,
        ),
        Feature("mean_gap", "days", "mean days between purchases", "habit", P.mean_gap),
        Feature("median_gap", "days", "median days between purchases", "habit", P.median_gap),
        Feature(
            "long_gap", "days", "days nine in ten of the own gaps stay within", "habit", P.long_gap
        ),
        Feature(
            "gap_spread", "days", "spread of the days between purchases", "habit", P.gap_spread
        ),
        Feature(
            "second_gap",
            "days",
            "days from the first to the second purchase",
            "habit",
            P.second_gap,
        ),
        Feature("stage", "0-2", "0 buyer, 1 customer, 2 frequent", "habit", P.stage),
        *(feature for days in WINDOWS_DAYS for feature in _windows(days)),
        Feature(
            "pace_90d",
            "1",
            "purchases of the last 90 days beside the own pace",
            "fading",
            lambda p: p.pace(90),
            90,
        ),
        Feature(
            "spend_trend_90d",
            "currency",
            "spend of the last 90 days less the 90 before",
            "fading",
            lambda p: p.trend(90),
            180,
        ),
        Feature(
            "refund_share", "0-1", "refunds as a share of gross spend", "returns", P.refund_share
        ),
    ),
)
