"""Decisions as answers: what would be done about customers now."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

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

Verdict: TypeAlias = Mapping[Any, Any] | Why
"""What is done about a customer, or why nothing is."""

_NOTHING_KNOWN: Mapping[str, Any] = dict.fromkeys(Decision.model_fields)
_VOICES = {"contacts", "surveys"}


def decide(edition: Edition, request: DecideRequest) -> bytes:
    """What to do about customers now: which offer, to ask, or to leave alone, and why."""
    try:
        standing = edition.verdicts()
    except QuerenciaError as error:
        raise Problem(503, f"Nothing can be decided: {error}") from None
    found = [
        *((each, _by_id(edition, standing, each)) for each in request.customer_ids),
        *_posted(edition, standing, request.histories),
    ]
    return joined(
        edition,
        edition.cutoff,
        campaign=to_json(standing.campaign),
        next_euro=to_json(standing.prices.euro),
        next_contact=to_json(standing.prices.contact),
        customers=listed(map(to_json, _told(found, edition.settings.language))),
    )


def _by_id(edition: Edition, standing: Verdicts, customer_id: str) -> Verdict | None:
    if customer_id not in edition.places:
        return None
    return standing.decided.get(customer_id) or standing.left[customer_id]


def _posted(
    edition: Edition, standing: Verdicts, histories: Sequence[Posted]
) -> list[tuple[str, Verdict | None]]:
    """What is decided on each history, in order."""
    rows = [row_of(edition, history, edition.cutoff) for history in histories]
    known = [row for row in rows if len(row)]
    found = iter(_decided(edition, standing, known, histories) if known else ())
    return [
        (history.customer_id, next(found) if len(row) else None)
        for history, row in zip(histories, rows, strict=True)
    ]


def _decided(
    edition: Edition,
    standing: Verdicts,
    rows: Sequence[snapshot.Snapshot],
    histories: Sequence[Posted],
) -> list[Verdict]:
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


def _told(
    found: Sequence[tuple[str, Verdict | None]], language: words.Language
) -> Iterator[dict[str, Any]]:
    """What is told of each customer."""
    made = [each for _, each in found if isinstance(each, Mapping)]
    actions = iter(words.actions(pd.DataFrame(made), language))
    for customer_id, verdict in found:
        told: dict[str, Any] = {"customer_id": customer_id, "known": verdict is not None}
        if isinstance(verdict, Mapping):
            told |= {**verdict, "told": next(actions)}
        elif verdict is not None:
            told |= {"offer": NOTHING, "why": verdict, "told": WORDS[language][verdict]}
        yield {**_NOTHING_KNOWN, **told}
