"""Copies of trained folders, for tests that write."""

import shutil
from pathlib import Path

from serving.settings import Settings


def copied(settings: Settings, folder: Path, **update: object) -> Settings:
    """The data and the store once more, in a folder of the test's own; with an update."""
    own = {"data": folder / "data", "store": folder / "mlruns"}
    shutil.copytree(settings.data, own["data"])
    shutil.copytree(settings.store, own["store"])
    return settings.model_copy(update={**own, **update})
