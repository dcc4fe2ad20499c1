"""The champion: the registered version that serves, loaded and checked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from features.errors import QuerenciaError
from training.model import Model
from training.registry import Registry, Version

CHAMPION, CHALLENGER = "champion", "challenger"
"""Aliases: the version that serves, and the latest that wanted to and may not."""

TRAINED = "trained_as_of"
"""Tag of a version: the instant it knows nothing after."""


@dataclass(frozen=True)
class Champion:
    """The model that serves.

    Attributes:
        model: It.
        version: What it is registered as, with the metrics it earned on a later period.
    """

    model: Model
    version: Version

    @classmethod
    def require(cls, registry: Registry) -> Self:
        """The version the alias names.

        Raises:
            QuerenciaError: where nothing was promoted yet, or it has a format of before.
        """
        version = registry.version(CHAMPION)
        if version is None:
            raise QuerenciaError("No model serves yet. Train one: querencia train")
        return cls(Model.load(registry.fetch(version)), version)

    @property
    def trained_as_of(self) -> datetime:
        """The instant it knows nothing after."""
        return trained_as_of(self.version)


def trained_as_of(version: Version) -> datetime:
    """The instant that a version knows nothing after."""
    return datetime.fromisoformat(version.tags[TRAINED])
