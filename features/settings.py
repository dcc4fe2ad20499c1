"""The part of the configuration that says what is looked at, and under which definitions."""

from datetime import date
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from features import encodings
from features.cutoffs import Plan, Rhythm, plan
from features.provenance import ChurnDefinition
from features.sources import Source, is_address


def _existing(time_zone: str) -> str:
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no such time zone; use a name such as Europe/Madrid or UTC") from None
    return time_zone


class TableSettings(BaseModel):
    """Where one input table comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str | None = Field(
        None,
        description="CSV or Parquet file; with `query`, a DuckDB file or postgresql:// address",
    )
    columns: dict[str, str] = Field(
        {}, description="contract column = the source's own name, or SQL over its columns"
    )
    where: str | None = Field(None, description="SQL condition on the source's rows")
    query: str | None = Field(
        None, description="SQL that gives the rows; PostgreSQL runs it itself, in its own SQL"
    )
    files: dict[str, Path] = Field({}, description="names for further files, for `query`")
    encoding: Annotated[str, AfterValidator(encodings.name)] = Field(
        encodings.UTF_8, description="how its CSV files are written, such as windows-1252"
    )

    def source(self, folder: Path = Path()) -> Source:
        """The source this names, with its files relative to a folder."""
        files = {name: folder / path for name, path in self.files.items()}
        path = self.path if self.path is None or is_address(self.path) else folder / self.path
        return Source(path, self.columns, self.where, self.query, files, self.encoding)


class FeatureSettings(BaseModel):
    """Definitions that snapshots are made under."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")] = Field(
        "EUR", description="reporting currency of every amount (ISO code)"
    )
    time_zone: Annotated[str, AfterValidator(_existing)] = Field(
        "UTC", description="zone of naive times and of purchase days"
    )
    churn: ChurnDefinition = Field(
        "inactivity",
        description="churn definition: inactivity (no purchase in the horizon), rhythm (silence "
        "longer than the own gaps make plausible), contract (it ended) or decline (spend fell)",
    )
    horizon_days: int = Field(90, gt=0, le=730, description="days in which churn is judged")
    rhythm_factor: float = Field(
        2.0, gt=0, description="rhythm: silent for longer than so many of the own long gaps"
    )
    decline_share: float = Field(
        0.5, gt=0, lt=1, description="decline: spend under this share of the own past pace"
    )
    every: Rhythm = Field("month", description="training cut-offs: each month or each week")
    cutoffs: int = Field(12, ge=1, le=120, description="at most so many training cut-offs")

    def plan(self, first_day: date, end_day: date) -> Plan | None:
        """The cut-offs to use on records of these days (`features.cutoffs.plan`)."""
        return plan(
            first_day,
            end_day,
            horizon_days=self.horizon_days,
            every=self.every,
            most=self.cutoffs,
            time_zone=self.time_zone,
        )

    @property
    def days_needed(self) -> int:
        """Days of records with which there is always a plan: three horizons, and two steps."""
        return 3 * self.horizon_days + 2 * (31 if self.every == "month" else 7)


class SparkSettings(BaseModel):
    """The Spark cluster, where `engine` is spark; every machine sees the data folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    master: str = Field("local[*]", description="address of the master, such as spark://host:7077")
    driver_customers: int = Field(
        500_000,
        gt=0,
        description="customers whose rows come to the driver at most; of more, so many are drawn, "
        "and trees and purchase process learn from all of them on the cluster",
    )
    partition_rows: int = Field(
        200_000, gt=0, description="records that one core holds at a time, about"
    )
    options: dict[str, str] = Field(
        {}, description='any setting of Spark itself, such as "spark.executor.memory" = "4g"'
    )
