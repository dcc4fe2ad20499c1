"""What takes seconds to read, gathered once per edition: the report, and the model's evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args

from markupsafe import Markup
from pydantic import TypeAdapter, ValidationError

from features import snapshot
from features.findings import Finding
from features.store import Store
from features.usability import Report as Usability
from serving import batch
from serving.edition import Edition
from serving.report import report as reporting
from serving.report.pictures import calibration, pictures
from serving.report.report import Report
from serving.report.trust import Trust, trust
from serving.report.writer import Writer
from serving.settings import Settings
from serving.words import Language
from training import novelty
from training.rows import Rows

LANGUAGES: tuple[Language, ...] = get_args(Language)


@dataclass(frozen=True)
class Gathered:
    """What the report tells.

    Attributes:
        report: It.
        pictures: Its pictures, by language.
        checked: What the last reading of the tables came to; None where that is not known.
        novelty: Features that vary now and never did in training.
    """

    report: Report
    pictures: Mapping[Language, Mapping[str, object]]
    checked: Usability | None
    novelty: tuple[Finding, ...]

    @classmethod
    def of(cls, edition: Edition) -> "Gathered":
        """Read records, scores and campaigns."""
        report = reporting.gather(edition.settings, now=datetime.now(UTC))
        drawn = {language: pictures(report, _writer(edition, language)) for language in LANGUAGES}
        return cls(report, drawn, _checked(edition.settings), tuple(_novelty(edition)))


@dataclass(frozen=True)
class Checkup:
    """How the model that serves did.

    Attributes:
        trust: The evidence of its training; None where its run keeps none.
        pictures: Its calibration, by language.
    """

    trust: Trust | None
    pictures: Mapping[Language, Mapping[str, Markup]]

    @classmethod
    def of(cls, edition: Edition) -> "Checkup":
        """Read it from the store of models."""
        found = trust(edition.settings.registry, edition.champion)
        if found is None:
            return cls(None, {})
        drawn = {
            language: {
                "calibration": calibration(found, Writer(spoken(edition.settings, language)))
            }
            for language in LANGUAGES
        }
        return cls(found, drawn)


def _writer(edition: Edition, language: Language) -> Writer:
    return Writer(spoken(edition.settings, language))


def spoken(settings: Settings, language: Language) -> Settings:
    """The settings in a language."""
    return settings.model_copy(update={"language": language})


def _checked(settings: Settings) -> Usability | None:
    path = settings.data / "usability.json"
    try:
        return TypeAdapter(Usability).validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def _novelty(edition: Edition) -> list[Finding]:
    model, settings = edition.model, edition.settings
    if not model.unvaried:
        return []
    store = Store(settings.data)
    present = snapshot.take(
        store.records(themes=model.themes),
        [edition.cutoff],
        settings.features,
        has=batch.known(store, edition.champion),
        themes=model.themes,
    )
    return list(novelty.found(model.unvaried, Rows.of(present)))
