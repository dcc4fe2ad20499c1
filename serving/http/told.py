"""What a client is told."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from features.provenance import ChurnDefinition, Provenance
from serving.http.asked import Probability
from serving.reception import Receipt
from serving.verdicts import Why

_FOUR_OF_FIVE = "four of five such customers end up between this and"
_KNOWN = "false: never bought before the cut-off, or the contract had ended by then; nothing to say"
_STAYS = "given that the customer stays; null where not within two years"


class Definitions(BaseModel):
    """The definitions behind an answer; all of it comes from this one version."""

    model_version: str = Field(description="the registered version that scored")
    cutoff: datetime = Field(description="the instant looked back from")
    age_days: float = Field(description="days since the cut-off: how stale the answer is")
    churn: ChurnDefinition = Field(description="the churn definition risk is stated under")
    horizon_days: int = Field(description="days after the cut-off in which churn is judged")
    currency: str = Field(description="the reporting currency of every amount")
    time_zone: str = Field(description="the zone whose calendar days are purchase days")
    feature_version: str = Field(description="digest of the features' names and meanings")


class CustomerScore(BaseModel):
    """What is known of one customer."""

    customer_id: str = Field(description="as asked for")
    known: bool = Field(description=_KNOWN)
    risk: Probability | None = Field(
        None, description="calibrated probability of churn within the horizon"
    )
    value: float | None = Field(
        None, description="expected discounted margin over the value horizon, in the currency"
    )
    value_low: float | None = Field(
        None,
        description=f"{_FOUR_OF_FIVE} value_high, in the currency; null where no earlier cut-off "
        "tells it",
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
        None, description=f"{_FOUR_OF_FIVE} expected_purchases_high"
    )
    expected_purchases_high: float | None = Field(None, description="upper end of that interval")
    expected_spend: float | None = Field(
        None, description="expected net spend in the horizon, in the currency"
    )
    expected_spend_low: float | None = Field(
        None, description=f"{_FOUR_OF_FIVE} expected_spend_high, in the currency"
    )
    expected_spend_high: float | None = Field(None, description="upper end of that interval")
    next_purchase_from: datetime | None = Field(
        None, description=f"by when one customer in ten has bought again, {_STAYS}"
    )
    next_purchase_at: datetime | None = Field(
        None, description=f"by when a purchase is as likely as not, {_STAYS}"
    )
    next_purchase_by: datetime | None = Field(
        None, description=f"by when four customers in five have bought again, {_STAYS}"
    )
    reason: str | None = Field(None, description="what raises the risk most, in words")


class RowScores(BaseModel):
    """Scores of posted rows of features, in their order."""

    columns: list[str] = Field(description="names of the figures, as of a customer's score")
    data: list[list[float | None]] = Field(description="a list of figures per row")


class ScoreAnswer(BaseModel):
    """Scores, and the definitions they were made under."""

    provenance: Definitions
    customers: list[CustomerScore] = Field(
        description="those asked by id, then those posted, each in the order asked"
    )
    rows: RowScores | None = Field(None, description="scores of rows, where rows were asked")


class Reason(BaseModel):
    """What one driver adds to a customer's risk."""

    driver: str = Field(description="the driver, as `querencia features --list` groups features")
    points: float = Field(description="what it adds to the risk, as a probability; may be negative")
    money: float = Field(description="that times the value, in the currency")
    action: str = Field(description="what to do about it")


class Explanation(BaseModel):
    """Why a customer's risk is what it is: base_risk and the points of all reasons add up to it."""

    customer_id: str = Field(description="as asked for")
    known: bool = Field(description=_KNOWN)
    risk: Probability | None = Field(None, description="probability of churn within the horizon")
    base_risk: Probability | None = Field(
        None, description="risk of a typical customer who bought as often"
    )
    reason: str | None = Field(None, description="what raises the risk most, in words")
    reasons: list[Reason] = Field([], description="every driver, what raises the risk most first")


class ExplainAnswer(BaseModel):
    """Explanations, and the definitions they were made under."""

    provenance: Definitions
    customers: list[Explanation] = Field(description="in the order asked")


class PastScore(BaseModel):
    """What a run said of a customer."""

    cutoff: datetime = Field(description="the instant it looked back from")
    model_version: str = Field(description="the registered version that scored")
    churn: ChurnDefinition = Field(description="the churn definition of that risk")
    horizon_days: int = Field(description="days after the cut-off in which churn was judged")
    risk: Probability = Field(description="probability of churn within the horizon")
    value: float = Field(description="expected discounted margin, in the currency")
    value_at_stake: float = Field(description="what was lost by leaving then, in the currency")


class CustomerAnswer(BaseModel):
    """All there is to say of one customer."""

    provenance: Definitions
    score: CustomerScore
    explanation: Explanation
    history: list[PastScore] = Field(
        description="what each run said of the customer, the earliest cut-off first; a year of "
        "weekly runs are kept"
    )
    features: dict[str, float | None] = Field(
        description="the row the model saw, as `querencia features --list` explains it; null: not "
        "known"
    )


class ModelAnswer(BaseModel):
    """The model that serves."""

    provenance: Definitions
    version: str = Field(description="registered version")
    trained_as_of: datetime = Field(description="the model knows nothing after this instant")
    model_age_days: float = Field(description="days since then")
    customers: int = Field(description="customers that are scored by id")
    features: list[str] = Field(description="what the model knows of a customer")
    training: Provenance = Field(description="the definitions it was trained under")
    metrics: dict[str, float] = Field(
        description="earned on customers of a later period; *_score higher is better, *_loss lower"
    )


class Decision(BaseModel):
    """What would be done about a customer now, under the configured offers and limits."""

    customer_id: str = Field(description="as asked for")
    known: bool = Field(description="false: never bought before the cut-off; nothing to decide")
    offer: str | None = Field(
        None,
        description="name of the offer; ask: ask how things are; nothing: leave alone, as `why` "
        "tells",
    )
    arm: str | None = Field(
        None,
        description="the offer, or control: left alone by chance, to learn from, and not to be "
        "contacted; null where nothing is done",
    )
    propensity: Probability | None = Field(None, description="chance of this arm when drawn")
    level: str | None = Field(None, description="answer, anticipate or wow")
    channel: str | None = Field(None, description="how the customer is told")
    cost: float | None = Field(None, description="what it is expected to cost, in the currency")
    cost_ceiling: float | None = Field(
        None, description="the most it could cost without a loss, in the currency"
    )
    saved: float | None = Field(
        None, description="risk it is expected to take away, as a probability"
    )
    expected_profit: float | None = Field(
        None, description="what it is expected to bring beyond its cost, in the currency"
    )
    expected_profit_low: float | None = Field(
        None,
        description="the same, if it does as little as it does one time in ten, in the currency",
    )
    why: Why | None = Field(None, description="why nothing is done; null where something is")
    told: str | None = Field(None, description="what to do, or why nothing, in words")


class DecideAnswer(BaseModel):
    """Decisions, the prices they are made at, and the definitions behind them."""

    provenance: Definitions
    campaign: str = Field(
        description="the campaign that controls are drawn for: the draft of `querencia flag`, or "
        "the one that would be made today"
    )
    next_euro: float = Field(
        description="what one more unit of budget would bring beyond itself, in the currency"
    )
    next_contact: float = Field(description="what one more contact would bring, in the currency")
    customers: list[Decision] = Field(
        description="those asked by id, then those posted, each in the order asked"
    )


class Promised(BaseModel):
    """What a list is expected to come to; money in the currency, without the control's."""

    campaign: str = Field(description="the id that the list would have if it were made now")
    spent: float = Field(description="what is expected to be spent")
    contacts: int = Field(description="customers to contact, those to ask among them")
    asked: int = Field(description="customers to ask how things are")
    control: int = Field(description="customers left alone by chance, who are not listed")
    expected_profit: float = Field(description="what it is expected to bring beyond its cost")
    expected_profit_low: float = Field(
        description="the same, if the offers do as little as they do one time in ten"
    )
    next_euro: float = Field(description="what one more unit of budget would bring beyond itself")


class ListAnswer(BaseModel):
    """The customers at risk, or those to contact within a budget."""

    provenance: Definitions
    customers: list[CustomerScore] = Field(
        description="the list: the largest expected loss first; with a budget, the largest "
        "expected profit first"
    )
    decisions: list[Decision] | None = Field(
        None, description="with a budget: what to do about each of them, in the same order"
    )
    promise: Promised | None = Field(
        None, description="with a budget: what the whole list is expected to come to"
    )


class ReceiptAnswer(Receipt):
    """What became of rows that were sent; those accepted are on disk."""

    provenance: Definitions


class ForgetAnswer(BaseModel):
    """How far the forgetting of a customer is."""

    provenance: Definitions
    state: Literal["removing", "removed"] = Field(
        description="removing: nothing is answered for the customer any more, and what is kept is "
        "being removed, at the latest by the next job; removed: all of it is gone"
    )
    sha256: str = Field(description="what is kept of the customer: names data/forgotten/...json")
    asked_at: datetime = Field(description="from when on nothing is answered")
    done_at: datetime | None = Field(description="when all was removed")
    removed: dict[str, int] = Field(description="rows removed so far, by place")
    versions: list[int] = Field(
        description="versions of the model that may have learned from the customer"
    )
    remains: list[str] = Field(description="what could not be reached")
