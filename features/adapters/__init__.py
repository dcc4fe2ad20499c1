"""Definitions of well-known exports: which of their columns is which of the input tables.

Each is a TOML file with the same entries as `querencia.toml`, so that it can be copied and changed
for an export of one's own: `[tables.NAME]` (`features.settings.TableSettings`) and, where the data
says so, `[features]` with its currency and time zone.
"""

import tomllib
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.errors import QuerenciaError
from features.records import CONTRACTS
from features.settings import FeatureSettings, TableSettings
from features.sources import Source

NAMES = tuple(
    sorted(
        file.name.removesuffix(".toml")
        for file in resources.files(__name__).iterdir()
        if file.name.endswith(".toml")
    )
)
"""The definitions that come with the product."""


class Adapter(BaseModel):
    """A source definition."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    features: FeatureSettings = Field(FeatureSettings(), description="currency and time zone")
    tables: dict[str, TableSettings] = Field(description="where the input tables come from")

    def sources(self, folder: Path) -> dict[str, Source]:
        """The tables' sources, in the order to take them in, with files relative to a folder."""
        return {
            table: self.tables[table].source(folder) for table in CONTRACTS if table in self.tables
        }


def read(name_or_path: str | Path) -> Adapter:
    """The definition of that name, else in that file.

    Raises:
        QuerenciaError: where there is none, or an entry is wrong, naming each.
    """
    try:
        adapter = Adapter.model_validate(tomllib.loads(_text(name_or_path)))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise QuerenciaError(f"{name_or_path} is wrong:\n{_faults(error)}") from None
    unknown = sorted(set(adapter.tables) - set(CONTRACTS))
    if unknown:
        raise QuerenciaError(
            f"{name_or_path} names {', '.join(unknown)}, which is no input table. "
            f"Tables: {', '.join(CONTRACTS)}."
        )
    return adapter


def load(name_or_path: str | Path, folder: Path) -> dict[str, Source]:
    """The sources of each table that a definition names, with its files in `folder`.

    Raises:
        QuerenciaError: where there is no such definition, or an entry is wrong.
    """
    return read(name_or_path).sources(folder)


def _text(name_or_path: str | Path) -> str:
    if name_or_path in NAMES:
        return (resources.files(__name__) / f"{name_or_path}.toml").read_text("utf-8")
    if not Path(name_or_path).is_file():
        raise QuerenciaError(
            f"There is no file {name_or_path}, and no definition of that name. "
            f"Definitions: {', '.join(NAMES)}."
        )
    return Path(name_or_path).read_text("utf-8")


def _faults(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return f"  {error}"
    return "\n".join(
        f"  {'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()
    )
