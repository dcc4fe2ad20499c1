"""Where a result comes from: the definitions it was made under, carried wherever it goes."""

from datetime import datetime
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from features.errors import QuerenciaError

ChurnDefinition = Literal["inactivity", "rhythm", "contract", "decline"]


class DefinitionError(QuerenciaError):
    """Rows and model were made under different definitions."""


class Provenance(BaseModel):
    """The definitions behind a snapshot, a model or a list of scores.

    Two results may only be brought together when their *definitions* agree (`require_same`);
    cut-offs and model version say when and by what a result was made, and may differ.
    """

    model_config = ConfigDict(frozen=True)

    churn: ChurnDefinition = Field(description="the churn definition risk is stated under")
    horizon_days: int = Field(description="days after the cut-off in which churn is judged", gt=0)
    currency: str = Field(description="the reporting currency of every amount")
    time_zone: str = Field(description="the zone whose calendar days are purchase days")
    families: tuple[str, ...] = Field(description="the feature families the rows hold")
    records: tuple[str, ...] = Field(description="the tables and columns the features rest on")
    feature_version: str = Field(description="digest of the features' names and meanings")
    cutoffs: tuple[AwareDatetime, ...] = Field(description="the instants looked back from")
    model_version: str | None = Field(None, description="the registered version that scored")

    @property
    def cutoff(self) -> datetime:
        """The latest cut-off."""
        return max(self.cutoffs)

    def definitions(self) -> dict[str, object]:
        """The part that must agree before two results are brought together."""
        return self.model_dump(exclude={"cutoffs", "model_version"})

    def require_same(self, other: Self) -> None:
        """Refuse `other` when it was made under other definitions.

        Raises:
            DefinitionError: naming every definition that differs, with both values.
        """
        mine, theirs = self.definitions(), other.definitions()
        differing = [
            f"{name}: {mine[name]} against {theirs[name]}"
            for name in mine
            if mine[name] != theirs[name]
        ]
        if differing:
            raise DefinitionError(
                "These rows and this model were made under different definitions: "
                + "; ".join(differing)
                + ". Train again under the definitions of the rows (querencia train)."
            )
