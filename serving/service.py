"""The HTTP service: risk and value behind a BentoML endpoint.

Started by `querencia serve`. Each worker loads the champion and the last scores when it starts.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Self

import bentoml
import pandas as pd
from pydantic import BaseModel, Field, model_validator

from features import online, snapshot
from features.provenance import Provenance
from features.snapshot import Snapshot
from serving import batch, settings, words
from serving.decisions import at_risk
from serving.discretion import LOGGER, OwnSourcesOnly, name_nobody
from serving.posted import Asked, History, Instant, Posted
from training.champion import Champion
from training.scoring import score

MOST_IDS = 10_000
MOST_HISTORIES = 1_000
Probability = Annotated[float, Field(ge=0, le=1)]


class ScoreRequest(Asked):
    """Whom to score: customers of the records by id, or posted histories."""

    customer_ids: list[str] = Field([], max_length=MOST_IDS, description="customers by id")
    histories: list[History] = Field(
        [], max_length=MOST_HISTORIES, description="customers by history"
    )
    cutoff: Instant | None = Field(
        None,
        description="instant that posted histories are looked back from; default: that of the "
        "scores",
    )

    @model_validator(mode="after")
    def _can_be_answered(self) -> Self:
        if not self.customer_ids and not self.histories:
            raise ValueError("give customer_ids, histories, or both")
        if self.cutoff and self.customer_ids:
            raise ValueError("cutoff is for histories: customers by id were scored as of another")
        return self


class ListRequest(Asked):
    """Whom to list: by default, whom the configuration says."""

    most: int = Field(20, ge=1, le=MOST_IDS, description="at most so many customers")
    top_share: float | None = Field(
        None, gt=0, le=1, description="share of customers, by value; default: the configured one"
    )
    min_risk: Probability | None = Field(
        None, description="least probability of churn; default: the configured one"
    )


class CustomerScore(BaseModel):
    """What is known of one customer."""

    customer_id: str = Field(description="as asked for")
    known: bool = Field(description="false: never bought before the cut-off; nothing to say")
    risk: Probability | None = Field(
        None, description="calibrated probability of churn within the horizon"
    )
    value: float | None = Field(
        None, description="expected discounted margin over the value horizon, in the currency"
    )
    value_low: float | None = Field(
        None,
        description="four of five such customers end up between this and value_high, in the "
        "currency; null where no earlier cut-off tells it",
    )
    value_high: float | None = Field(None, description="upper end of that interval")
    value_at_stake: float | None = Field(
        None, description="what is lost if the customer leaves now, in the currency"
    )
    expected_loss: float | None = Field(None, description="risk times value, in the currency")
    expected_purchases: float | None = Field(
        None, description="expected purchase days in the horizon"
    )
    expected_purchases_low: float | None = Field(
        None,
        description="four of five such customers end up between this and expected_purchases_high",
    )
    expected_purchases_high: float | None = Field(None, description="upper end of that interval")
    expected_spend: float | None = Field(
        None, description="expected net spend in the horizon, in the currency"
    )
    expected_spend_low: float | None = Field(
        None,
        description="four of five such customers end up between this and expected_spend_high, in "
        "the currency",
    )
    expected_spend_high: float | None = Field(None, description="upper end of that interval")
    next_purchase_from: datetime | None = Field(
        None,
        description="by when one customer in ten has bought again, given that the customer stays; "
        "null where not within two years",
    )
    next_purchase_at: datetime | None = Field(
        None,
        description="by when a purchase is as likely as not, given that the customer stays; "
        "null where not within two years",
    )
    next_purchase_by: datetime | None = Field(
        None,
        description="by when four customers in five have bought again, given that the customer "
        "stays; null where not within two years",
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
        logging.getLogger(LOGGER).addFilter(name_nobody)
        self.settings = settings.load()
        self.champion = Champion.require(self.settings.registry)
        self.scores = batch.last(self.settings.data, self.champion, self.settings.features)
        self._by_id = self.scores.rows.set_index("customer_id", drop=False)

    def __is_ready__(self) -> bool:
        """Ready when the champion answers a posted history with a probability."""
        cutoff = self.scores.provenance.cutoff
        bought = {"occurred_at": cutoff - timedelta(days=1), "amount": 1}
        probe = History.model_validate({"customer_id": "nobody", "transactions": [bought]})
        return bool(self._score([probe], cutoff)["risk"].between(0, 1).all())

    @bentoml.api
    def score(self, request: ScoreRequest, /) -> Answer:
        """Score customers by id, or by their posted histories."""
        cutoff = request.cutoff or self.scores.provenance.cutoff
        by_id = self._by_id.reindex(request.customer_ids)
        posted = self._score(request.histories, cutoff)
        return Answer(
            provenance=self.scores.provenance.model_copy(update={"cutoffs": (cutoff,)}),
            customers=[
                *self._customers(request.customer_ids, by_id),
                *self._customers([history.customer_id for history in request.histories], posted),
            ],
        )

    @bentoml.api
    def at_risk(self, request: ListRequest, /) -> Answer:
        """The best customers who are about to leave, the largest expected loss first."""
        wanted = self.settings.list.model_dump() | request.model_dump(exclude_none=True)
        chosen = at_risk(self.scores.rows, **wanted)
        return Answer(provenance=self.scores.provenance, customers=self._known(chosen))

    @bentoml.api
    def model(self) -> ModelCard:
        """The model that serves: version, definitions, and measures on a later period."""
        version = self.champion.version
        return ModelCard(
            version=str(version.number),
            trained_as_of=datetime.fromisoformat(version.tags["trained_as_of"]),
            provenance=self.champion.model.provenance,
            metrics=version.metrics,
        )

    def _score(self, histories: Sequence[Posted], cutoff: datetime) -> pd.DataFrame:
        """Scores of posted histories, all at once; NaN where there is no purchase yet."""
        rows = [self._row(history, cutoff) for history in histories]
        known = [i for i, row in enumerate(rows) if len(row)]
        if not known:
            return self.scores.rows.head(0).reindex(range(len(rows)))
        scores = score(self.champion.model, snapshot.together([rows[i] for i in known]))
        return scores.rows.set_axis(known).reindex(range(len(rows)))

    def _row(self, history: Posted, cutoff: datetime) -> Snapshot:
        return online.row(
            history.customer_id,
            history.tables(),
            cutoff,
            self.settings.features,
            has=frozenset(self.champion.model.provenance.records),
            themes=self.champion.model.themes,
        )

    def _customers(self, customer_ids: Sequence[str], rows: pd.DataFrame) -> list[CustomerScore]:
        """What there is to say of each customer, in order, from rows that may be all NaN."""
        seen = rows["risk"].notna()
        known = iter(self._known(rows[seen]))
        return [
            next(known) if found else CustomerScore(customer_id=customer_id, known=False)
            for customer_id, found in zip(customer_ids, seen, strict=True)
        ]

    def _known(self, rows: pd.DataFrame) -> list[CustomerScore]:
        listed = rows.assign(known=True, reason=words.reasons(rows, self.settings.language))
        fields = [name for name in CustomerScore.model_fields if name in listed]
        plain = listed[fields].astype(object).where(listed[fields].notna(), None)
        return [CustomerScore.model_validate(row) for row in plain.to_dict("records")]


# A class to mypy, which ignores what decorators of classes return; in truth bentoml's Service.
QuerenciaService.add_asgi_middleware(OwnSourcesOnly)  # type: ignore[attr-defined]
