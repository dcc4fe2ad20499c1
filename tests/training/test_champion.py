"""The champion: found where an alias says, and asked for where there is none."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from mlflow.models import infer_signature

from features.errors import QuerenciaError
from features.snapshot import Snapshot
from training.champion import CHALLENGER, CHAMPION, Champion
from training.model import Model
from training.registry import Registry, Version
from training.scoring import score


@pytest.fixture(scope="module")
def registry(model: Model, later: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """A store in which one version was registered and nothing promoted."""
    registry = Registry(tmp_path_factory.mktemp("mlruns"))
    register(registry, model, later, tmp_path_factory.mktemp("models") / "model")
    return registry


def register(registry: Registry, model: Model, later: Snapshot, folder: Path) -> Version:
    model.save(folder)
    example = later.rows[list(later.names)].head(1)
    with registry.run("train") as run:
        return registry.register(
            run, folder, signature=infer_signature(example), input_example=example, tags={}
        )


def test_a_champion_is_the_version_promoted_and_not_the_latest(
    registry: Registry, model: Model, later: Snapshot, tmp_path: Path
) -> None:
    with pytest.raises(QuerenciaError, match=r"No model serves yet.*querencia train"):
        Champion.require(registry)

    registry.set_alias(CHALLENGER, 1)
    with pytest.raises(QuerenciaError, match="No model serves yet"):
        Champion.require(registry)

    registry.set_alias(CHAMPION, 1)
    register(registry, model, later, tmp_path / "model")
    champion = Champion.require(registry)
    assert champion.version.number == 1
    assert champion.version.created_at <= datetime.now(UTC)
    pd.testing.assert_frame_equal(
        score(champion.model, later).rows, score(model, later).rows, check_exact=True
    )
