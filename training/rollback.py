"""Going back to a champion of before."""

from features.errors import QuerenciaError
from training.champion import CHAMPION
from training.history import Entry, History
from training.model import Model
from training.registry import Registry, Version


def roll_back(registry: Registry, *, to: int | None = None) -> Entry:
    """Make an earlier version the champion again, and note it in the history.

    Args:
        registry: The store.
        to: Its number; left out: the champion before the present one.

    Raises:
        QuerenciaError: where no model serves, there is none to go back to, it serves already, or
            its files can't be trusted or read any more.
    """
    champion = registry.version(CHAMPION)
    if champion is None:
        raise QuerenciaError("No model serves yet. Train one: querencia train")
    history = History(registry.folder)
    version = _target(registry, history, champion.number, to)
    Model.load(registry.fetch(version))
    registry.set_alias(CHAMPION, version.number)
    return history.note("rolled_back", version.number, by="rollback", champion=champion.number)


def _target(registry: Registry, history: History, champion: int, to: int | None) -> Version:
    number = to or _before(history, champion)
    version = registry.version(number) if number else None
    if version is None or version.number == champion:
        known = ", ".join(str(each.number) for each in registry.versions())
        why = "It serves already." if number == champion else "There is no such version."
        raise QuerenciaError(
            f"Cannot go back from version {champion} to {number or 'the one before'}. {why} "
            f"Name another: querencia rollback --to N. Versions: {known}."
        )
    return version


def _before(history: History, champion: int) -> int | None:
    line = history.champions()
    earlier = line[: line.index(champion)] if champion in line else line
    return earlier[-1] if earlier else None
