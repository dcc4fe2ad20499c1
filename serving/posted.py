"""What a client posts: a customer's history, in the words of the contracts."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, create_model, model_validator

from features.judging import CORRECT
from features.records import TIMELINES, Column, Contract, Kind

MOST_ROWS = 10_000
LARGEST_AMOUNT = 1e10
"""So many amounts of this size still add up exactly (`features.records.UNITS`)."""

Instant = Annotated[
    AwareDatetime,
    Field(ge=datetime(1900, 1, 1, tzinfo=UTC), lt=datetime(3000, 1, 1, tzinfo=UTC)),
]
_Amount = Annotated[
    float, Field(ge=-LARGEST_AMOUNT, le=LARGEST_AMOUNT, allow_inf_nan=False, strict=True)
]
_Text = Annotated[str, Field(max_length=10_000)]

_TYPES: dict[Kind, Any] = {
    "id": _Text,
    "text": _Text,
    "instant": Instant,
    "money": _Amount,
    "number": _Amount,
    "flag": Annotated[bool, Field(strict=True)],
}


_NOT_POSTED = ("customer_id", "currency")
"""Said once of the history; and amounts are in the reporting currency, for no rates are posted."""


class Asked(BaseModel):
    """What a client may send: nothing unknown."""

    # Nothing that handles the error, the log included, shall quote customers.
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Posted(Asked):
    """A customer's history; what is posted is all that is known."""

    customer_id: str = Field(description="given back with the score", min_length=1)

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """The rows of each table, as `features.online.row` takes them."""
        return {table: [vars(row) for row in getattr(self, table)] for table in TIMELINES}


def _field(contract: Contract, column: Column) -> tuple[Any, Any]:
    kind = _TYPES[column.kind]
    if column.required and column.name != contract.key:
        return kind, Field(description=column.meaning)
    return kind | None, Field(None, description=column.meaning)


def _row(contract: Contract) -> type[Asked]:
    fields: dict[str, Any] = {
        column.name: _field(contract, column)
        for column in contract.columns
        if column.name not in _NOT_POSTED
    }
    name = contract.table.removesuffix("s").title().replace("_", "")
    rules: Any = model_validator(mode="after")(_sound(contract))
    row: type[Asked] = create_model(
        name,
        __base__=Asked,
        __doc__=f"One of a customer's {_spoken(contract)}.",
        __validators__={"rules": rules},
        **fields,
    )
    return row


def _sound(contract: Contract) -> Callable[[Asked], Asked]:
    """What refuses a row that breaks the contract's rules, as intake does."""
    ruled = {column.name: column.rule for column in contract.columns if column.rule}

    def check(row: Asked) -> Asked:
        if row.model_fields_set.isdisjoint(ruled):
            return row
        told = {name: value for name, value in vars(row).items() if value is not None}
        broken = [
            rule.reason for name, rule in ruled.items() if name in told and not rule.holds(told)
        ]
        if broken:
            raise ValueError(f"{'; '.join(broken)}: {CORRECT}")
        return row

    return check


def _spoken(contract: Contract) -> str:
    return contract.table.replace("_", " ")


def _rows(contract: Contract) -> tuple[Any, Any]:
    bounds: dict[str, Any] = {"max_length": MOST_ROWS, "description": f"their {_spoken(contract)}"}
    rows = list[_row(contract)]  # type: ignore[valid-type, misc]
    if contract.table == "transactions":
        return rows, Field(min_length=1, **bounds)
    return rows, Field([], **bounds)


_TABLES: dict[str, Any] = {table: _rows(contract) for table, contract in TIMELINES.items()}

History: type[Posted] = create_model(
    "History",
    __base__=Posted,
    __doc__="A customer's history; what is posted is all that is known.",
    **_TABLES,
)
