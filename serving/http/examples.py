"""Examples of answers, for the API's description: of a shop in euros, and shortened."""

from collections.abc import Mapping
from typing import Any

_PROVENANCE = {
    "model_version": "7",
    "cutoff": "2025-06-01T00:00:00Z",
    "age_days": 1.25,
    "churn": "inactivity",
    "horizon_days": 90,
    "currency": "EUR",
    "time_zone": "Europe/Madrid",
    "feature_version": "5d41402abc4b",
}
_REASON = "silent for 61 days, which is long after a purchase every 20 (+31 points)"
_SCORE = {
    "customer_id": "c-1",
    "known": True,
    "risk": 0.72,
    "value": 140.5,
    "value_low": 60.2,
    "value_high": 231.7,
    "value_at_stake": 190.1,
    "expected_loss": 101.2,
    "expected_purchases": 0.8,
    "expected_purchases_low": 0.0,
    "expected_purchases_high": 2.1,
    "expected_spend": 41.3,
    "expected_spend_low": 0.0,
    "expected_spend_high": 97.5,
    "next_purchase_from": "2025-06-10T00:00:00Z",
    "next_purchase_at": "2025-07-20T00:00:00Z",
    "next_purchase_by": "2025-10-02T00:00:00Z",
    "reason": _REASON,
}
_NOBODY = {**dict.fromkeys(_SCORE), "customer_id": "c-2", "known": False}
_EXPLANATION = {
    "customer_id": "c-1",
    "known": True,
    "risk": 0.72,
    "base_risk": 0.41,
    "reason": _REASON,
    "reasons": [
        {"driver": "silence", "points": 0.31, "money": 43.6, "action": "win them back in time"}
    ],
}
_PAST = {
    "cutoff": "2025-05-25T00:00:00Z",
    "model_version": "6",
    "churn": "inactivity",
    "horizon_days": 90,
    "risk": 0.64,
    "value": 150.2,
    "value_at_stake": 194.0,
}
_DECISION = {
    "customer_id": "c-1",
    "known": True,
    "offer": "voucher",
    "arm": "voucher",
    "propensity": 0.95,
    "level": "answer",
    "channel": "e-mail",
    "cost": 4.1,
    "cost_ceiling": 22.8,
    "saved": 0.12,
    "expected_profit": 18.7,
    "expected_profit_low": 2.4,
    "why": None,
    "told": "offer voucher by e-mail",
}
_LEFT_ALONE = {
    **dict.fromkeys(_DECISION),
    "customer_id": "c-2",
    "known": True,
    "offer": "nothing",
    "why": "tired",
    "told": "was contacted by campaigns as often as may be of late",
}

ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "ScoreAnswer": {"customers": [_SCORE, _NOBODY], "rows": None},
    "ListAnswer": {
        "customers": [_SCORE],
        "decisions": [_DECISION],
        "promise": {
            "campaign": "2025-06-02-1",
            "spent": 498.2,
            "contacts": 121,
            "asked": 12,
            "control": 6,
            "expected_profit": 1210.4,
            "expected_profit_low": 402.9,
            "next_euro": 1.4,
        },
    },
    "ExplainAnswer": {"customers": [_EXPLANATION]},
    "CustomerAnswer": {
        "score": _SCORE,
        "explanation": _EXPLANATION,
        "history": [_PAST],
        "features": {"frequency": 11.0, "silence": 61.0, "nps_last": None},
    },
    "DecideAnswer": {
        "campaign": "2025-06-02-1",
        "next_euro": 1.4,
        "next_contact": 0.0,
        "customers": [_DECISION, _LEFT_ALONE],
    },
    "ModelAnswer": {
        "version": "7",
        "trained_as_of": "2025-03-01T00:00:00Z",
        "model_age_days": 93.25,
        "customers": 23_570,
        "features": ["frequency", "recency", "T", "monetary_value"],
        "training": {
            "churn": "inactivity",
            "horizon_days": 90,
            "currency": "EUR",
            "time_zone": "Europe/Madrid",
            "families": ["purchases"],
            "records": ["transactions"],
            "feature_version": "5d41402abc4b",
            "cutoffs": ["2024-12-01T00:00:00Z"],
            "model_version": None,
        },
        "metrics": {"auc_score": 0.78},
    },
    "ReceiptAnswer": {
        "accepted": 1,
        "unchanged": 2,
        "refused": [{"table": "transactions", "row": 3, "reasons": ["amount is not an amount"]}],
        "counts_from": "the next run of querencia run, or querencia check --append",
    },
    "ForgetAnswer": {
        "state": "removed",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "asked_at": "2025-06-02T09:00:00Z",
        "done_at": "2025-06-02T09:00:04Z",
        "removed": {"records/transactions": 12, "scores": 1},
        "versions": [6, 7],
        "remains": ["Your own files and databases that records were read from."],
    },
}


def answer(name: str) -> dict[str, Any]:
    """The example of a type of answer, by its name."""
    return {"provenance": _PROVENANCE, **ANSWERS[name]}
