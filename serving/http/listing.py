"""Lists as answers: the best who are about to leave, or whom to contact within a budget."""

from typing import Any

import pandas as pd
from pydantic_core import to_json

from features.errors import QuerenciaError
from features.offers import CONTROL
from serving import words
from serving.chooser import Chosen
from serving.decisions import DECIDED
from serving.edition import Edition
from serving.http.answers import joined, listed
from serving.http.asked import ListRequest
from serving.http.problem import Problem
from serving.http.told import Promised
from serving.promise import Promise
from serving.words import Language


def at_risk(edition: Edition, request: ListRequest) -> bytes:
    """The best customers who are about to leave; with a budget, whom to contact and how."""
    try:
        return _leaving(edition, request) if request.budget is None else _worth(edition, request)
    except QuerenciaError as unknown:
        raise Problem(422, str(unknown)) from None


def is_heavy(request: ListRequest) -> bool:
    """Whether more is looked at than the scores."""
    return (request.segment, request.driver, request.budget) != (None, None, None)


def _leaving(edition: Edition, request: ListRequest) -> bytes:
    places = edition.leaving(**request.model_dump(exclude={"budget"}))
    return _answer(edition, places)


def _worth(edition: Edition, request: ListRequest) -> bytes:
    """The list that a campaign within the budget comes to."""
    limits = edition.settings.campaign.but(**request.model_dump(exclude={"most"}))
    chosen = edition.chooser.choose(limits)
    rows = chosen.rows
    known = rows["customer_id"].isin(edition.places)  # who was forgotten since is on no list
    first = rows[known & (rows["arm"] != CONTROL)].head(request.most)
    return _answer(
        edition,
        [edition.places[customer] for customer in first["customer_id"]],
        decisions=to_json(_decisions(first, edition.settings.language)),
        promise=to_json(_promised(chosen, limits.budget)),
    )


def _answer(edition: Edition, places: list[int], **more: bytes) -> bytes:
    customers = listed(edition.lines[place] for place in places)
    return joined(edition, edition.cutoff, customers=customers, **more)


def _decisions(rows: pd.DataFrame, language: Language) -> list[dict[Any, Any]]:
    told = rows[["customer_id", *DECIDED]].assign(known=True, why=None)
    return told.assign(told=words.actions(rows, language)).to_dict("records")


def _promised(chosen: Chosen, budget: float) -> dict[str, Any]:
    promise = vars(Promise.of(chosen.decisions, budget))
    return {name: promise.get(name, chosen.campaign) for name in Promised.model_fields}
