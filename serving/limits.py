"""Limits of a campaign: money, contacts, who comes into question, who is left alone."""

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _some(share: float) -> float:
    if share <= 0:
        raise ValueError(
            "without a control nobody can tell what an offer does, and save rates are never "
            "learned; 0.05 costs little, 0.01 is better than nothing"
        )
    return share


class CampaignSettings(BaseModel):
    """Whom a campaign may contact, and what it may cost."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    budget: float = Field(1000, ge=0, description="expected to be spent at most, in the currency")
    contacts: int = Field(500, ge=0, description="at most so many customers")
    top_share: float = Field(
        1, gt=0, le=1, description="only customers of the highest value: this share of all"
    )
    min_risk: float = Field(0, ge=0, le=1, description="only customers with at least this risk")
    min_presence: float = Field(
        0.5,
        ge=0,
        le=1,
        description="only customers at least so likely to be still there: who has left already "
        "is not kept by an offer",
    )
    segment: str | None = Field(None, description="only customers of this segment")
    driver: str | None = Field(
        None, description="only customers whom this driver puts at risk: silence, effort, ..."
    )
    control: Annotated[float, AfterValidator(_some)] = Field(
        0.05,
        lt=1,
        description="share of those chosen who are left alone by chance, to learn from; part of "
        "budget and contacts",
    )
    fatigue_contacts: int = Field(
        1, gt=0, description="nobody is contacted by campaigns more often than this"
    )
    fatigue_days: int = Field(90, gt=0, description="within so many days")
    ask_share: float = Field(
        0.1,
        ge=0,
        le=1,
        description="share of budget and contacts kept for asking customers at risk of whom "
        "nothing was heard",
    )
    ask_risk: float = Field(0.5, ge=0, le=1, description="the least risk of those who are asked")
    silent_days: int = Field(
        180, gt=0, description="nothing was heard: no contact and no answer for so many days"
    )
    seed: int = Field(0, ge=0, description="key of the draw of the control")

    def but(self, **wanted: object) -> Self:
        """The same, but for what is wanted; None: as it is."""
        given = {name: value for name, value in wanted.items() if value is not None}
        return self.model_copy(update=given)
