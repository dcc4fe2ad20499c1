"""Every feature and label once more, row by row, from their meaning alone: the oracle."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import dropwhile, pairwise
from math import cos, floor, fsum, isnan, nan, pi, prod, sin
from statistics import median, pstdev
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from features.satisfaction import KINDS, SCALES

WINDOWS_DAYS = (7, 30, 90, 180, 365)
TICKET_WINDOWS_DAYS = (30, 90, 365)


class Row(NamedTuple):
    """A transaction, as the company has it."""

    customer_id: str
    occurred_at: datetime
    amount: float
    recorded_at: datetime | None = None
    superseded_at: datetime | None = None
    channel: str | None = None
    category: str | None = None
    promised_at: datetime | None = None
    delivered_at: datetime | None = None
    discount: float | None = None

    @property
    def known_at(self) -> datetime:
        return max(self.occurred_at, self.recorded_at or self.occurred_at)


class Survey(NamedTuple):
    customer_id: str
    kind: str
    asked_at: datetime
    answered_at: datetime | None = None
    score: float | None = None
    scale_min: float | None = None
    scale_max: float | None = None
    comment: str | None = None
    language: str | None = None


class Ticket(NamedTuple):
    customer_id: str
    ticket_id: str
    opened_at: datetime
    first_response_at: datetime | None = None
    resolved_at: datetime | None = None
    reopened_at: datetime | None = None
    topic: str | None = None
    is_complaint: bool | None = None
    handling_minutes: float | None = None


class Contact(NamedTuple):
    customer_id: str
    occurred_at: datetime
    channel: str
    ticket_id: str | None = None


class Referral(NamedTuple):
    customer_id: str
    occurred_at: datetime


class ReferredPurchase(NamedTuple):
    customer_id: str
    occurred_at: datetime


class Offer(NamedTuple):
    customer_id: str
    decided_at: datetime
    arm: str
    redeemed_at: datetime | None = None
    propensity: float | None = None


History = Mapping[str, Sequence[Any]]
"""Rows by table."""


class Day(NamedTuple):
    """A purchase day: when it began, and the amounts that belong to it, later refunds too."""

    began: datetime
    amounts: list[float]


def features(history: History, cutoff: datetime, time_zone: str) -> dict[str, float] | None:
    """The features and context of one customer, None for one who has bought nothing yet."""
    known = in_order(
        row
        for row in history["transactions"]
        if row.known_at < cutoff and (row.superseded_at or cutoff) >= cutoff
    )
    if not purchase_days(known, time_zone):
        return None
    row = purchases(known, cutoff, time_zone) | promises(known, cutoff)
    row |= satisfaction(history.get("surveys", ()), known, cutoff)
    row |= effort(history, cutoff) | loyalty(history, known, cutoff, time_zone)
    return row | offers(history.get("offers", ()), cutoff) | season(cutoff, time_zone)


def purchases(known: list[Row], cutoff: datetime, time_zone: str) -> dict[str, float]:
    days = purchase_days(known, time_zone)
    first, last, seen = min(days), max(days), day_of(cutoff - timedelta(microseconds=1), time_zone)
    gaps = [(later - earlier).days for earlier, later in pairwise(sorted(days))]
    age, silence = (seen - first).days, (seen - last).days
    refunds = -fsum(row.amount for row in known if row.amount < 0)
    gross = fsum(row.amount for row in known if row.amount > 0)
    mean_gap, long_gap = mean(gaps), quantile(gaps, 0.9)
    row = {
        "frequency": len(days) - 1,
        "recency": (last - first).days,
        "T": age,
        "monetary_value": mean([fsum(days[day].amounts) for day in days if day != first]),
        "spend": round(gross - refunds, 4),
        "silence": silence,
        "silence_in_gaps": silence / mean_gap,
        "mean_gap": mean_gap,
        "median_gap": median(gaps) if gaps else nan,
        "long_gap": long_gap,
        "gap_spread": pstdev(gaps) if len(gaps) > 1 else nan,
        "second_gap": gaps[0] if gaps else nan,
        "stage": min(len(gaps), 1) + (len(gaps) >= 3 and silence <= long_gap),
        "refund_share": min(refunds / gross, 1) if gross else nan,
    }
    for window in WINDOWS_DAYS:
        start = cutoff - timedelta(days=window)
        row[f"purchase_days_{window}d"] = sum(day.began >= start for day in days.values())
        row[f"spend_{window}d"] = fsum(row.amount for row in known if row.occurred_at >= start)
    usual = len(days) * 90 / (age + 1)
    row["spend_trend_90d"] = 2 * row["spend_90d"] - row["spend_180d"]
    return row | {"pace_90d": row["purchase_days_90d"] / usual if age >= 90 else nan}


def promises(known: list[Row], cutoff: datetime) -> dict[str, float]:
    promised = [row for row in known if row.promised_at]
    arrived = before(promised, cutoff, lambda row: row.delivered_at)
    delays = [in_days(max(row.delivered_at - row.promised_at, timedelta())) for row in arrived]
    waits = [in_days(row.delivered_at - row.occurred_at) for row in arrived]
    recent = since(cutoff, 180)
    late = [delay > 0 for delay in delays]
    lately = [
        is_late for is_late, row in zip(late, arrived, strict=True) if recent(row.delivered_at)
    ]
    due = before(promised, cutoff, lambda row: max(row.promised_at, row.occurred_at))
    broken = [
        max(row.promised_at, row.occurred_at)
        for row in due
        if not row.delivered_at or row.delivered_at > max(row.promised_at, row.occurred_at)
    ]
    return {
        **{f"broken_{days}d": sum(map(since(cutoff, days), broken)) for days in (30, 90, 180)},
        "deliveries": len(arrived),
        "late_share": mean(late),
        "late_trend": mean(lately) - mean(late),
        "delay": mean([delay for delay in delays if delay > 0]),
        "worst_delay": max(delays, default=nan),
        "last_delay": delays[-1] if delays else nan,
        "wait": mean(waits),
        "wait_spread": pstdev(waits) if len(waits) > 1 else nan,
        "overdue": sum(row.promised_at < cutoff and row not in arrived for row in promised),
    }


def answers(surveys: Iterable[Survey], cutoff: datetime, *kinds: str) -> list[Survey]:
    """Answers of these kinds in the order they came."""
    scored = [row for row in surveys if row.kind in kinds and row.score is not None]
    return before(scored, cutoff, lambda row: row.answered_at)


def share(row: Survey) -> float:
    """An answer between 0 and 1, to 1/10,000."""
    low, high = SCALES[row.kind]
    low = low if row.scale_min is None else row.scale_min
    high = high if row.scale_max is None else row.scale_max
    return round(min(max((row.score - low) / (high - low), 0), 1) * 10_000) / 10_000


def satisfaction(surveys: Iterable[Survey], known: list[Row], cutoff: datetime) -> dict[str, float]:
    given = answers(surveys, cutoff, *KINDS)
    shares = [share(row) for row in given]
    recent = since(cutoff, 180)
    lately = [share(row) for row in given if row.answered_at and recent(row.answered_at)]
    last = given[-1].answered_at if given else cutoff
    bought = any(row.amount >= 0 and row.occurred_at > last for row in known)
    nps = [row.score for row in answers(surveys, cutoff, "nps")]
    wallet = [share(row) for row in answers(surveys, cutoff, "wallet_share")]
    row = {
        "satisfaction_last": shares[-1] if shares else nan,
        "satisfaction_mean": mean(shares),
        "satisfaction_worst": min(shares, default=nan),
        "satisfaction_trend": mean(lately) - mean(shares),
        "satisfaction_spread": pstdev(shares) if len(shares) > 1 else nan,
        "satisfaction_since": in_days(cutoff - last) if given else nan,
        "answers": len(shares),
        "response_rate": divided(
            sum(row.answered_at is not None and row.answered_at < cutoff for row in surveys),
            sum(row.asked_at < cutoff for row in surveys),
        ),
        "silence_after_bad": (
            in_days(cutoff - last) if shares and shares[-1] <= 0.4 and not bought else 0
        ),
        "nps_class": (nps[-1] >= 7) + (nps[-1] >= 9) - 1 if nps else nan,
        "wallet_share": wallet[-1] if wallet else nan,
    }
    for kind in KINDS:
        of_kind = [share(row) for row in answers(surveys, cutoff, kind)]
        row[f"{kind}_last"] = of_kind[-1] if of_kind else nan
        row[f"{kind}_mean"] = mean(of_kind)
    return row


def effort(history: History, cutoff: datetime) -> dict[str, float]:
    opened = before(history.get("tickets", ()), cutoff, lambda row: row.opened_at)
    contacts = before(history.get("contacts", ()), cutoff, lambda row: row.occurred_at)
    contacts = [row for row in contacts if row.ticket_id]
    responded = before(opened, cutoff, lambda row: row.first_response_at)
    resolved = before(opened, cutoff, lambda row: row.resolved_at)
    reopened = before(opened, cutoff, lambda row: row.reopened_at)
    responses = [floor_hours(row.first_response_at - row.opened_at) for row in responded]
    resolutions = [floor_hours(row.resolved_at - row.opened_at) for row in resolved]
    topics = Counter(row.topic for row in opened if row.topic)
    handled = [row.handling_minutes for row in resolved if row.handling_minutes is not None]
    ces = [share(row) for row in answers(history.get("surveys", ()), cutoff, "ces")]
    switches = sum(map(switches_of, by_ticket(contacts).values()))
    again = [row for row in reopened if row in resolved and row.reopened_at > row.resolved_at]
    still_open = len(opened) - len(resolved) + len(again)
    errands = len(contacts) + switches + len(reopened) + still_open
    row = {
        "tickets": len(opened),
        "tickets_open": still_open,
        "complaints": sum(bool(row.is_complaint) for row in opened),
        "repeated_topics": divided(sum(topics.values()) - len(topics), len(opened)),
        "reopened": divided(len(reopened), len(resolved)),
        "first_contact": mean(
            [row not in reopened and contacts_until(row, contacts) <= 1 for row in resolved]
        ),
        "contacts_per_ticket": divided(len(contacts), len(opened)),
        "switches_per_ticket": divided(switches, len(opened)),
        "response_hours": median(responses) if responses else nan,
        "worst_response_hours": max(responses, default=nan),
        "resolution_hours": median(resolutions) if resolutions else nan,
        "worst_resolution_hours": max(resolutions, default=nan),
        "past_target": mean([hours > 72 for hours in resolutions]),
        "handling_minutes": mean(handled),
        "ces_last": ces[-1] if ces else nan,
        "ces_mean": mean(ces),
        "effort_index": 1 - mean(ces) if ces else 1 - 1 / (1 + errands),
    }
    for window in TICKET_WINDOWS_DAYS:
        lately = since(cutoff, window)
        row[f"tickets_{window}d"] = sum(lately(row.opened_at) for row in opened)
        row[f"ticket_contacts_{window}d"] = sum(lately(row.occurred_at) for row in contacts)
        row[f"switches_{window}d"] = sum(
            one.channel != other.channel and lately(other.occurred_at)
            for own in by_ticket(contacts).values()
            for one, other in pairwise(own)
        )
        row[f"slow_{window}d"] = sum(
            lately(target)
            for row in opened
            for target in [row.opened_at + timedelta(hours=72)]
            if target < cutoff and not (row.resolved_at and row.resolved_at <= target)
        )
    return row


def by_ticket(contacts: Iterable[Contact]) -> dict[str, list[Contact]]:
    found: dict[str, list[Contact]] = {}
    for row in contacts:
        found.setdefault(row.ticket_id or "", []).append(row)
    return found


def switches_of(contacts: list[Contact]) -> int:
    return sum(one.channel != other.channel for one, other in pairwise(contacts))


def contacts_until(ticket: Ticket, contacts: Iterable[Contact]) -> int:
    own = (row for row in contacts if row.ticket_id == ticket.ticket_id)
    return sum(row.occurred_at <= (ticket.resolved_at or row.occurred_at) for row in own)


def loyalty(
    history: History, known: list[Row], cutoff: datetime, time_zone: str
) -> dict[str, float]:
    bought = [row for row in known if row.amount >= 0]
    referrals = before(history.get("referrals", ()), cutoff, lambda row: row.occurred_at)
    followed = before(history.get("referred_purchases", ()), cutoff, lambda row: row.occurred_at)
    priced = [row.discount == 0 for row in bought if row.discount is not None]
    channels = {row.channel for row in bought if row.channel}
    categories = {row.category for row in bought if row.category}
    days = purchase_days(known, time_zone).values()
    lately, year = (sum(since(cutoff, back)(day.began) for day in days) for back in (180, 360))
    signs = [
        lately > year - lately,
        len(channels) + len(categories) > 2,
        bool(referrals),
        mean(priced) > 0.5,
    ]
    return {
        "referrals": len(referrals),
        "referred_purchases": len(followed),
        "full_price_share": mean(priced),
        "channels": len(channels),
        "categories": len(categories),
        "connection": mean(signs),
    }


def offers(decided: Iterable[Offer], cutoff: datetime) -> dict[str, float]:
    made = before([row for row in decided if row.arm != "control"], cutoff, lambda r: r.decided_at)
    redeemed = before(made, cutoff, lambda row: row.redeemed_at)
    return {
        "offers": len(made),
        "offers_redeemed": divided(len(redeemed), len(made)),
        "offer_since": in_days(cutoff - made[-1].decided_at) if made else nan,
        "offered_90d": any(since(cutoff, 90)(row.decided_at) for row in made),
    }


def season(cutoff: datetime, time_zone: str) -> dict[str, float]:
    seen = day_of(cutoff - timedelta(microseconds=1), time_zone)
    angle = 2 * pi * (seen - date(1970, 1, 1)).days / 365.2425
    return {"winter": cos(angle), "spring": sin(angle)}


def labels(
    history: History,
    cutoff: datetime,
    horizon_days: int,
    time_zone: str,
    *,
    factor: float = 2.0,
    decline: float = 0.5,
) -> dict[str, float]:
    """What one customer did in the horizon, of one who has bought before."""
    final = in_order(row for row in history["transactions"] if row.superseded_at is None)
    end = cutoff + timedelta(days=horizon_days)
    ahead = [row for row in final if cutoff <= row.occurred_at < end]
    bought = list(dropwhile(lambda row: row.amount < 0, ahead))
    days = {day_of(row.occurred_at, time_zone) for row in bought if row.amount >= 0}
    spend = round(fsum(row.amount for row in bought), 4)
    past = [row for row in final if row.occurred_at < cutoff]
    rhythm, declined = float(not bought), nan
    if purchase_days(past, time_zone):
        before_ = purchases(past, cutoff, time_zone)
        silent = before_["silence"] + horizon_days > factor * before_["long_gap"]
        rhythm = float(not bought and (silent or isnan(before_["long_gap"])))
        pace = before_["spend"] * (horizon_days / (before_["T"] + 1))
        declined = float(spend < decline * pace) if before_["spend"] > 0 else nan
    return {
        "churned": not bought,
        "churned_inactivity": not bought,
        "churned_rhythm": rhythm,
        "churned_contract": nan,
        "churned_decline": declined,
        "purchase_days_ahead": len(days),
        "spend_ahead": spend,
        "margin_ahead": nan,
        **offers_ahead(history, cutoff, end),
    }


def offers_ahead(history: History, cutoff: datetime, end: datetime) -> dict[str, float]:
    if "offers" not in history:
        return {"offered_ahead": nan, "held_out_propensity": nan}
    ahead = [row for row in history["offers"] if cutoff <= row.decided_at < end]
    held_out = [row.propensity or 1 for row in ahead if row.arm == "control"]
    return {
        "offered_ahead": any(row.arm != "control" for row in ahead),
        "held_out_propensity": prod(held_out),
    }


def purchase_days(rows: Iterable[Row], time_zone: str) -> dict[date, Day]:
    """The purchase days of sorted rows; a refund belongs to the latest one before it."""
    days: dict[date, Day] = {}
    latest = None
    for row in rows:
        if row.amount >= 0:
            latest = days.setdefault(day_of(row.occurred_at, time_zone), Day(row.occurred_at, []))
        if latest:
            latest.amounts.append(row.amount)
    return days


def in_order(rows: Iterable[Row]) -> list[Row]:
    """By time; in one instant the refund comes last."""
    return sorted(rows, key=lambda row: (row.occurred_at, -row.amount))


def before(rows: Iterable[Any], cutoff: datetime, when: Callable[[Any], Any]) -> list[Any]:
    """The rows whose time, if it has come, lies before the cut-off, in that order."""
    return sorted((row for row in rows if when(row) and when(row) < cutoff), key=when)


def since(cutoff: datetime, days: int) -> Callable[[datetime], bool]:
    """Whether an instant lies in the last days before a cut-off."""
    return lambda instant: instant >= cutoff - timedelta(days=days)


def day_of(instant: datetime, time_zone: str) -> date:
    return instant.astimezone(ZoneInfo(time_zone)).date()


def in_days(duration: timedelta) -> float:
    return duration / timedelta(days=1)


def floor_hours(duration: timedelta) -> float:
    """Hours, whole ten-thousandths of them."""
    return floor(duration / timedelta(hours=1) * 10_000 + 1e-6) / 10_000


def mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values) if values else nan


def divided(above: float, below: float) -> float:
    return above / below if below else nan


def quantile(values: Sequence[float], at: float) -> float:
    """Interpolated between the two nearest values; NaN of none."""
    if not values:
        return nan
    ordered, place = sorted(values), at * (len(values) - 1)
    low, high = ordered[int(place)], ordered[min(int(place) + 1, len(values) - 1)]
    return low + (place % 1) * (high - low)
