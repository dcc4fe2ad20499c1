"""Scoring every customer with one version, aside: `python -m serving.rescore NUMBER FOLDER`.

The service does it in a process of its own when a version takes over that has no scores yet, so
that answers do not wait for it.
"""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from features.errors import QuerenciaError
from serving import batch, settings
from serving.batch import ScoreFile
from training.champion import Champion
from training.scoring import Scores

_CONSIDERATE = 10


def aside(champion: Champion) -> Scores:
    """Every customer's scores by this version, made by another process.

    Raises:
        QuerenciaError: where it fails, with what it said last.
    """
    with TemporaryDirectory(prefix="querencia-") as folder:
        command = [sys.executable, "-m", __spec__.name, str(champion.version.number), folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
            raise QuerenciaError(
                f"Version {champion.version.number} could not score the customers: {said}"
            )
        return ScoreFile(Path(folder)).read()


def main(number: int, folder: Path) -> None:
    """Write the scores by this version into a folder."""
    os.nice(_CONSIDERATE)
    configured = settings.load()
    champion = load(configured, number)
    scores = batch.score_all(configured.records, champion, configured.features)
    ScoreFile(folder).write(scores)


def load(configured: settings.Settings, number: int) -> Champion:
    """The model of one version, every file of it checked.

    Raises:
        QuerenciaError: where there is no such version, or it cannot be trusted.
    """
    from training.model import Model

    registry = configured.registry
    version = registry.version(number)
    if version is None:
        raise QuerenciaError(f"There is no version {number}.")
    return Champion(Model.load(registry.fetch(version)), version)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
