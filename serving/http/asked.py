"""What a client may ask."""

from typing import Annotated, Any, Self

from pydantic import ConfigDict, FailFast, Field, model_validator

from serving.lines import EVERY, Figure
from serving.posted import Asked, History, Instant
from training.scoring import WINDOW

MOST_IDS = 10_000
MOST_HISTORIES = 1_000
MOST_ROWS = 10_000
MOST_EXPLAINED = 100

Probability = Annotated[float, Field(ge=0, le=1, strict=True)]
CustomerId = Annotated[str, Field(max_length=1_000)]
Number = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False, strict=True)]


class FeatureRows(Asked):
    """Rows of features, as `querencia features --list` explains them; null: not known."""

    columns: list[str] = Field(
        min_length=1,
        max_length=1_000,
        description="names of features; frequency, recency, T and monetary_value among them, and "
        "what is left out counts as not known",
    )
    data: Annotated[list[list[Number | None]], FailFast()] = Field(
        min_length=1, max_length=MOST_ROWS, description="a list of numbers per row, as `columns`"
    )


_HISTORY_EXAMPLE: dict[str, Any] = {
    "customer_id": "a-customer",
    "transactions": [
        {"occurred_at": "2025-01-07T10:30:00Z", "amount": 30},
        {"occurred_at": "2025-03-02T17:05:00+01:00", "amount": 12.5},
    ],
}
_ROWS_EXAMPLE: dict[str, Any] = {
    "columns": ["frequency", "recency", "T", "monetary_value"],
    "data": [[3, 120, 150, 41.5]],
}


_NOT_OF_ROWS = {*WINDOW, "reason"}


class ScoreRequest(Asked):
    """Whom to score: customers of the records by id, posted histories, rows of features."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"customer_ids": ["c-1", "c-2"]},
                {"histories": [_HISTORY_EXAMPLE], "cutoff": "2025-06-01T00:00:00Z"},
                {"rows": _ROWS_EXAMPLE, "figures": ["risk"]},
            ]
        }
    )

    customer_ids: Annotated[list[CustomerId], FailFast()] = Field(
        default_factory=list, max_length=MOST_IDS, description="customers by id"
    )
    histories: list[History] = Field(
        default_factory=list, max_length=MOST_HISTORIES, description="customers by history"
    )
    rows: FeatureRows | None = Field(None, description="customers by their features")
    cutoff: Instant | None = Field(
        None,
        description="instant that posted histories are looked back from; default: that of the "
        "scores",
    )
    figures: list[Figure] | None = Field(
        None,
        min_length=1,
        max_length=len(EVERY),
        description="what to tell of each; default: all there is. Rows have neither "
        "next_purchase_* nor a reason. Who posts histories or rows and needs the risk alone is "
        "answered sooner",
    )

    @property
    def told(self) -> tuple[Figure, ...]:
        """What to tell of each customer, in the order of an answer."""
        return EVERY if self.figures is None else tuple(f for f in EVERY if f in self.figures)

    @model_validator(mode="after")
    def _can_be_answered(self) -> Self:
        if not self.customer_ids and not self.histories and not self.rows:
            raise ValueError("give customer_ids, histories, rows, or several of them")
        if self.rows and set(self.told) <= _NOT_OF_ROWS:
            raise ValueError("figures: rows have neither next_purchase_* nor a reason")
        if self.cutoff and (self.customer_ids or self.rows):
            raise ValueError("cutoff is for histories: all else was looked at as of another")
        return self


class ExplainRequest(Asked):
    """Whose risk to explain."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"customer_ids": ["c-1"]}]})

    customer_ids: Annotated[list[CustomerId], FailFast()] = Field(
        default_factory=list, max_length=MOST_EXPLAINED, description="customers by id"
    )
    histories: list[History] = Field(
        default_factory=list, max_length=MOST_EXPLAINED, description="customers by history"
    )
    cutoff: Instant | None = Field(
        None, description="instant that posted histories are looked back from"
    )

    @model_validator(mode="after")
    def _can_be_answered(self) -> Self:
        if not self.customer_ids and not self.histories:
            raise ValueError("give customer_ids, histories, or both")
        if self.cutoff and self.customer_ids:
            raise ValueError("cutoff is for histories: customers by id were scored as of another")
        return self


class ListRequest(Asked):
    """Whom to list: by default the best who are about to leave; with a budget, whom to contact."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"most": 3}, {"min_risk": 0.7, "driver": "effort"}, {"budget": 500}]
        }
    )

    most: int = Field(20, strict=True, ge=1, le=MOST_IDS, description="at most so many customers")
    top_share: float | None = Field(
        None,
        strict=True,
        gt=0,
        le=1,
        description="only customers of the highest value: this share of all; default: "
        "list.top_share, and with a budget campaign.top_share",
    )
    min_risk: Probability | None = Field(
        None,
        description="least probability of churn; default: list.min_risk, and with a budget "
        "campaign.min_risk",
    )
    segment: CustomerId | None = Field(
        None, description="only customers of this segment of the company's own"
    )
    driver: CustomerId | None = Field(
        None, description="only customers whom this puts at risk: silence, effort, promises, ..."
    )
    budget: float | None = Field(
        None,
        strict=True,
        ge=0,
        allow_inf_nan=False,
        description="what may be spent, in the currency: the list is then the one that `querencia "
        "flag` would write, whom to contact, the largest expected profit first, without the "
        "control; all other limits are those of [campaign]",
    )


class DecideRequest(Asked):
    """For whom to decide: customers of the records by id, posted histories."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"customer_ids": ["c-1"]}, {"histories": [_HISTORY_EXAMPLE]}]
        }
    )

    customer_ids: Annotated[list[CustomerId], FailFast()] = Field(
        default_factory=list, max_length=MOST_IDS, description="customers by id"
    )
    histories: list[History] = Field(
        default_factory=list,
        max_length=MOST_HISTORIES,
        description="customers by history, looked back on from the cut-off of the scores",
    )

    @model_validator(mode="after")
    def _can_be_answered(self) -> Self:
        if not self.customer_ids and not self.histories:
            raise ValueError("give customer_ids, histories, or both")
        return self


class CustomerRequest(Asked):
    """One customer of the records."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"customer_id": "c-1"}]})

    customer_id: CustomerId = Field(description="the customer")


class ForgetRequest(Asked):
    """Whom to forget."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"customer_id": "c-1"}]})

    customer_id: CustomerId = Field(
        min_length=1, pattern=r"^[^\x00-\x1f]*$", description="the customer"
    )
