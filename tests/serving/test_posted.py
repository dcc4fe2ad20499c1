"""What a client may post: the contracts' columns with their meanings, and nothing else."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from features.records import TIMELINES
from serving.posted import LARGEST_AMOUNT, MOST_ROWS, History

AT = "2025-03-02T10:00:00Z"
BOUGHT = {"occurred_at": AT, "amount": 12.5}


def row_model(table: str) -> type[BaseModel]:
    (model,) = History.model_fields[table].annotation.__args__
    assert issubclass(model, BaseModel)
    return model


def posted(**tables: Any) -> dict[str, Any]:
    return {"customer_id": "ann", "transactions": [BOUGHT], **tables}


def test_a_history_has_every_table_that_features_look_at() -> None:
    assert set(History.model_fields) == {"customer_id", *TIMELINES}
    assert all(field.description for field in History.model_fields.values())


@pytest.mark.parametrize("table", TIMELINES)
def test_fields_are_the_contracts_columns_in_their_words(table: str) -> None:
    contract = TIMELINES[table]
    columns = {column.name: column for column in contract.columns}
    fields = row_model(table).model_fields
    assert set(columns) - set(fields) == {"customer_id", "currency"} & set(columns)
    assert set(fields) <= set(columns)
    for name, field in fields.items():
        assert field.description == columns[name].meaning
        # A key names a row among those of everybody; a posted row stands under its customer.
        assert field.is_required() == (columns[name].required and name != contract.key)


@pytest.mark.parametrize("table", TIMELINES)
def test_required_columns_are_enough(table: str) -> None:
    texts = {"instant": AT, "money": 1, "text": "nps", "id": "1"}
    contract = TIMELINES[table]
    least = {
        column.name: texts[column.kind]
        for column in contract.columns
        if column.required and column.name not in ("customer_id", contract.key)
    }
    history = History.model_validate(posted(**{table: [least]}))
    (row,) = history.tables()[table]
    assert set(row) == set(row_model(table).model_fields)
    assert {name for name, value in row.items() if value is not None} == set(least)


def test_rows_are_given_on_by_table_with_instants() -> None:
    ticket = {"opened_at": "2025-03-02T11:00:00+01:00", "is_complaint": True}
    tables = History.model_validate(posted(tickets=[ticket])).tables()
    assert set(tables) == set(TIMELINES)
    assert tables["tickets"][0]["opened_at"] == datetime(2025, 3, 2, 10, tzinfo=UTC)
    assert tables["tickets"][0]["is_complaint"] is True
    assert tables["surveys"] == []


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no purchase": (posted(transactions=[]), "at least 1"),
    "nobody": (posted(customer_id=""), "at least 1"),
    "unknown table": (posted(visits=[]), "not permitted"),
    "table without timeline": (posted(rates=[]), "not permitted"),
    "unknown column": (posted(tickets=[{"opened_at": AT, "mood": "bad"}]), "not permitted"),
    "another customer": (posted(tickets=[{"opened_at": AT, "customer_id": "x"}]), "not permitted"),
    "amount in a currency": (posted(transactions=[BOUGHT | {"currency": "USD"}]), "not permitted"),
    "survey of no kind": (posted(surveys=[{"asked_at": AT}]), "required"),
    "naive time": (posted(tickets=[{"opened_at": "2025-03-02T10:00:00"}]), "timezone"),
    "naive time that is not required": (
        posted(tickets=[{"opened_at": AT, "resolved_at": "2025-03-02"}]),
        "timezone",
    ),
    "before all records": (posted(tickets=[{"opened_at": "1899-12-31T00:00:00Z"}]), "1900"),
    "the end of time": (posted(tickets=[{"opened_at": "3000-01-01T00:00:00Z"}]), "3000"),
    "too large to add up": (
        posted(transactions=[BOUGHT | {"discount": 1.01 * LARGEST_AMOUNT}]),
        "less than or equal",
    ),
    "score that is none": (
        posted(surveys=[{"asked_at": AT, "kind": "nps", "score": float("nan")}]),
        "finite number",
    ),
    "words as a flag": (
        posted(tickets=[{"opened_at": AT, "is_complaint": "rather"}]),
        "valid boolean",
    ),
    "a novel": (
        posted(surveys=[{"asked_at": AT, "kind": "nps", "comment": "x" * 10_001}]),
        "at most 10000",
    ),
    "delivery before the purchase": (
        posted(transactions=[BOUGHT, BOUGHT | {"delivered_at": "2025-03-01T10:00:00Z"}]),
        r"transactions\.1\n.*delivered_at is before occurred_at: correct it where it was recorded",
    ),
    "negative discount": (
        posted(transactions=[BOUGHT | {"discount": -1}]),
        "discount is negative",
    ),
    "survey of an unknown kind": (
        posted(surveys=[{"asked_at": AT, "kind": "mood", "score": 1}]),
        "kind is none of the known surveys",
    ),
    "NPS of eleven": (
        posted(surveys=[{"asked_at": AT, "kind": "nps", "score": 11}]),
        "score is off its scale",
    ),
    "too many rows": (posted(referrals=[{"occurred_at": AT}] * (MOST_ROWS + 1)), "at most 10000"),
}


@pytest.mark.parametrize(("body", "why"), BAD.values(), ids=BAD.keys())
def test_what_is_wrong_is_refused_and_not_quoted(body: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why) as refused:
        History.model_validate(body)
    assert "input_value" not in str(refused.value)


def test_as_many_rows_and_as_large_amounts_as_promised_are_taken() -> None:
    large = {"occurred_at": AT, "amount": -LARGEST_AMOUNT}
    history = History.model_validate(posted(transactions=[large] * MOST_ROWS))
    assert len(history.tables()["transactions"]) == MOST_ROWS
