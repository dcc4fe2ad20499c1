"""Tickets and contacts, each told when it happened and never before."""

from math import isnan
from typing import Any

import pytest

from tests.features.histories import EVERYTHING, at, found
from tests.features.naive import Contact, Row, Survey, Ticket


def ticket(number: int, opened: float, resolved: float | None = None, **more: Any) -> Ticket:
    known = None if resolved is None else at(resolved)
    return Ticket("a", f"t{number}", at(opened), resolved_at=known, **more)


def contact(day: float, number: int | None, channel: str = "mail") -> Contact:
    return Contact("a", at(day), channel, None if number is None else f"t{number}")


def test_tickets_are_counted_in_windows_and_while_open() -> None:
    tickets = [ticket(1, 10, 12), ticket(2, 300), ticket(3, 380, 420), ticket(4, 401)]
    row = found("effort", at(400), *tickets)
    assert [row[name] for name in ("tickets", "tickets_30d", "tickets_90d", "tickets_365d")] == [
        *(3, 1, 1, 2)
    ]
    assert row["tickets_open"] == 2
    assert found("effort", at(420), *tickets)["tickets_open"] == 3
    assert found("effort", at(420, 1), *tickets)["tickets_open"] == 2


def test_a_ticket_reopened_after_it_was_resolved_is_open_again() -> None:
    undone = ticket(1, 10, 12, reopened_at=at(20))
    done = ticket(2, 10, 30, reopened_at=at(20))
    row = [found("effort", at(day), undone, done)["tickets_open"] for day in (11, 13, 21, 31)]
    assert row == [2, 1, 2, 1]


def test_complaints_and_topics_asked_again() -> None:
    row = found(
        "effort",
        at(50),
        ticket(1, 10, topic="billing", is_complaint=True),
        ticket(2, 20, topic="delivery", is_complaint=False),
        ticket(3, 30, topic="billing"),
        ticket(4, 40),
        ticket(5, 60, topic="billing", is_complaint=True),
    )
    assert row["complaints"] == 1
    assert row["repeated_topics"] == 1 / 4


def test_response_resolution_and_handling_are_known_when_they_came() -> None:
    tickets = [
        ticket(1, 10, 11, first_response_at=at(10, 60), handling_minutes=10.0),
        ticket(2, 20, 26, first_response_at=at(20, 600), handling_minutes=30.0),
        ticket(3, 30, 40, first_response_at=at(31), handling_minutes=500.0),
    ]
    row = found("effort", at(31), *tickets)
    assert row["response_hours"] == 5.5
    assert row["worst_response_hours"] == 10
    assert row["resolution_hours"] == (24 + 6 * 24) / 2
    assert row["worst_resolution_hours"] == 6 * 24
    assert row["past_target"] == 0.5
    assert row["handling_minutes"] == 20
    later = found("effort", at(40, 1), *tickets)
    assert later["worst_response_hours"] == 24
    assert later["response_hours"] == 10
    assert later["past_target"] == pytest.approx(2 / 3)
    assert later["handling_minutes"] == 180


@pytest.mark.parametrize(("days", "past"), [(3, 0), (3.01, 1)])
def test_the_target_is_three_days(days: float, past: float) -> None:
    assert found("effort", at(50), ticket(1, 10, 10 + days))["past_target"] == past


def test_a_ticket_is_slow_from_when_the_target_has_passed() -> None:
    rows = ticket(1, 10, 13), ticket(2, 10, 14), ticket(3, 10)
    instants = (at(13), at(13, 1), at(43), at(43, 1))
    assert [found("effort", now, *rows)["slow_30d"] for now in instants] == [0, 2, 2, 0]


def test_contacts_and_switches_are_counted_when_they_came() -> None:
    rows = (
        ticket(1, 10),
        *(contact(10, 1, "mail"), contact(40, 1, "chat"), contact(60, 1, "mail")),
        contact(60, None),
    )
    row = found("effort", at(61), *rows)
    assert [row[f"ticket_contacts_{days}d"] for days in (30, 90)] == [2, 3]
    assert [row[f"switches_{days}d"] for days in (30, 90)] == [2, 2]
    assert found("effort", at(60), *rows)["switches_90d"] == 1


def test_nothing_is_known_of_an_issue_before_it_is_resolved() -> None:
    row = found("effort", at(20), ticket(1, 10, 20, handling_minutes=5.0))
    unknown = {name for name, value in row.items() if isnan(value)}
    assert unknown == {
        *("reopened", "first_contact", "response_hours", "worst_response_hours"),
        *("resolution_hours", "worst_resolution_hours", "past_target", "handling_minutes"),
        *("ces_last", "ces_mean"),
    }


def test_first_contact_is_counted_from_the_contacts_until_the_resolution() -> None:
    first = [ticket(1, 10, 12), contact(10, 1)]
    second = [ticket(2, 20, 25), contact(20, 2), contact(25, 2)]
    after = [ticket(3, 30, 32), contact(30, 3), contact(33, 3), contact(30, None)]
    assert found("effort", at(50), *first)["first_contact"] == 1
    assert found("effort", at(50), *second)["first_contact"] == 0
    assert found("effort", at(50), *after)["first_contact"] == 1
    assert found("effort", at(50), *first, *second, *after)["first_contact"] == pytest.approx(2 / 3)


def test_a_reopening_takes_the_first_contact_back_when_it_happens() -> None:
    undone = [ticket(1, 10, 12, reopened_at=at(30)), contact(10, 1)]
    before, after = found("effort", at(30), *undone), found("effort", at(30, 1), *undone)
    assert (before["first_contact"], before["reopened"]) == (1, 0)
    assert (after["first_contact"], after["reopened"]) == (0, 1)


@pytest.mark.parametrize("resolved", [None, 40])
def test_a_reopening_before_the_resolution_takes_nothing_back_that_was_not_given(
    resolved: float | None,
) -> None:
    events = [ticket(1, 10, resolved, reopened_at=at(20)), ticket(2, 10, 12), contact(10, 2)]
    assert found("effort", at(30), *events)["first_contact"] == 1
    assert found("effort", at(50), *events)["first_contact"] == (1 if resolved is None else 0.5)


def test_contacts_and_switches_are_counted_per_ticket_as_they_happen() -> None:
    events = [
        ticket(1, 10),
        ticket(2, 11),
        contact(10, 1, "mail"),
        contact(11, 2, "phone"),
        contact(12, 1, "phone"),  # a switch
        contact(13, 1, "phone"),
        contact(14, 2, "phone"),
        contact(15, None, "chat"),  # about no ticket
        contact(16, 1, "mail"),  # a switch
    ]
    row = found("effort", at(20), *events)
    assert row["contacts_per_ticket"] == 3
    assert row["switches_per_ticket"] == 1
    earlier = found("effort", at(13), *events)
    assert earlier["contacts_per_ticket"] == 1.5
    assert earlier["switches_per_ticket"] == 0.5


def test_contacts_of_another_customer_on_the_ticket_are_not_the_customers() -> None:
    events = [ticket(1, 10, 15), contact(10, 1, "mail"), contact(14, 1, "mail")]
    others = [
        Row("b", at(0), 5.0),
        Contact("b", at(9), "phone", "t1"),
        Contact("b", at(12), "phone", "t1"),
    ]
    assert found("effort", at(20), *events, *others) == pytest.approx(
        found("effort", at(20), *events), nan_ok=True
    )


def test_the_effort_index_counts_errands_until_a_ces_is_answered() -> None:
    assert found("effort", at(50))["effort_index"] == 0
    events = [
        ticket(1, 10, 20, reopened_at=at(25)),  # a reopening, and open again
        ticket(2, 30),  # open
        contact(10, 1, "mail"),
        contact(12, 1, "phone"),  # two contacts and a switch
    ]
    assert found("effort", at(50), *events)["effort_index"] == 1 - 1 / 7
    asked = Survey("a", "ces", at(40), at(45), 6.0)
    assert found("effort", at(45), *events, asked)["effort_index"] == 1 - 1 / 7
    row = found("effort", at(46), *events, asked)
    assert row["ces_last"] == row["ces_mean"] == pytest.approx(5 / 6, abs=1e-4)
    assert row["effort_index"] == pytest.approx(1 / 6, abs=1e-4)


def test_features_step_aside_with_what_they_need() -> None:
    row = found("effort", at(9), has={"tickets", "tickets.resolved_at"})
    assert set(row) == {
        *("tickets", "tickets_30d", "tickets_90d", "tickets_365d", "tickets_open"),
        *("slow_30d", "slow_90d", "slow_365d"),
        *("resolution_hours", "worst_resolution_hours", "past_target", "effort_index"),
    }
    assert found("effort", at(9), has=EVERYTHING - {"tickets.resolved_at"}) == {}
