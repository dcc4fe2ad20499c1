"""What changes what is kept: records and outcomes that are sent, and customers to forget."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import duckdb
from pydantic import ConfigDict, Field, create_model, model_validator
from pydantic_core import to_json

from features.errors import QuerenciaError
from features.forgotten import Forgotten
from features.records import CONTRACTS, Column, Contract
from features.settings import FeatureSettings
from serving import forgetting
from serving.edition import Edition
from serving.http.answers import joined
from serving.http.asked import ForgetRequest
from serving.http.problem import Problem
from serving.posted import Asked
from serving.reception import KeyReusedError, Reception, Tables

MOST_ROWS = 10_000

_KINDS = {
    "id": "an id, as text",
    "text": "text",
    "instant": "2024-05-31T10:15:00Z, or without a zone in that of the records",
    "money": "currency, such as 12.5",
    "number": "such as 12.5",
    "flag": "true or false",
}
_Text = Annotated[str, Field(max_length=10_000, pattern=r"^[^\x00-\x08\x0b-\x1f]*$")]
_MOST = 10**15
_Whole = Annotated[int, Field(ge=-_MOST, le=_MOST)]
_Number = Annotated[float, Field(ge=-_MOST, le=_MOST, allow_inf_nan=False)]
Cell = _Text | bool | _Whole | _Number | None
"""What is sent is judged as a cell of a file is: a bad one spoils its own row alone."""


class Sent(Asked):
    """Rows to be kept, and the sender's name for them."""

    _idempotency_key: str | None = None

    @property
    def key(self) -> str | None:
        """The header Idempotency-Key."""
        return self._idempotency_key

    def named(self, key: str | None) -> "Sent":
        """The same under the sender's name for it."""
        self._idempotency_key = key
        return self

    def __len__(self) -> int:
        return sum(len(getattr(self, table)) for table in type(self).model_fields)

    def tables(self) -> Tables:
        """The rows by table."""
        told = self.model_dump(exclude_unset=True)
        return {table: rows for table, rows in told.items() if rows}


def _cell(column: Column) -> tuple[Any, Any]:
    needed = "; needed" if column.required else ""
    return Cell, Field(None, description=f"{column.meaning} ({_KINDS[column.kind]}){needed}")


def _row(contract: Contract, name: str) -> type[Asked]:
    fields: dict[str, Any] = {column.name: _cell(column) for column in contract.columns}
    row: type[Asked] = create_model(
        name, __base__=Asked, __doc__=f"A row of the table {contract.table}.", **fields
    )
    return row


def _rows(contract: Contract) -> tuple[Any, Any]:
    row = _row(contract, f"{contract.table.removesuffix('s').title()}Row")
    described = f"rows of the table {contract.table}"
    return list[row], Field([], max_length=MOST_ROWS, description=described)  # type: ignore[valid-type]


class _Records(Sent):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "transactions": [
                        {
                            "transaction_id": "t-1",
                            "customer_id": "c-1",
                            "occurred_at": "2025-06-01T10:15:00Z",
                            "amount": 30,
                        }
                    ]
                }
            ]
        }
    )

    @model_validator(mode="after")
    def _is_some(self) -> "_Records":
        if not 0 < len(self) <= MOST_ROWS:
            raise ValueError(f"give rows of some table, {MOST_ROWS:,} at most in all")
        return self


RecordsRequest: type[Sent] = create_model(
    "RecordsRequest",
    __base__=_Records,
    __doc__="Rows of the input tables, as files would have them. Every row needs its key: sent "
    "again it counts once.",
    **{table: _rows(contract) for table, contract in CONTRACTS.items()},  # type: ignore[call-overload]
)


_OutcomeRow: Any = _row(CONTRACTS["offers"], "OutcomeRow")


class OutcomesRequest(Sent):
    """What came of offers: rows of the table offers, the key of one that is known being enough."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "offers": [
                        {
                            "offer_id": "2025-06-02-1-000001",
                            "redeemed_at": "2025-06-05T09:00:00Z",
                            "cost": 10,
                        }
                    ]
                }
            ]
        }
    )

    offers: list[_OutcomeRow] = Field(
        min_length=1, max_length=MOST_ROWS, description="the offers, and what came of them"
    )


def records(edition: Edition, request: Sent) -> bytes:
    """Add records: on disk before the answer, and counted from the next run on."""
    return _taken(edition, request.tables(), request.key)


def outcomes(edition: Edition, request: Sent) -> bytes:
    """Add what came of offers: what was made, taken up, or did cost."""
    desk = _reception(edition.settings.data, edition.settings.features)
    return _taken(edition, desk.complete(request.tables()["offers"]), request.key)


def forget(edition: Edition, request: ForgetRequest) -> bytes:
    """Forget a customer: nothing is answered from now on, and all that is kept is removed."""
    proof = Forgotten(edition.settings.data).ask(request.customer_id)
    edition.forget([request.customer_id])
    if not proof.done_at:
        forgetting.settle_soon(edition.settings)
    told = proof.model_dump(mode="json", exclude={"customer_id"})
    told["state"] = "removed" if proof.done_at else "removing"
    return joined(edition, edition.cutoff, **{name: to_json(value) for name, value in told.items()})


def _taken(edition: Edition, tables: Tables, key: str | None) -> bytes:
    desk = _reception(edition.settings.data, edition.settings.features)
    try:
        receipt = desk.take(tables, key=key)
    except KeyReusedError as error:
        raise Problem(422, str(error)) from None
    except QuerenciaError as error:
        raise Problem(409, f"The rows cannot be added to the records: {error}") from None
    except duckdb.IOException:
        raise Problem(
            503, "The records are being read anew. Come back.", headers={"retry-after": "2"}
        ) from None
    told = receipt.model_dump()
    return joined(edition, edition.cutoff, **{name: to_json(value) for name, value in told.items()})


@lru_cache(maxsize=4)
def _reception(data: Path, settings: FeatureSettings) -> Reception:
    return Reception(data, settings)
