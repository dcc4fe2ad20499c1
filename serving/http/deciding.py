"""Decisions as answers: what would be done about customers now."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from pydantic_core import to_json

from features import snapshot
from features.errors import QuerenciaError
from serving import verdicts, words
from serving.catalogue import NOTHING
from serving.edition import Edition
from serving.http.answers import joined, listed, row_of
from serving.http.asked import DecideRequest
from serving.http.problem import Problem
from serving.http.told import Decision
from serving.posted import Posted
from serving.verdicts import WORDS, Verdicts, Why
from training._likelihood import ModelWarning
from training.scoring import score

_NOTHING_KNOWN: Mapping[str, Any] = dict.fromkeys(Decision.model_fields)
_VOICES = {"contacts", "surveys"}


def decide(edition: Edition, request: DecideRequest) -> bytes:
    """What to do about customers now: which offer, to ask, or to leave alone, and why."""
    try:
        standing = edition.verdicts()
    except QuerenciaError as error:
        raise Problem(503, f"Nothing can be decided: {error}") from None
    customers = [
        *(_by_id(edition, standing, customer_id) for customer_id in request.customer_ids),
        *_posted(edition, standing, request.histories),
    ]
    return joined(
        edition,
        edition.cutoff,
        campaign=to_json(standing.campaign),
        next_euro=to_json(standing.prices.euro),
        next_contact=to_json(standing.prices.contact),
        customers=listed(map(to_json, customers)),
    )


def _by_id(edition: Edition, standing: Verdicts, customer_id: str) -> dict[str, Any]:
    if customer_id not in edition.places:
        return _unknown(customer_id)
    found = standing.decided.get(customer_id) or standing.left[customer_id]
    return _told(edition, customer_id, found)


def _posted(
    edition: Edition, standing: Verdicts, histories: Sequence[Posted]
) -> list[dict[str, Any]]:
    """A decision per history, in order."""
    rows = [row_of(edition, history, edition.cutoff) for history in histories]
    known = [row for row in rows if len(row)]
    found = iter(_decided(edition, standing, known, histories) if known else ())
    return [
        _told(edition, history.customer_id, next(found))
        if len(row)
        else _unknown(history.customer_id)
        for history, row in zip(histories, rows, strict=True)
    ]


def _decided(
    edition: Edition,
    standing: Verdicts,
    rows: Sequence[snapshot.Snapshot],
    histories: Sequence[Posted],
) -> list[Mapping[Any, Any] | Why]:
    touches = verdicts.touched(
        [history.model_dump() for history in histories],
        edition.cutoff,
        standing.desk.limits,
        horizon_days=edition.origin.horizon_days,
        tells=bool(_VOICES & edition.knows),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)  # that something is new is told by metrics
        scores = score(edition.model, snapshot.together(list(rows))).rows
    return standing.decide(scores, touches)


def _told(edition: Edition, customer_id: str, found: Mapping[Any, Any] | Why) -> dict[str, Any]:
    language = edition.settings.language
    if isinstance(found, str):
        done: Mapping[Any, Any] = {"offer": NOTHING}
        why, told = found, WORDS[language][found]
    else:
        done, why = found, None
        told = words.actions(pd.DataFrame([found]), language)[0]
    known = {"customer_id": customer_id, "known": True, "why": why, "told": told}
    return {**_NOTHING_KNOWN, **done, **known}


def _unknown(customer_id: str) -> dict[str, Any]:
    return {**_NOTHING_KNOWN, "customer_id": customer_id, "known": False}
