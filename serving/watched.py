"""What was seen as customers were scored last: how far they are from those of the training."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.findings import Finding, tell
from serving.settings import Settings
from training.champion import CHAMPION
from training.drift import Drift


class Watched(BaseModel):
    """What was seen as customers were scored last: `watched.json` beside the scores."""

    model_config = ConfigDict(frozen=True)

    version: int = Field(description="the version that scored them")
    drift: Drift = Field(description="how far they are from those it was trained as of")


def path(data: Path) -> Path:
    """Where it lies in a data folder."""
    return data / "scores" / "watched.json"


def watched(settings: Settings) -> Watched | None:
    """What was seen as customers were scored last, if the champion did."""
    try:
        seen = Watched.model_validate_json(path(settings.data).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    return seen if seen.version == settings.registry.number(CHAMPION) else None


def drifted(settings: Settings) -> Finding | None:
    """What to know of the drift; None where nothing was seen."""
    seen = watched(settings)
    if seen is None:
        return None
    feature, index = seen.drift.furthest
    return tell(
        "warning" if is_far(seen.drift, settings) else "advice",
        "drifted",
        "Against the customers that version {version} was trained as of, the risk has a population "
        "stability index of {risk:.3f} and the features of {mean:.3f} in the mean, {feature} the "
        "most ({index:.2f}); {most:.2f} is let pass (watch.most_drift).",
        version=seen.version,
        risk=seen.drift.risk_psi,
        mean=seen.drift.overall,
        feature=feature,
        index=index,
        most=settings.watch.most_drift,
    )


def is_far(drift: Drift, settings: Settings) -> bool:
    """Whether a drift is more than is let pass."""
    return max(drift.overall, drift.risk_psi) > settings.watch.most_drift
