"""Every indicator there is, each declared once."""

from collections.abc import Mapping

from features.indicators import facts
from features.indicators.figures import (
    LIFETIME,
    MEAN,
    MEDIAN,
    NET,
    ODDS,
    SHARE,
    SPREAD,
    WORST_TENTH,
)
from features.indicators.indicator import Facts, Indicator, Unit
from features.satisfaction import KINDS

_TOP_TWO = "share >= 1 - 1.5 * step"
_SATISFACTION = ", ".join(f"'{kind}'" for kind in KINDS)


def _of(kind: str, value: str) -> str:
    return f"CASE WHEN kind = '{kind}' THEN {value} END"


def _times(
    name: str, title: str, words: str, unit: Unit, rows: Facts, value: str, *needs: str
) -> tuple[Indicator, Indicator]:
    """The median of a time, and what its worst tenth exceeds."""
    rest = (unit, rows, value)
    return (
        Indicator(name, title, f"median {words}", *rest, MEDIAN, "lower", frozenset(needs)),
        Indicator(
            f"{name}_worst",
            f"{title}, worst tenth",
            f"what one in ten exceeds: {words}",
            *rest,
            WORST_TENTH,
            "lower",
            frozenset(needs),
        ),
    )


_ALL = (
    Indicator(
        "nps",
        "NPS",
        "answers from 0 to 10: share of promoters (9-10) less share of detractors (0-6), in points",
        "points",
        facts.ANSWERS,
        _of("nps", "CASE WHEN share >= 0.85 THEN 100 WHEN share < 0.65 THEN -100 ELSE 0 END"),
        NET,
    ),
    Indicator(
        "csat",
        "CSAT",
        "mean satisfaction answered, on a scale from 1 (worst) to 5 (best)",
        "scale",
        facts.ANSWERS,
        _of("csat", "1 + 4 * share"),
        MEAN,
    ),
    Indicator(
        "csat_top_two",
        "CSAT, top two",
        "share of the satisfaction answers that are one of the two best points of their scale",
        "share",
        facts.ANSWERS,
        _of("csat", _TOP_TWO),
        SHARE,
    ),
    Indicator(
        "ces",
        "CES",
        "mean ease answered, on a scale from 1 (hardest) to 7 (easiest), whichever way the "
        "survey's own scale runs",
        "scale",
        facts.ANSWERS,
        _of("ces", "1 + 6 * share"),
        MEAN,
    ),
    Indicator(
        "isat",
        "ISAT",
        "mean satisfaction index answered, from 0 to 100",
        "points",
        facts.ANSWERS,
        _of("isat", "100 * share"),
        MEAN,
    ),
    Indicator(
        "review",
        "Reviews",
        "mean review, on a scale from 1 (worst) to 5 (best)",
        "scale",
        facts.ANSWERS,
        _of("review", "1 + 4 * share"),
        MEAN,
    ),
    Indicator(
        "loyalty",
        "Loyalty index",
        "mean loyalty answered, from 0 to 100",
        "points",
        facts.ANSWERS,
        _of("loyalty", "100 * share"),
        MEAN,
    ),
    Indicator(
        "consistency",
        "Consistency of answers",
        "spread (standard deviation) of all satisfaction answers, each from 0 to 100",
        "points",
        facts.ANSWERS,
        f"CASE WHEN kind IN ({_SATISFACTION}) THEN 100 * share END",
        SPREAD,
        "lower",
    ),
    Indicator(
        "response_rate",
        "Response rate",
        "share of the surveys sent in the period that were answered by its end",
        "share",
        facts.ASKED,
        "answered",
        SHARE,
    ),
    Indicator(
        "repurchase_intent",
        "Repurchase intent",
        "share of the answers on buying again that are one of the two best points of their scale",
        "share",
        facts.ANSWERS,
        _of("repurchase_intent", _TOP_TWO),
        SHARE,
    ),
    Indicator(
        "repurchase",
        "Real repurchase",
        "share of those who answered on buying again, whatever they said, who bought in the "
        "horizon after; horizons that closed in the period",
        "share",
        facts.INTENTS,
        "bought",
        SHARE,
    ),
    Indicator(
        "intent_kept",
        "Intent kept",
        "share of those who intended to buy again who bought in the horizon after; horizons that "
        "closed in the period",
        "share",
        facts.INTENTS,
        "CASE WHEN intended THEN bought END",
        SHARE,
    ),
    Indicator(
        "wallet_share",
        "Wallet share, stated",
        "mean share of their wallet that customers say they spend here",
        "share",
        facts.ANSWERS,
        _of("wallet_share", "share"),
        MEAN,
    ),
    Indicator(
        "wallet_share_estimated",
        "Wallet share, estimated",
        "mean of each customer's net spend in the period over that which nine in ten of their "
        "segment stay under, at most 1: the wallet is taken to be what the best spend",
        "share",
        facts.WALLETS,
        "share",
        MEAN,
    ),
    Indicator(
        "spend",
        "Spend",
        "mean net spend in the period of the customers who bought in it",
        "currency",
        facts.BUYERS,
        "spend",
        MEAN,
    ),
    Indicator(
        "repeat_rate",
        "Repeat rate",
        "share of the customers who bought in the period who by its end had bought on more than "
        "one day",
        "share",
        facts.BUYERS,
        "repeated",
        SHARE,
    ),
    Indicator(
        "time_to_second_purchase",
        "Time to second purchase",
        "median days from the first to the second purchase day, of the second ones in the period",
        "days",
        facts.SECOND_PURCHASES,
        "wait",
        MEDIAN,
        "lower",
    ),
    Indicator(
        "churn_rate",
        "Churn rate",
        "share of the customers at the period's start who were lost by its end: silent for a "
        "whole horizon, or out of contract where churn is by contract",
        "share",
        facts.STAYING,
        "lost",
        SHARE,
        "lower",
    ),
    Indicator(
        "loss_to_acquisition",
        "Loss to acquisition",
        "customers lost in the period per customer acquired in it",
        "ratio",
        facts.TURNOVER,
        "lost",
        ODDS,
        "lower",
    ),
    Indicator(
        "lifetime",
        "Lifetime",
        "days that customers stay if they go on being lost at the period's churn rate",
        "days",
        facts.STAYING,
        "lost",
        LIFETIME,
    ),
    Indicator(
        "referral_rate",
        "Referral rate",
        "share of the customers who bought in the period who recommended in it",
        "share",
        facts.BUYERS,
        "recommended",
        SHARE,
        needs=frozenset({"referrals"}),
    ),
    Indicator(
        "referral_spend",
        "What a referral buys",
        "mean net spend of the customer referred in the horizon after the referral, 0 where "
        "nobody came; horizons that closed in the period",
        "currency",
        facts.REFERRALS,
        "spend",
        MEAN,
    ),
    Indicator(
        "promise_kept",
        "Promise kept",
        "share of the deliveries that came or fell due in the period that came by the time "
        "promised",
        "share",
        facts.PROMISES,
        "kept",
        SHARE,
    ),
    Indicator(
        "delivery_spread",
        "Consistency of delivery",
        "spread (standard deviation) of the days from purchase to delivery",
        "days",
        facts.DELIVERIES,
        "wait",
        SPREAD,
        "lower",
    ),
    Indicator(
        "first_contact_resolution",
        "First-contact resolution",
        "share of the issues resolved in the period that took one contact and were not reopened",
        "share",
        facts.RESOLVED,
        "contacts_before <= 1 AND NOT reopened",
        SHARE,
        needs=frozenset({"contacts.ticket_id"}),
    ),
    Indicator(
        "contacts_per_issue",
        "Contacts per issue",
        "mean contacts of the issues resolved in the period",
        "count",
        facts.RESOLVED,
        "contacts",
        MEAN,
        "lower",
        frozenset({"contacts.ticket_id"}),
    ),
    Indicator(
        "channel_switches",
        "Channel switches per issue",
        "mean changes of channel from one contact to the next, of the issues resolved in the "
        "period",
        "count",
        facts.RESOLVED,
        "switches",
        MEAN,
        "lower",
        frozenset({"contacts.ticket_id"}),
    ),
    Indicator(
        "never_handed_over",
        "Never handed over",
        "share of the issues resolved in the period without a contact at the touchpoint "
        "hand-over, where the records have that touchpoint",
        "share",
        facts.RESOLVED,
        f"CASE WHEN {facts.TELLS_HAND_OVERS} THEN NOT handed_over END",
        SHARE,
        needs=frozenset({"contacts.ticket_id", "contacts.touchpoint"}),
    ),
    Indicator(
        "reopened",
        "Reopened",
        "share of the issues resolved in the period that were reopened by its end",
        "share",
        facts.RESOLVED,
        "reopened",
        SHARE,
        "lower",
        frozenset({"tickets.reopened_at"}),
    ),
    Indicator(
        "resolved_in_time",
        "Resolved in time",
        "share of the issues resolved in the period that were resolved in the time promised",
        "share",
        facts.RESOLVED,
        "in_time",
        SHARE,
        needs=frozenset({"tickets.in_time"}),
    ),
    *_times(
        "response_time",
        "Response time",
        "hours from an issue's opening to the first response",
        "hours",
        facts.RESPONDED,
        "hours",
    ),
    *_times(
        "resolution_time",
        "Resolution time",
        "hours from an issue's opening to its resolution",
        "hours",
        facts.RESOLVED,
        "hours",
    ),
    *_times(
        "handling_time",
        "Handling time",
        "minutes of work on an issue resolved",
        "minutes",
        facts.RESOLVED,
        "handling_minutes",
        "tickets.handling_minutes",
    ),
)

INDICATORS: Mapping[str, Indicator] = {indicator.name: indicator for indicator in _ALL}
"""Every indicator by its name."""
