"""The facts that indicators are read off: one query for each kind of thing that counts."""

from collections.abc import Mapping

from features.indicators.indicator import Facts
from features.provenance import ChurnDefinition

HAND_OVER = "hand-over"
"""Touchpoint of a contact by which an issue goes to other people."""

TELLS_HAND_OVERS = f"(SELECT bool_or(touchpoint = '{HAND_OVER}') FROM contacts)"
"""SQL of whether the records have that touchpoint."""

_SILENT = """
    SELECT customer_id, min(occurred_at) AS acquired_at, max(occurred_at) + {horizon} AS lost_at,
           bool_or(occurred_at >= {start} - {horizon} AND occurred_at < {start}) AS at_start
    FROM purchases GROUP BY customer_id"""

LIVES: Mapping[ChurnDefinition, str] = {
    "inactivity": _SILENT,
    "rhythm": _SILENT,
    "decline": _SILENT,
    "contract": """
    SELECT c.customer_id, coalesce(c.acquired_at, s.first) AS acquired_at,
           contract_ends_at AS lost_at,
           coalesce(c.acquired_at, s.first, {start}) < {start}
           AND coalesce(contract_ends_at >= {start}, true) AS at_start
    FROM customers c
    LEFT JOIN (SELECT customer_id, min(occurred_at) AS first FROM purchases GROUP BY customer_id) s
    USING (customer_id)""",
}
"""SQL of when customers came and were lost, by churn definition.

Rhythm and decline compare a customer with their own past at a cut-off, and say of no day that it
was the one of the loss: there the horizon's silence counts, as by inactivity.
"""


def _facts(sql: str, own: str, *needs: str) -> Facts:
    return Facts(sql, frozenset(own.split()), frozenset(needs))


ANSWERS = _facts(
    "SELECT * REPLACE (printf('%g', score) AS score), answered_at AS known_at FROM answers",
    "kind score channel touchpoint language",
    "surveys.answered_at",
    "surveys.score",
)
ASKED = _facts(
    "SELECT *, asked_at AS known_at, answered_at IS NOT NULL AS answered FROM surveys",
    "kind channel touchpoint",
    "surveys.answered_at",
)
INTENTS = _facts(
    """SELECT a.customer_id, a.answered_at + {horizon} AS known_at, a.channel, a.touchpoint,
           a.share >= 1 - 1.5 * a.step AS intended,
           coalesce(p.occurred_at < a.answered_at + {horizon}, false) AS bought
    FROM answers a ASOF LEFT JOIN purchases p
    ON a.customer_id = p.customer_id AND a.answered_at < p.occurred_at
    WHERE a.kind = 'repurchase_intent'""",
    "channel touchpoint",
    "transactions",
    "surveys.answered_at",
    "surveys.score",
)
PROMISES = _facts(
    """SELECT customer_id, channel, category, least(delivered_at, promised_at) AS known_at,
           coalesce(delivered_at <= promised_at, false) AS kept
    FROM purchases WHERE promised_at IS NOT NULL""",
    "channel category",
    "transactions.promised_at",
    "transactions.delivered_at",
)
DELIVERIES = _facts(
    """SELECT customer_id, channel, category, delivered_at AS known_at,
           epoch(delivered_at - occurred_at) / 86400 AS wait
    FROM purchases WHERE delivered_at IS NOT NULL""",
    "channel category",
    "transactions.delivered_at",
)
RESOLVED = _facts(
    f"""SELECT t.customer_id, t.topic, t.channel, t.resolved_at AS known_at, t.in_time,
           t.reopened_at IS NOT NULL AS reopened, t.handling_minutes,
           epoch(t.resolved_at - t.opened_at) / 3600 AS hours,
           count(c.contact_id) AS contacts,
           count(*) FILTER (c.occurred_at <= t.resolved_at) AS contacts_before,
           count(*) FILTER (c.channel <> c.before) AS switches,
           coalesce(bool_or(c.touchpoint = '{HAND_OVER}'), false) AS handed_over
    FROM tickets t LEFT JOIN (
        SELECT *, lag(channel) OVER (
            PARTITION BY customer_id, ticket_id ORDER BY occurred_at, contact_id) AS before
        FROM contacts WHERE ticket_id IS NOT NULL) c USING (customer_id, ticket_id)
    WHERE t.resolved_at IS NOT NULL
    GROUP BY t.ticket_id, t.customer_id, t.topic, t.channel, t.resolved_at, t.in_time,
             t.reopened_at, t.handling_minutes, t.opened_at""",
    "topic channel",
    "tickets.resolved_at",
)
RESPONDED = _facts(
    """SELECT customer_id, topic, channel, first_response_at AS known_at,
           epoch(first_response_at - opened_at) / 3600 AS hours
    FROM tickets WHERE first_response_at IS NOT NULL""",
    "topic channel",
    "tickets.first_response_at",
)
BUYERS = _facts(
    """SELECT b.*, {start} AS known_at, r.customer_id IS NOT NULL AS recommended
    FROM (SELECT customer_id, coalesce(sum(amount) FILTER (occurred_at >= {start}), 0) AS spend,
                 min(day) FILTER (amount >= 0) < max(day) FILTER (amount >= 0) AS repeated
          FROM transactions GROUP BY customer_id
          HAVING max(occurred_at) FILTER (amount >= 0) >= {start}) b
    LEFT JOIN (SELECT DISTINCT customer_id FROM referrals WHERE occurred_at >= {start}) r
    USING (customer_id)""",
    "",
    "transactions",
)
WALLETS = _facts(
    """WITH spends AS (
        SELECT customer_id, c.segment, sum(amount) AS spend
        FROM transactions t LEFT JOIN customers c USING (customer_id)
        WHERE occurred_at >= {start} GROUP BY customer_id, c.segment HAVING sum(amount) > 0),
    wallets AS (SELECT segment, quantile_cont(spend, 0.9) AS wallet FROM spends GROUP BY segment)
    SELECT customer_id, {start} AS known_at, s.segment, least(spend / wallet, 1) AS share
    FROM spends s JOIN wallets w ON s.segment IS NOT DISTINCT FROM w.segment""",
    "segment",
    "transactions",
)
STAYING = _facts(
    """SELECT customer_id, {start} AS known_at, coalesce(lost_at < {end}, false) AS lost
    FROM ({lives}) WHERE at_start""",
    "",
    "transactions",
)
TURNOVER = _facts(
    """SELECT customer_id, lost_at AS known_at, true AS lost FROM ({lives}) UNION ALL
    SELECT customer_id, acquired_at, false FROM ({lives})""",
    "",
    "transactions",
)
SECOND_PURCHASES = _facts(
    """SELECT customer_id, known_at, day - first AS wait
    FROM (SELECT *, row_number() OVER days AS nth, lag(day) OVER days AS first
          FROM purchase_days WINDOW days AS (PARTITION BY customer_id ORDER BY day))
    WHERE nth = 2""",
    "",
    "transactions",
)
REFERRALS = _facts(
    """SELECT r.customer_id, r.occurred_at + {horizon} AS known_at,
           coalesce(sum(t.amount), 0) AS spend
    FROM referrals r LEFT JOIN transactions t
    ON t.customer_id = r.referred_customer_id AND t.occurred_at >= r.occurred_at
       AND t.occurred_at < r.occurred_at + {horizon}
    GROUP BY r.referral_id, r.customer_id, r.occurred_at""",
    "",
    "transactions",
    "referrals.referred_customer_id",
)
