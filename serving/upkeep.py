"""The part of the configuration that says what is done while nobody watches."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class ScheduleSettings(BaseModel):
    """When `querencia schedule` runs, and what a run reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cron: str = Field(
        "0 5 * * MON",
        description="minute, hour, day, month and weekday, as in crontab, in features.time_zone",
    )
    read: Literal["append", "anew", "nothing"] = Field(
        "append",
        description="what is done with the tables: append (add to the records), anew (read all of "
        "them again) or nothing (somebody else reads them)",
    )
    train_every_days: int = Field(
        7,
        ge=0,
        description="calendar days from one training to the next; runs between them score with the "
        "champion there is. 0: every run trains",
    )
    report_every_days: int = Field(
        7,
        ge=0,
        description="days from one report to the next; runs between them leave the last one. 0: "
        "every run reports",
    )
    evaluate_every_days: int = Field(
        91,
        ge=0,
        description="days from one look back at what trainings at past cut-offs came to, and how "
        "models age, to the next; it takes six trainings, after everything else. 0: no run does",
    )
    resume_hours: float = Field(
        24,
        ge=0,
        description="a run that was killed is taken up within so many hours, else made anew",
    )


class WatchSettings(BaseModel):
    """What a run refuses to trust, and whom it tells."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    most_days_old: dict[str, int] = Field(
        {"transactions": 40}, description="age of the last record of a table"
    )
    most_refused: float = Field(
        0.05, ge=0, le=1, description="share of the rows read that may go to quarantine"
    )
    most_jump: float = Field(
        5, gt=1, description="times by which a week's median amount may differ from all weeks'"
    )
    most_drift: float = Field(
        0.25,
        gt=0,
        description="population stability index, of the risk or in the mean of the features, above "
        "which customers count as others than those the model was trained on, and it is time to "
        "train; chance alone brings about 18 / customers",
    )
    webhook: SecretStr | None = Field(
        None, description="address that alerts are posted to as JSON; better set in the environment"
    )
    webhook_seconds: float = Field(10, gt=0, description="seconds it may take to answer")

    @field_validator("webhook")
    @classmethod
    def _is_web(cls, webhook: SecretStr | None) -> SecretStr | None:
        if webhook and not webhook.get_secret_value().startswith(("https://", "http://")):
            raise ValueError("begins with neither https:// nor http://")
        return webhook
