"""Effort: what it costs the customer to get something done."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.asof import AsOf, Running, ratio
from features.family import Family, Look
from features.feature import Feature
from features.records import UNITS
from features.satisfaction import Answers, answered
from features.timeline import HOUR, Floats, Ints, Mask, Timeline, running_total

WINDOWS_DAYS = (30, 90, 365)
TARGET_HOURS = 72
"""Resolution within three days keeps to target: the published incident log's median is 22 hours."""


class Effort:
    """Tickets and the contacts they took, each told when it happened.

    Nothing that is a total over an issue's life is read as such: contacts and channel switches
    are counted from timed contacts, and a resolution when it came.
    """

    def __init__(self, look: Look) -> None:
        self._look = look
        self._tickets = tickets = look.records["tickets"]
        self._opened = AsOf(tickets, look.pairs, look.windows)
        self._resolved = self._when("resolved_at")

    @cached_property
    def _reopened(self) -> AsOf:
        return self._when("reopened_at")

    @cached_property
    def ces(self) -> Answers:
        """Answers to how easy it was."""
        return Answers(answered(self._look.records["surveys"], self._look.pairs), "ces")

    def _when(self, column: str, *, having: str | None = None) -> AsOf:
        tickets = self._tickets
        keep = tickets.known(having) if having else None
        return AsOf(tickets.by(tickets.column(column), keep), self._look.pairs)

    @cached_property
    def _undone(self) -> AsOf:
        """Resolutions that a reopening took back."""
        tickets = self._tickets
        both = tickets.known("resolved_at") & tickets.known("reopened_at")
        times = np.maximum(tickets.column("resolved_at"), tickets.column("reopened_at"))
        return AsOf(tickets.by(times, both), self._look.pairs)

    @cached_property
    def _issues(self) -> AsOf:
        """Contacts that belong to a ticket."""
        contacts = self._look.records.tables.get("contacts", self._tickets.none())
        return AsOf(
            contacts.select(contacts.known("ticket_id")), self._look.pairs, self._look.windows
        )

    @cached_property
    def _switches(self) -> Running:
        return self._issues.running(_switched(self._issues.timeline))

    @cached_property
    def _slow(self) -> AsOf:
        """Tickets not resolved within the target, from when it had passed."""
        tickets = self._tickets
        target = tickets.times + TARGET_HOURS * HOUR
        slow = ~tickets.known("resolved_at") | (tickets.column("resolved_at") > target)
        return AsOf(tickets.by(target, slow), self._look.pairs, self._look.windows)

    def slow(self, days: int) -> Ints:
        """Tickets that were not resolved within the target, from when it had passed."""
        return self._slow.count(days)

    def tickets(self, days: int | None = None) -> Ints:
        """Tickets opened."""
        return self._opened.count(days)

    def complaints(self) -> Ints:
        """Complaints among them."""
        return self._opened.sum(self._tickets.column("is_complaint") > 0)

    def repeated(self) -> Floats:
        """Share of tickets on a topic the customer had asked about before."""
        again = self._tickets.known("topic") & ~self._tickets.novel("topic")
        return self._opened.mean(again)

    def open_now(self) -> Ints:
        """Tickets not resolved yet, or reopened since."""
        tickets = self._tickets
        since = tickets.column("reopened_at") > tickets.column("resolved_at")
        again = tickets.by(tickets.column("reopened_at"), since & tickets.known("resolved_at"))
        return self.tickets() - self._resolved.count() + AsOf(again, self._look.pairs).count()

    def reopened(self) -> Floats:
        """Reopened tickets per resolved one."""
        return ratio(self._reopened.count(), self._resolved.count())

    def first_contact(self) -> Floats:
        """Share of resolved tickets that took one contact and were not reopened."""
        undone = self._undone.sum(self._at_first_contact(self._undone))
        return ratio(
            self._resolved.sum(self._at_first_contact(self._resolved)) - undone,
            self._resolved.count(),
        )

    def _at_first_contact(self, tickets: AsOf) -> Mask:
        return _contacts_until(self._issues.timeline, tickets.timeline) <= 1

    def contacts_lately(self, days: int) -> Ints:
        """Contacts about tickets."""
        return self._issues.count(days)

    def switches_lately(self, days: int) -> Ints:
        """Channel switches among them."""
        return self._switches.over(days)

    def contacts(self) -> Floats:
        """Contacts per ticket."""
        return ratio(self._issues.count(), self.tickets())

    def switches(self) -> Floats:
        """Channel switches per ticket."""
        return ratio(self._switches.over(), self.tickets())

    @cached_property
    def _response(self) -> tuple[Floats, ...]:
        known = self._when("first_response_at")
        return known.quantiles(_hours(known.timeline, "first_response_at"), 0.5, 1.0)

    @cached_property
    def _resolution(self) -> tuple[Floats, ...]:
        return self._resolved.quantiles(_hours(self._resolved.timeline, "resolved_at"), 0.5, 1.0)

    def response(self) -> Floats:
        """Median hours to the first response."""
        return self._response[0] / UNITS

    def worst_response(self) -> Floats:
        """Longest hours to a first response."""
        return self._response[1] / UNITS

    def resolution(self) -> Floats:
        """Median hours to resolution."""
        return self._resolution[0] / UNITS

    def worst_resolution(self) -> Floats:
        """Longest hours to a resolution."""
        return self._resolution[1] / UNITS

    def past_target(self) -> Floats:
        """Share of resolutions that took longer than the target."""
        return self._resolved.mean(
            _hours(self._resolved.timeline, "resolved_at") > TARGET_HOURS * UNITS
        )

    def handling(self) -> Floats:
        """Mean minutes of work on a resolved ticket."""
        known = self._when("resolved_at", having="handling_minutes")
        return known.mean(known.timeline.column("handling_minutes")) / UNITS

    def index(self) -> Floats:
        """Effort where no CES was asked: 0 (none) towards 1, from what tickets took.

        1 - 1 / (1 + contacts + switches + reopenings ever + tickets open now), so that each
        further errand counts less than the one before. Where a CES was answered it is that,
        turned around: 0 effortless, 1 worst.
        """
        errands = (
            self._issues.count() + self._switches.over() + self._reopened.count() + self.open_now()
        )
        shown = 1 - 1 / (1 + errands)
        if "surveys" not in self._look.records.tables:
            return shown
        asked = self.ces.mean()
        return np.where(np.isnan(asked), shown, 1 - asked)


def _hours(tickets: Timeline, column: str) -> Ints:
    """Hours from opening, in 1/10,000."""
    return (tickets.column(column) - tickets.column("opened_at")) // (HOUR // UNITS)


def _switched(contacts: Timeline) -> Mask:
    """Contacts through another channel than the one before on the same ticket."""
    issue, channel = _issue(contacts, contacts), contacts.column("channel")
    order = np.argsort(issue, kind="stable")
    here, before = order[1:], order[:-1]
    switched = np.zeros(len(issue), dtype=bool)
    switched[here] = (issue[here] == issue[before]) & (channel[here] != channel[before])
    return switched


def _issue(rows: Timeline, other: Timeline) -> Ints:
    """A number for each row's customer and ticket, that the rows of two tables share."""
    width = 1 + max(int(each.column("ticket_id").max(initial=0)) for each in (rows, other))
    return rows.customer * width + rows.column("ticket_id")


def _contacts_until(contacts: Timeline, tickets: Timeline) -> Ints:
    """How many contacts each ticket had taken when it was resolved: shape (tickets,)."""
    issue = np.concatenate([_issue(contacts, tickets), _issue(tickets, contacts)])
    time = np.concatenate([contacts.times, tickets.column("resolved_at")])
    asks = np.arange(len(issue)) >= len(contacts.times)
    order = np.lexsort((asks, time, issue))
    contacts_before = running_total(~asks[order])
    begin = np.searchsorted(issue[order], issue[order], side="left")
    counted = np.zeros(len(issue), dtype=np.int64)
    counted[order] = contacts_before[:-1] - contacts_before[begin]
    return counted[asks]


def _feature(
    name: str,
    unit: str,
    meaning: str,
    value: Callable[[Effort], NDArray[Any]],
    window_days: int | None = None,
    needs: tuple[str, ...] = (),
) -> Feature[Effort]:
    return Feature(name, unit, meaning, "effort", value, window_days, needs)


def _window(days: int) -> tuple[Feature[Effort], ...]:
    return (
        _feature(
            f"tickets_{days}d",
            "1",
            f"tickets of the last {days} days",
            lambda view: view.tickets(days),
            days,
        ),
        _feature(
            f"ticket_contacts_{days}d",
            "1",
            f"contacts about tickets in the last {days} days",
            lambda view: view.contacts_lately(days),
            days,
            ("contacts",),
        ),
        _feature(
            f"switches_{days}d",
            "1",
            f"channel switches within tickets in the last {days} days",
            lambda view: view.switches_lately(days),
            days,
            ("contacts",),
        ),
        _feature(
            f"slow_{days}d",
            "1",
            f"tickets not resolved within {TARGET_HOURS} hours in the last {days} days",
            lambda view: view.slow(days),
            days,
        ),
    )


FAMILY = Family(
    "effort",
    ("tickets", "tickets.resolved_at"),
    Effort,
    (
        _feature("tickets", "1", "tickets ever", Effort.tickets),
        *(each for days in WINDOWS_DAYS for each in _window(days)),
        _feature("tickets_open", "1", "tickets open now", Effort.open_now),
        _feature(
            "complaints", "1", "complaints ever", Effort.complaints, needs=("tickets.is_complaint",)
        ),
        _feature(
            "repeated_topics",
            "1",
            "share of tickets on a topic asked before",
            Effort.repeated,
            needs=("tickets.topic",),
        ),
        _feature(
            "reopened",
            "1",
            "reopened tickets per resolved one",
            Effort.reopened,
            needs=("tickets.reopened_at",),
        ),
        _feature(
            "first_contact",
            "1",
            "share resolved at the first contact",
            Effort.first_contact,
            needs=("contacts",),
        ),
        _feature(
            "contacts_per_ticket", "1", "contacts per ticket", Effort.contacts, needs=("contacts",)
        ),
        _feature(
            "switches_per_ticket",
            "1",
            "channel switches per ticket",
            Effort.switches,
            needs=("contacts",),
        ),
        _feature(
            "response_hours",
            "hours",
            "median time to first response",
            Effort.response,
            needs=("tickets.first_response_at",),
        ),
        _feature(
            "worst_response_hours",
            "hours",
            "longest time to first response",
            Effort.worst_response,
            needs=("tickets.first_response_at",),
        ),
        _feature("resolution_hours", "hours", "median time to resolution", Effort.resolution),
        _feature(
            "worst_resolution_hours", "hours", "longest time to resolution", Effort.worst_resolution
        ),
        _feature(
            "past_target",
            "1",
            f"share resolved later than {TARGET_HOURS} hours",
            Effort.past_target,
        ),
        _feature(
            "handling_minutes",
            "minutes",
            "mean work on a resolved ticket",
            Effort.handling,
            needs=("tickets.handling_minutes",),
        ),
        _feature(
            "ces_last",
            "0-1",
            "last answer how easy it was",
            lambda v: v.ces.last(),
            needs=("surveys",),
        ),
        _feature(
            "ces_mean",
            "0-1",
            "mean answer how easy it was",
            lambda v: v.ces.mean(),
            needs=("surveys",),
        ),
        _feature(
            "effort_index", "0-1", "effort asked, or shown by what tickets took", Effort.index
        ),
    ),
)
