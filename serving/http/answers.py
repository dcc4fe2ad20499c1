"""Answers: from what is asked to JSON, all of it from one edition."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from features import online, snapshot
from features.errors import QuerenciaError
from features.feature import ACTIONS
from features.snapshot import Snapshot
from serving import dossier, lines, words
from serving.edition import Edition
from serving.http.asked import (
    CustomerRequest,
    ExplainRequest,
    FeatureRows,
    ScoreRequest,
)
from serving.http.problem import Problem
from serving.http.told import Explanation
from serving.lines import EVERY, Figure
from serving.posted import Posted
from serving.score_history import ScoreHistory
from training.reasons import Reasons
from training.rows import Rows
from training.scoring import (
    FIGURES,
    NEEDED,
    TOLD,
    WINDOW,
    drivers,
    figures,
    next_purchase_days,
)

Floats = NDArray[np.float64]
Wanted = Sequence[Figure]
"""What to tell of a customer, in order."""

_AMOUNTS = frozenset(FIGURES) - {"risk"}


def score(edition: Edition, request: ScoreRequest) -> bytes:
    """Score customers by id, by posted histories, or by rows of features."""
    cutoff, wanted = request.cutoff or edition.cutoff, request.told
    customers = [
        *(_by_id(edition, customer_id, wanted) for customer_id in request.customer_ids),
        *_posted(edition, request.histories, cutoff, wanted),
    ]
    rows = b"null" if request.rows is None else _rows(edition, request.rows, wanted)
    return joined(edition, cutoff, customers=listed(customers), rows=rows)


def explain(edition: Edition, request: ExplainRequest) -> bytes:
    """What each driver adds to the risk of customers, by id or by posted histories."""
    cutoff = request.cutoff or edition.cutoff
    found = [
        *((each, _looked_up(edition, each)) for each in request.customer_ids),
        *((each.customer_id, row_of(edition, each, cutoff)) for each in request.histories),
    ]
    told = (explanation(edition, customer_id, row) for customer_id, row in found)
    return joined(edition, cutoff, customers=listed(map(to_json, told)))


def customer(edition: Edition, request: CustomerRequest) -> bytes:
    """One customer of the records: scores, now and before, reasons, and the row the model saw."""
    customer_id = request.customer_id
    row = _looked_up(edition, customer_id)
    features = {
        name: float(row.columns[name][0]) if len(row) else None for name in edition.model.features
    }
    return joined(
        edition,
        edition.cutoff,
        score=_by_id(edition, customer_id),
        explanation=to_json(explanation(edition, customer_id, row)),
        history=to_json(_past(edition, customer_id)),
        features=to_json(features, inf_nan_mode="null"),
    )


def model(edition: Edition) -> bytes:
    """The model that serves: version, definitions, and measures on a later period."""
    version, definitions = edition.champion.version, edition.definitions()
    since_trained = edition.cutoff - edition.trained_as_of
    return to_json(
        {
            "provenance": definitions,
            "version": str(version.number),
            "trained_as_of": edition.trained_as_of,
            "model_age_days": definitions["age_days"] + since_trained / timedelta(days=1),
            "customers": len(edition.lines),
            "features": edition.model.features,
            "training": edition.champion.model.provenance.model_dump(mode="json"),
            "metrics": version.metrics,
        },
        inf_nan_mode="null",
    )


def warm_up(edition: Edition) -> None:
    """Score a history once, which is slower than it will be ever after."""
    bought = {"occurred_at": edition.cutoff - timedelta(days=1), "amount": 1}
    history = {"customer_id": "nobody", "transactions": [bought]}
    for _ in range(3):
        score(edition, ScoreRequest.model_validate({"histories": [history]}))


def joined(edition: Edition, cutoff: datetime, **parts: bytes) -> bytes:
    """One JSON object: the provenance, then parts that are JSON already."""
    told = b"".join(b',"%b":%b' % (name.encode(), part) for name, part in parts.items())
    return b'{"provenance":%b%b}' % (to_json(edition.definitions(cutoff)), told)


def listed(parts: Iterable[bytes]) -> bytes:
    """A list of JSON of parts that are JSON already."""
    return b"[%b]" % b",".join(parts)


def _by_id(edition: Edition, customer_id: str, wanted: Wanted = EVERY) -> bytes:
    place = edition.places.get(customer_id)
    if place is None:
        return lines.unknown(customer_id, wanted)
    return lines.cut(edition.lines[place], wanted)


def _looked_up(edition: Edition, customer_id: str) -> Snapshot:
    asked = customer_id if customer_id in edition.places else ""  # forgotten: not looked for
    return dossier.row(asked, edition.cutoff, edition.champion, edition.settings)


def _past(edition: Edition, customer_id: str) -> list[dict[str, Any]]:
    if customer_id not in edition.places:
        return []
    return [each._asdict() for each in ScoreHistory(edition.settings.data).of(customer_id)]


def row_of(edition: Edition, history: Posted, cutoff: datetime) -> Snapshot:
    """The row of one posted history, or none where it holds no purchase before the cut-off."""
    return online.row(
        history.customer_id,
        history.tables(),
        cutoff,
        edition.settings.features,
        has=edition.knows,
        themes=edition.champion.model.themes,
    )


def _posted(
    edition: Edition, histories: Sequence[Posted], cutoff: datetime, wanted: Wanted
) -> list[bytes]:
    """A line per history, in order."""
    if not histories:
        return []
    rows = [row_of(edition, history, cutoff) for history in histories]
    present = [row for row in rows if len(row)]
    scored = iter(
        _scored(edition, Rows.of(snapshot.together(present)), cutoff, wanted) if present else ()
    )
    return [
        lines.known({"customer_id": history.customer_id, "known": True, **next(scored)}, wanted)
        if len(row)
        else lines.unknown(history.customer_id, wanted)
        for history, row in zip(histories, rows, strict=True)
    ]


def _scored(
    edition: Edition, rows: Rows, cutoff: datetime, wanted: Wanted
) -> Iterator[dict[str, Any]]:
    """What is told of each row but whose it is; nothing is calculated that nobody asked for."""
    told = _figures(edition, rows, wanted)
    columns: dict[str, list[Any]] = {name: each.tolist() for name, each in told.items()}
    if not WINDOW.keys().isdisjoint(wanted):
        columns |= _window(edition, rows, cutoff)
    if "reason" in wanted:
        reasons = edition.model.risk.reasons(rows, risk=told["risk"])
        columns["reason"] = _in_words(edition, rows, reasons)
    return (dict(zip(columns, own, strict=True)) for own in zip(*columns.values(), strict=True))


def _figures(edition: Edition, rows: Rows, wanted: Wanted) -> dict[str, Floats]:
    """The risk of each row, and all other figures where one of them is asked for."""
    if _AMOUNTS.isdisjoint(wanted):
        told = {"risk": edition.model.risk.predict(rows)}
    else:
        told = figures(edition.model, rows)
    edition.seen.add(told["risk"])
    return told


def _window(edition: Edition, rows: Rows, cutoff: datetime) -> dict[str, list[datetime | None]]:
    return {
        name: [None if days != days else cutoff + timedelta(days=days) for days in waits]
        for name, waits in zip(
            WINDOW, next_purchase_days(edition.model, rows).T.tolist(), strict=True
        )
    }


def _in_words(edition: Edition, rows: Rows, reasons: Reasons) -> list[str]:
    told = [each.tolist() for each in (*drivers(reasons), *(rows[name] for name in TOLD))]
    names = ("driver", "driver_points", *TOLD)
    return [
        words.reason(dict(zip(names, own, strict=True)), edition.settings.language)
        for own in zip(*told, strict=True)
    ]


def _rows(edition: Edition, asked: FeatureRows, wanted: Wanted) -> bytes:
    try:
        told = _figures(edition, _read(edition, asked), wanted)
    except QuerenciaError as error:
        raise _unusable(str(error).rstrip(".")) from None
    columns = [name for name in wanted if name in told]
    data = [*zip(*(told[name].tolist() for name in columns), strict=True)]
    return to_json({"columns": columns, "data": data}, inf_nan_mode="null")


def _read(edition: Edition, asked: FeatureRows) -> Rows:
    """The rows as the model reads them; a feature that is left out is not known.

    Raises:
        Problem: where a column is unknown, named twice or missing, or a row has another length.
    """
    names, features = asked.columns, edition.model.features
    places = {name: place for place, name in enumerate(features)}
    strange = set(names).difference(places)
    if strange:
        raise _unusable(f"{len(strange)} of the columns are no features of this model")
    if len(set(names)) < len(names):
        raise _unusable("a column is named twice")
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise _unusable(f"the columns {', '.join(missing)} are missing")
    if {*map(len, asked.data)} != {len(names)}:
        raise _unusable(f"every row needs {len(names)} numbers, one per column")
    numbers = np.fromiter(chain.from_iterable(asked.data), float)  # None becomes NaN
    values = np.full((len(asked.data), len(features)), np.nan)
    values[:, [places[name] for name in names]] = numbers.reshape(-1, len(names))
    return Rows.table(values, features)


def _unusable(why: str) -> Problem:
    return Problem(422, f"The rows cannot be used: {why}. GET /model tells the features.")


def explanation(edition: Edition, customer_id: str, row: Snapshot) -> dict[str, Any]:
    """What each driver adds to the risk that a row comes to; nothing is known without one."""
    if not len(row):
        return Explanation(customer_id=customer_id, known=False).model_dump()
    rows = Rows.of(row)
    told = figures(edition.model, rows)
    reasons = edition.model.risk.reasons(rows, risk=told["risk"])
    return {
        "customer_id": customer_id,
        "known": True,
        "risk": float(told["risk"][0]),
        "base_risk": float(reasons.base[0]),
        "reason": _in_words(edition, rows, reasons)[0],
        "reasons": _reasons(reasons, float(told["value"][0])),
    }


def _reasons(reasons: Reasons, value: float) -> list[dict[str, Any]]:
    """Every driver, what adds most first."""
    added = sorted(zip(reasons.points[0].tolist(), reasons.drivers, strict=True), reverse=True)
    return [
        {"driver": driver, "points": points, "money": points * value, "action": ACTIONS[driver]}  # type: ignore[index]
        for points, driver in added
    ]
