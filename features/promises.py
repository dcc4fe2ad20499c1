"""Promises: deliveries that were promised for a day, against when they came."""

from functools import cached_property

import numpy as np

from features.asof import AsOf, Running, ratio
from features.family import Family, Look
from features.feature import Feature
from features.timeline import DAY, UNKNOWN, Floats, Ints

RECENT_DAYS = 180
WINDOWS_DAYS = (30, 90, 180)
MINUTES_PER_DAY = 24 * 60
MINUTE = DAY // MINUTES_PER_DAY


class Promises:
    """Deliveries with a promised date.

    A delivery counts as kept or late when it arrives. One that is overdue is known to be late
    before that, and is told apart until it arrives.
    """

    def __init__(self, look: Look) -> None:
        self._sold, self._look, self._pairs = look.records["transactions"], look, look.pairs
        self._promised = self._sold.known("promised_at")
        arrived = self._sold.by(self._sold.column("delivered_at"), self._promised)
        slack = arrived.column("delivered_at") - arrived.column("promised_at")
        self._delay: Ints = np.maximum(slack, 0) // MINUTE
        self._arrived = AsOf(arrived, look.pairs)

    @cached_property
    def _wait(self) -> Ints:
        """Minutes from purchase to delivery."""
        arrived = self._arrived.timeline
        return (arrived.column("delivered_at") - arrived.column("occurred_at")) // MINUTE

    @cached_property
    def _due(self) -> AsOf:
        promised = self._sold.by(self._sold.column("promised_at"))
        return AsOf(promised, self._pairs, self._look.windows)

    @cached_property
    def _settled(self) -> AsOf:
        """Due and arrived: from then on, a promise is no longer open."""
        promised, delivered = map(self._sold.column, ("promised_at", "delivered_at"))
        settled = np.where(delivered == UNKNOWN, UNKNOWN, np.maximum(promised, delivered))
        return AsOf(self._sold.by(settled, self._promised), self._pairs)

    def deliveries(self) -> Ints:
        """Promised deliveries that have arrived."""
        return self._arrived.count()

    def late_share(self, days: int | None = None) -> Floats:
        """Share of them that came late."""
        return self._arrived.mean(self._delay > 0, days)

    def late_trend(self) -> Floats:
        """Late share of the last 180 days less the late share ever."""
        return self.late_share(RECENT_DAYS) - self.late_share()

    def delay(self) -> Floats:
        """Mean days late, of those that came late."""
        late = self._arrived.sum(self._delay > 0)
        return ratio(self._arrived.sum(self._delay), late) / MINUTES_PER_DAY

    def worst_delay(self) -> Floats:
        """Days the worst one was late."""
        return self._arrived.greatest(self._delay) / MINUTES_PER_DAY

    def last_delay(self) -> Floats:
        """Days the last one was late, 0 on time."""
        last = self._arrived.last(self._delay) / MINUTES_PER_DAY
        return np.where(self.deliveries() > 0, last, np.nan)

    def wait(self) -> Floats:
        """Mean days from purchase to delivery."""
        return self._arrived.mean(self._wait) / MINUTES_PER_DAY

    def wait_spread(self) -> Floats:
        """Standard deviation of the days from purchase to delivery: how consistent we are."""
        return self._arrived.spread(self._wait) / MINUTES_PER_DAY

    @cached_property
    def _broken(self) -> Running:
        due = self._due.timeline
        late = ~due.known("delivered_at") | (due.column("delivered_at") > due.times)
        return self._due.running(late)

    def broken(self, days: int) -> Ints:
        """Promised days that passed without the delivery, whether or not it came later."""
        return self._broken.over(days)

    def overdue(self) -> Ints:
        """Deliveries that are late now and have not come."""
        return self._due.count() - self._settled.count()


def _window(days: int) -> Feature[Promises]:
    return Feature(
        f"broken_{days}d",
        "1",
        f"promises broken in the last {days} days",
        "promises",
        lambda view: view.broken(days),
        days,
    )


FAMILY = Family(
    "promises",
    ("transactions.promised_at", "transactions.delivered_at"),
    Promises,
    (
        Feature(
            "deliveries", "1", "promised deliveries that arrived", "habit", Promises.deliveries
        ),
        Feature(
            "late_share", "1", "share of deliveries that came late", "promises", Promises.late_share
        ),
        Feature(
            "late_trend",
            "1",
            "late share of the last 180 days less ever",
            "promises",
            Promises.late_trend,
        ),
        Feature("delay", "days", "mean delay of late deliveries", "promises", Promises.delay),
        Feature("worst_delay", "days", "worst delay", "promises", Promises.worst_delay),
        Feature(
            "last_delay", "days", "delay of the last delivery", "promises", Promises.last_delay
        ),
        Feature("wait", "days", "mean days from purchase to delivery", "promises", Promises.wait),
        Feature(
            "wait_spread",
            "days",
            "spread of the days to delivery",
            "promises",
            Promises.wait_spread,
        ),
        *(_window(days) for days in WINDOWS_DAYS),
        Feature("overdue", "1", "deliveries overdue now", "promises", Promises.overdue),
    ),
)
