"""Histories for tests: strategies that draw them, and the ways they become records."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st

from features.comments import Lexicon, Themes
from features.family import Look
from features.records import TIMELINES, Kind, Records
from features.satisfaction import KINDS, SCALES
from features.snapshot import FAMILIES, look_at
from features.store import timelines
from tests.features.naive import (
    WINDOWS_DAYS,
    Contact,
    History,
    Offer,
    Referral,
    ReferredPurchase,
    Row,
    Survey,
    Ticket,
    day_of,
)

START = datetime(2023, 1, 1, tzinfo=UTC)
DAYS = 500
TIME_ZONES = ("UTC", "Europe/Madrid", "America/Santiago", "Asia/Kolkata")
SALES = frozenset({"transactions"})
"""What a company has that has amounts and no more."""

TABLES: Mapping[str, type[Any]] = {
    "transactions": Row,
    "surveys": Survey,
    "tickets": Ticket,
    "contacts": Contact,
    "referrals": Referral,
    "offers": Offer,
    "referred_purchases": ReferredPurchase,
}
EVERYTHING = frozenset(TABLES) | {
    f"{table}.{column}" for table, row in TABLES.items() for column in row._fields
}
"""What a company has that has every table and column."""

THEMES = Themes(
    (
        Lexicon(
            "es",
            ("entrega", "precio", "tarde"),
            (1.5, 2.0, 3.0),
            ((0.6, 0.0, 0.8), (0.0, 1.0, 0.0)),
        ),
        Lexicon(
            "en",
            ("courier", "late", "price", "website"),
            (2.0, 1.0, 1.5, 4.0),
            ((0.8, 0.6, 0.0, 0.0), (0.0, 0.28, 0.96, 0.0), (0.0, 0.0, 0.0, 1.0)),
        ),
    )
)
"""What comments are about."""

_TYPES: Mapping[Kind, pa.DataType] = {
    "id": pa.string(),
    "text": pa.string(),
    "instant": pa.timestamp("us", "UTC"),
    "money": pa.float64(),
    "number": pa.float64(),
    "flag": pa.bool_(),
}

# Few days and few times of day, so that rows meet: on one day, in one instant, on a cut-off, at
# the edge of a window or of a local day.
days = st.lists(st.integers(0, DAYS), min_size=1, max_size=8)
minutes = st.sampled_from([0, 30, 180, 270, 600, 1110, 1320, 1350, 1380, 1439])
amounts = st.one_of(st.just(0), st.integers(1, 90_000), st.integers(-40_000, -1))
delays = st.one_of(st.none(), st.integers(-100, 3_000))
time_zones = st.sampled_from(TIME_ZONES)
customers = st.sampled_from("abc")
words = st.sampled_from(
    [*(word for lexicon in THEMES.lexicons for word in lexicon.words), "Tarde!", "the", "el", "7"]
)
texts = st.one_of(st.none(), st.lists(words, max_size=8).map(" ".join), st.text(max_size=8))
comment_languages = st.sampled_from([None, "", "es", "en", "en-GB", "fr"])
comments = st.tuples(texts, comment_languages)
"""Text and language of a comment, often none, and of words that the themes know."""
lasting = st.sampled_from([0, 0.5, 24, 72, 72.5, 24 * 20, 24 * 90, 24 * 200])


def at(day: float, minute: int = 0) -> datetime:
    """An instant so many days and minutes after the start."""
    return START + timedelta(days=day, minutes=minute)


@st.composite
def _rows(draw: st.DrawFn, pool: list[int], *, late: bool) -> list[Row]:
    rows = []
    for _ in range(draw(st.integers(1, 25))):
        occurred_at = at(draw(st.sampled_from(pool)), draw(minutes))
        delay = draw(delays) if late else None
        rows.append(
            Row(
                draw(customers),
                occurred_at,
                draw(amounts) / 100,
                None if delay is None else occurred_at + timedelta(hours=delay),
            )
        )
    return rows


@st.composite
def _cutoffs(draw: st.DrawFn, pool: list[int]) -> list[datetime]:
    lags = st.sampled_from([0, 1, *WINDOWS_DAYS, -7, -30, -90])
    day = st.builds(int.__add__, st.sampled_from(pool), lags)
    return draw(st.lists(st.builds(at, day, minutes), min_size=1, max_size=3, unique=True))


@st.composite
def looks(draw: st.DrawFn, *, late: bool = True) -> tuple[list[Row], list[datetime]]:
    """A history of up to three customers, and cut-offs likely to fall on something."""
    pool = draw(days)
    return draw(_rows(pool, late=late)), draw(_cutoffs(pool))


def _later(draw: st.DrawFn, instant: datetime | None) -> datetime | None:
    """What followed, if anything has."""
    if instant is None or draw(st.booleans()):
        return None
    return instant + timedelta(hours=draw(lasting))


def _some(draw: st.DrawFn, *values: Any) -> Any:
    return draw(st.sampled_from([None, *values]))


def _sale(draw: st.DrawFn, row: Row) -> list[Row]:
    """A purchase with all its columns, and perhaps a later version of it."""
    sale = row._replace(
        channel=_some(draw, "web", "shop"),
        category=_some(draw, "shoes", "bags"),
        discount=_some(draw, 0.0, 2.5),
        delivered_at=_later(draw, row.occurred_at),
        promised_at=_some(
            draw, *(row.occurred_at + timedelta(hours=h) for h in (-24, 0, 24, 24 * 20))
        ),
    )
    if row.recorded_at is None or draw(st.integers(0, 3)):
        return [sale]
    again = sale.known_at + timedelta(hours=draw(st.integers(1, 2_000)))
    corrected = sale._replace(amount=draw(amounts) / 100, recorded_at=again)
    return [sale._replace(superseded_at=again), corrected]


def _survey(draw: st.DrawFn, who: str, when: datetime) -> Survey:
    kind = draw(st.sampled_from([*KINDS, "ces", "wallet_share"]))
    low, high = draw(st.sampled_from([SCALES[kind], (1, 4), (5, 1)]))
    if kind in ("nps", "wallet_share"):
        low, high = SCALES[kind]
    answered_at = _later(draw, when)
    usual = (low, high) == SCALES[kind] and draw(st.booleans())
    scores = range(int(min(low, high)), int(max(low, high)) + 1)
    score = _some(draw, *scores) if answered_at else None
    comment, language = draw(comments)
    return Survey(
        who,
        kind,
        when,
        answered_at,
        score,
        None if usual else float(low),
        None if usual else float(high),
        comment,
        language,
    )


def _ticket(draw: st.DrawFn, who: str, when: datetime, number: int) -> Ticket:
    resolved_at = _later(draw, when)
    return Ticket(
        who,
        str(number),
        when,
        _later(draw, when),
        resolved_at,
        _later(draw, draw(st.sampled_from([when, resolved_at]))),
        _some(draw, "billing", "delivery"),
        _some(draw, True, False),
        _some(draw, 0.0, 12.5, 60.0) if resolved_at else None,
    )


def _event(draw: st.DrawFn, table: str, who: str, when: datetime, number: int) -> Any:
    if table == "surveys":
        return _survey(draw, who, when)
    if table == "tickets":
        return _ticket(draw, who, when, number)
    if table == "contacts":
        return Contact(who, when, draw(st.sampled_from(["mail", "phone"])), _some(draw, *"01234"))
    if table == "offers":
        arm = draw(st.sampled_from(["control", "call", "voucher"]))
        return Offer(who, when, arm, _later(draw, when), _some(draw, 0.05, 0.5))
    return TABLES[table](who, when)


@st.composite
def companies(draw: st.DrawFn, *, late: bool = True) -> tuple[History, list[datetime]]:
    """Every table of up to three customers, and cut-offs likely to fall on something."""
    pool = draw(days)
    moments = st.builds(at, st.sampled_from(pool), minutes)
    history: dict[str, list[Any]] = {
        "transactions": [
            version for row in draw(_rows(pool, late=late)) for version in _sale(draw, row)
        ]
    }
    for table in TABLES:
        if table != "transactions":
            history[table] = [
                _event(draw, table, draw(customers), draw(moments), number)
                for number in range(draw(st.integers(0, 6)))
            ]
    return _ordered(history), draw(_cutoffs(pool))


@st.composite
def scrambled(draw: st.DrawFn, history: History, other: History, cutoff: datetime) -> History:
    """The same past, and another future: dropped, moved, changed, and that of another company."""
    changed = {
        table: [
            *(row for row in map(_blinded(draw, cutoff), rows) if row),
            *(row for row in other[table] if _known_at(row, table) >= cutoff),
        ]
        for table, rows in history.items()
    }
    return _ordered(changed)


def _blinded(draw: st.DrawFn, cutoff: datetime) -> Any:
    """Takes a row to what is known of it at the cut-off, and anything else; None drops it."""

    def blind(row: Any) -> Any:
        table = next(table for table, kind in TABLES.items() if isinstance(row, kind))
        if _known_at(row, table) >= cutoff:
            moved = cutoff + timedelta(hours=draw(lasting))
            return draw(st.sampled_from([None, row._replace(**{TIMELINES[table].time: moved})]))
        outcomes = {
            name: _some(draw, cutoff, cutoff + timedelta(days=40))
            for name in row._fields
            if isinstance(value := getattr(row, name), datetime)
            and name not in ("recorded_at", "promised_at")
            and value >= cutoff
        }
        if isinstance(row, Survey) and (row.answered_at or cutoff) >= cutoff:
            outcomes["score"] = _some(draw, 1.0, 4.0)
            outcomes["comment"], outcomes["language"] = draw(comments)
        if isinstance(row, Ticket) and (row.resolved_at or cutoff) >= cutoff:
            outcomes["handling_minutes"] = _some(draw, 1.0, 900.0)
        return row._replace(**outcomes)

    return blind


def _known_at(row: Any, table: str) -> datetime:
    known: datetime = row.known_at if table == "transactions" else _time(row, table)
    return known


def _time(row: Any, table: str) -> datetime:
    time: datetime = getattr(row, TIMELINES[table].time)
    return time


def _ordered(history: History) -> dict[str, list[Any]]:
    """Rows by customer and time; in one instant the refund comes last."""

    def place(row: Any, table: str) -> tuple[str, datetime, float]:
        return row.customer_id, _time(row, table), -getattr(row, "amount", 0)

    return {table: sorted(rows, key=partial(place, table=table)) for table, rows in history.items()}


def of_customer(history: History, customer_id: str) -> dict[str, list[Any]]:
    """The rows of one customer."""
    return {
        table: [row for row in rows if row.customer_id == customer_id]
        for table, rows in history.items()
    }


def by_customer(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The transactions of each customer."""
    found: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.customer_id):
        found.setdefault(row.customer_id, []).append(row)
    return found


def table(rows: Iterable[Any], time_zone: str, name: str = "transactions") -> pa.Table:
    """The rows as the store keeps them."""
    kept = _ordered({name: list(rows)})[name]
    kinds = {column.name: column.kind for column in TIMELINES[name].columns}
    kinds["superseded_at"] = "instant"
    columns = {
        column: pa.array([getattr(row, column) for row in kept], _TYPES[kinds[column]])
        for column in TABLES[name]._fields
    }
    local = [day_of(_time(row, name), time_zone) for row in kept]
    return pa.table(columns | {"day": pa.array(local, pa.date32())})


def records(history: History, time_zone: str = "UTC") -> Records:
    """The records of the customers with a transaction, as a snapshot reads them."""
    who = sorted({row.customer_id for row in history["transactions"]})
    tables = {
        name: table([row for row in rows if row.customer_id in who], time_zone, name)
        for name, rows in history.items()
    }
    return timelines(np.array(who, dtype=object), tables, THEMES)


def sales(rows: Iterable[Row], time_zone: str = "UTC") -> Records:
    """Transactions alone, as a snapshot reads them."""
    return records({"transactions": list(rows)}, time_zone)


def look(known: Records, *cutoffs: datetime, time_zone: str = "UTC") -> Look:
    """What families look at: everyone who had bought."""
    return look_at(known, cutoffs, time_zone)


def found(
    family: str, cutoff: datetime, *events: Any, has: Iterable[str] = EVERYTHING
) -> dict[str, float]:
    """The features of a family, of customer a, who bought on day 0 and of whom these events are."""
    history: dict[str, list[Any]] = {name: [] for name in TABLES}
    history["transactions"].append(Row("a", at(0), 10.0))
    for event in events:
        name = next(name for name, kind in TABLES.items() if type(event) is kind)
        history[name].append(event)
    (chosen,) = (one for one in FAMILIES if one.name == family)
    columns = chosen.columns(look(records(_ordered(history)), cutoff), frozenset(has))
    return {name: float(values[0]) for name, values in columns.items()}


def indexed(rows: pd.DataFrame) -> pd.DataFrame:
    """Snapshot rows in an order to compare them in."""
    return rows.set_index(["customer_id", "cutoff"]).sort_index()
