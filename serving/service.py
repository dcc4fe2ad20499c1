"""The HTTP service: risk and value behind a BentoML endpoint.

Started by `querencia serve`. Each worker loads the champion and the last scores when it starts.
"""

from datetime import datetime
from typing import Annotated, Self

import bentoml
import pandas as pd
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from features import online
from features.provenance import Provenance
from serving import settings, words
from serving.batch import ScoreFile
from serving.decisions import at_risk
from training.champion import Champion
from training.scoring import score

MOST_IDS = 10_000
Probability = Annotated[float, Field(ge=0, le=1)]


class Transaction(BaseModel):
    """One purchase, or one refund (negative amount)."""

    model_config = ConfigDict(extra="forbid")

    occurred_at: AwareDatetime = Field(description="instant of the purchase, with time zone")
    amount: float = Field(description="net amount in the reporting currency", allow_inf_nan=False)


class History(BaseModel):
    """Everything a customer bought, in any order."""

    model_config = ConfigDict(extra="forbid")

    customer_id: str = Field(description="given back with the score", min_length=1)
    transactions: list[Transaction] = Field(min_length=1, max_length=10_000)


class ScoreRequest(BaseModel):
    """Whom to score: customers of the records by id, or posted histories."""

    model_config = ConfigDict(extra="forbid")

    customer_ids: list[str] = Field([], max_length=MOST_IDS, description="customers by id")
    histories: list[History] = Field([], max_length=1_000, description="customers by history")
    cutoff: AwareDatetime | None = Field(
        None, description="instant posted histories are looked at; default: that of the scores"
    )

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not self.customer_ids and not self.histories:
            raise ValueError("give customer_ids, histories, or both")
        return self


class CustomerScore(BaseModel):
    """What is known of one customer."""

    customer_id: str
    known: bool = Field(description="false: never bought before the cut-off; nothing to say")
    risk: Probability | None = Field(
        None, description="calibrated probability of churn within the horizon"
    )
    value: float | None = Field(
        None, description="expected discounted margin over the value horizon, in the currency"
    )
    value_at_stake: float | None = Field(
        None, description="what is lost if the customer leaves now, in the currency"
    )
    expected_loss: float | None = Field(None, description="risk times value, in the currency")
    expected_purchases: float | None = Field(
        None, description="expected purchase days in the horizon"
    )
    expected_spend: float | None = Field(
        None, description="expected net spend in the horizon, in the currency"
    )
    next_purchase_at: datetime | None = Field(
        None,
        description="by when a purchase is as likely as not, given that the customer stays; "
        "null where not within two years",
    )
    reason: str | None = Field(None, description="what raises the risk most, in words")


class Answer(BaseModel):
    """Scores, and the definitions they were made under."""

    provenance: Provenance
    customers: list[CustomerScore]


class ModelCard(BaseModel):
    """The model that serves."""

    version: str = Field(description="registered version")
    trained_as_of: datetime = Field(description="the model knows nothing after this instant")
    provenance: Provenance
    metrics: dict[str, float] = Field(
        description="earned on customers of a later period; *_score higher is better, *_loss lower"
    )


@bentoml.service(name="querencia", workers=1, traffic={"timeout": 30})
class QuerenciaService:
    """Which customers are about to leave, what each is worth, and why."""

    def __init__(self) -> None:
        self.settings = settings.load()
        self.champion = Champion.require(self.settings.registry)
        self.scores = ScoreFile(self.settings.data).read()
        self.champion.model.provenance.require_same(self.scores.provenance)
        self._by_id = self.scores.rows.set_index("customer_id", drop=False)

    def __is_ready__(self) -> bool:
        """Ready when the champion answers with a probability."""
        first = self.scores.rows["risk"].iloc[0]
        return bool(0 <= first <= 1)

    @bentoml.api
    def score(self, request: ScoreRequest) -> Answer:
        """Score customers by id, or by their posted histories."""
        answers = [
            *self._score_ids(request.customer_ids),
            *(self._score_history(history, request.cutoff) for history in request.histories),
        ]
        return Answer(provenance=self.scores.provenance, customers=answers)

    @bentoml.api
    def at_risk(
        self,
        most: Annotated[int, Field(ge=1, le=MOST_IDS, description="at most so many")] = 20,
        top_share: Annotated[
            float | None,
            Field(
                gt=0,
                le=1,
                description=("share of customers, by value; default: the configured one"),
            ),
        ] = None,
        min_risk: Annotated[
            Probability | None,
            Field(description=("least probability of churn; default: the configured one")),
        ] = None,
    ) -> Answer:
        """The best customers who are about to leave, the largest expected loss first."""
        chosen = at_risk(
            self.scores.rows,
            most=most,
            top_share=top_share or self.settings.list.top_share,
            min_risk=self.settings.list.min_risk if min_risk is None else min_risk,
        )
        return Answer(provenance=self.scores.provenance, customers=self._answers(chosen))

    @bentoml.api
    def model(self) -> ModelCard:
        """The model that serves: version, definitions, and measures on a later period."""
        version = self.champion.version
        return ModelCard(
            version=str(version.number),
            trained_as_of=version.tags["trained_as_of"],
            provenance=self.champion.model.provenance,
            metrics=version.metrics,
        )

    def _score_ids(self, customer_ids: list[str]) -> list[CustomerScore]:
        rows = self._by_id.reindex(customer_ids)
        known = rows["risk"].notna()
        found = iter(self._answers(rows[known]))
        return [
            next(found) if seen else CustomerScore(customer_id=customer_id, known=False)
            for customer_id, seen in zip(customer_ids, known, strict=True)
        ]

    def _score_history(self, history: History, cutoff: datetime | None) -> CustomerScore:
        purchases = [online.Purchase(t.occurred_at, t.amount) for t in history.transactions]
        row = online.row(
            history.customer_id,
            purchases,
            cutoff or self.scores.provenance.cutoff,
            self.settings.features,
        )
        if row.rows.empty:
            return CustomerScore(customer_id=history.customer_id, known=False)
        return self._answers(score(self.champion.model, row).rows)[0]

    def _answers(self, rows: pd.DataFrame) -> list[CustomerScore]:
        listed = rows.assign(known=True, reason=words.reasons(rows, self.settings.language))
        fields = [name for name in CustomerScore.model_fields if name in listed]
        plain = listed[fields].astype(object).where(listed[fields].notna(), None)
        return [CustomerScore.model_validate(row) for row in plain.to_dict("records")]
