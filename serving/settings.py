"""The configuration: one frozen tree, read from one TOML file and the environment."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from features import adapters
from features.errors import QuerenciaError
from features.settings import FeatureSettings, SparkSettings, TableSettings
from features.spark import Cluster
from features.store import Store
from serving.catalogue import Offers
from serving.limits import CampaignSettings
from serving.score_table import ScoreTable
from serving.upkeep import ScheduleSettings, WatchSettings
from serving.words import Language
from training.registry import Registry
from training.settings import TrainingSettings

PREFIX = "QUERENCIA_"
FILE_VARIABLE = "QUERENCIA_CONFIG"
Engine = Literal["duckdb", "spark"]
DEFAULT_FILE = Path("querencia.toml")


class ListSettings(BaseModel):
    """Whom the service lists as customers at risk."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    top_share: float = Field(0.2, gt=0, le=1, description="share of customers, by value")
    min_risk: float = Field(0.5, ge=0, le=1, description="least risk to be listed")
    most: int = Field(500, gt=0, description="at most so many customers")


class IndicatorSettings(BaseModel):
    """What an indicator should come to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: float = Field(description="in the indicator's unit; a share between 0 and 1")


class ServiceSettings(BaseModel):
    """The HTTP service."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="address it listens on")
    port: int = Field(3000, gt=0, lt=65536, description="port it listens on")
    always_ask: bool = Field(
        False, description="ask for a key on loopback too, as behind a proxy on this machine"
    )
    poll_seconds: float = Field(
        1, gt=0, le=3600, description="seconds between looks for a new champion, scores or keys"
    )
    most_bytes: int = Field(8_000_000, gt=0, description="largest body of a request, in bytes")
    body_seconds: float = Field(10, gt=0, le=20, description="seconds a body may take to arrive")
    answer_seconds: float = Field(
        30, gt=0, le=40, description="seconds an answer may take, after which the client is told so"
    )
    most_waiting: int = Field(
        64, gt=0, description="requests at once, above which more are told to come back"
    )
    most_waiting_per_key: int = Field(
        32, gt=0, description="requests at once with one key, above which more are told to wait"
    )
    log_requests: bool = Field(True, description="a line of JSON in the log per request")
    mask_ids: bool = Field(False, description="hide customer ids on the pages of the console")


class Settings(BaseSettings):
    """Everything that can be set; `querencia config` prints it with meanings."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    data: Path = Field(Path("data"), description="folder of records, scores and lists")
    store: Path = Field(Path("mlruns"), description="folder of the MLflow store")
    store_database: SecretStr | None = Field(
        None,
        description="address of a PostgreSQL database in place of the store's mlflow.db: "
        "postgresql://user@host/name; better set in the environment",
    )
    scores_database: SecretStr | None = Field(
        None,
        description="address of a PostgreSQL database whose table querencia_scores holds the last "
        "scores too: postgresql://user@host/name; better set in the environment",
    )
    name: str = Field("querencia", description="name of the registered model")
    language: Language = Field("en", description="language of what people read: en or es")
    tables: dict[str, TableSettings] = Field({}, description="where the input tables come from")
    engine: Engine = Field(
        "duckdb", description="what looks at the records: duckdb (this machine) or spark"
    )
    spark: SparkSettings = SparkSettings()
    features: FeatureSettings = FeatureSettings()
    training: TrainingSettings = TrainingSettings()
    offers: Offers = Field(
        {}, description="what can be offered; left out: what training.money says one costs"
    )
    campaign: CampaignSettings = CampaignSettings()
    list: ListSettings = ListSettings()
    indicators: dict[str, IndicatorSettings] = Field({}, description="targets, by indicator")
    service: ServiceSettings = ServiceSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    watch: WatchSettings = WatchSettings()

    @property
    def keys(self) -> Path:
        """The file of keys of the HTTP service."""
        return self.data / "keys.json"

    @property
    def records(self) -> Store:
        """The records, and the engine that looks at them."""
        return Store(self.data) if self.engine == "duckdb" else Cluster(self.data, self.spark)

    @property
    def registry(self) -> Registry:
        """The MLflow store, and the registered model in it, that these settings name."""
        database = self.store_database.get_secret_value() if self.store_database else None
        return Registry(self.store, model_name=self.name, database=database)

    @property
    def score_table(self) -> ScoreTable | None:
        """The scores' table, where these settings name a database."""
        database = self.scores_database
        return ScoreTable(database.get_secret_value()) if database else None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - no other source counts
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What was passed, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _file())


def _file() -> Path:
    """The file that is named, else the definition of that name that comes with the product."""
    named = Path(os.environ.get(FILE_VARIABLE, DEFAULT_FILE))
    return named if named.is_file() else adapters.FILES.get(str(named), named)


def load(**given: object) -> Settings:
    """The configuration: `given`, else the environment (QUERENCIA_...), else the file.

    Raises:
        QuerenciaError: naming every entry that is wrong, and why.
    """
    if FILE_VARIABLE in os.environ and not _file().is_file():
        raise QuerenciaError(
            f"There is no configuration file {_file()}, and no definition of that name. "
            f"Definitions: {', '.join(adapters.FILES)}."
        )
    try:
        loaded = Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        raise _wrong(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()
        ) from None
    except (SettingsError, TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong([str(error)]) from None
    if strangers := list(_strangers()):
        raise _wrong(f"{name}: there is no such entry" for name in strangers)
    return loaded


def _strangers() -> Iterator[str]:
    """Variables that look like ours and that pydantic-settings would pass over."""
    known = {FILE_VARIABLE, *(PREFIX + name.upper() for name in Settings.model_fields)}
    for variable in os.environ:
        name = variable.upper()
        if name.startswith(PREFIX) and name.split("__")[0] not in known:
            yield variable


def _wrong(faults: Iterable[str]) -> QuerenciaError:
    lines = [
        f"The configuration ({_file()} and {PREFIX}... variables) is wrong:",
        *(f"  {fault}" for fault in faults),
        "querencia config --defaults prints every entry with its meaning.",
    ]
    return QuerenciaError("\n".join(lines))
