"""Staying power as it was told last: how models got worse with age, and how often to train."""

from datetime import datetime
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from features.files import aside
from features.findings import Finding
from features.provenance import ChurnDefinition
from features.settings import FeatureSettings
from training.staying import AtAge


class Staying(BaseModel):
    """What the last evaluation told of it: `staying.json` in the data folder.

    Attributes:
        told_at: When.
        churn: Under which churn definition; and
        horizon_days: which horizon.
        cutoffs: At how many cut-offs models were trained.
        ages: What models of each age came to beside those trained anew, ascending.
        advice: How often to train.
    """

    model_config = ConfigDict(frozen=True)

    told_at: AwareDatetime
    churn: ChurnDefinition
    horizon_days: int
    cutoffs: int
    ages: tuple[AtAge, ...]
    advice: Finding | None = None


def note(
    data: Path,
    ages: tuple[AtAge, ...],
    advice: Finding | None,
    settings: FeatureSettings,
    *,
    cutoffs: int,
    now: datetime,
) -> None:
    """Keep what an evaluation tells of it; one of a single cut-off tells nothing."""
    if not ages:
        return
    told = Staying(
        told_at=now,
        churn=settings.churn,
        horizon_days=settings.horizon_days,
        cutoffs=cutoffs,
        ages=ages,
        advice=advice,
    )
    with aside(_path(data)) as new:
        new.write_text(told.model_dump_json(indent=1), "utf-8")


def read(data: Path, settings: FeatureSettings) -> Staying | None:
    """What was told last; None where nothing was, or it was of another churn or horizon."""
    try:
        found = Staying.model_validate_json(_path(data).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    same = (found.churn, found.horizon_days) == (settings.churn, settings.horizon_days)
    return found if same else None


def _path(data: Path) -> Path:
    return data / "staying.json"
