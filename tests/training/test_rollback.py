"""Going back to an earlier champion."""

from pathlib import Path

import pytest
from mlflow.models import infer_signature

from features.errors import QuerenciaError
from features.snapshot import Snapshot
from training.champion import CHAMPION, Champion
from training.history import History
from training.model import Model
from training.registry import Registry
from training.rollback import roll_back


@pytest.fixture
def registry(model: Model, later: Snapshot, tmp_path: Path) -> Registry:
    """Three versions, of which the first and the third became champion."""
    made = Registry(tmp_path / "mlruns")
    model.save(tmp_path / "model")
    example = later.rows[list(later.names)].head(1)
    signature = infer_signature(example)
    for number in (1, 2, 3):
        with made.run("train") as run:
            made.register(
                run, tmp_path / "model", signature=signature, input_example=example, tags={}
            )
        if number != 2:
            made.set_alias(CHAMPION, number)
            History(made.folder).note("promoted", number, by="train")
    return made


def test_the_champion_before_serves_again(registry: Registry) -> None:
    entry = roll_back(registry)
    assert (entry.what, entry.version, entry.champion) == ("rolled_back", 1, 3)
    assert Champion.require(registry).version.number == 1
    assert History(registry.folder).entries()[-1] == entry
    with pytest.raises(QuerenciaError, match=r"from version 1 to the one before.*--to N.*1, 2, 3"):
        roll_back(registry)


def test_any_version_may_be_named_but_the_present_one(registry: Registry) -> None:
    assert roll_back(registry, to=2).version == 2
    assert Champion.require(registry).version.number == 2
    with pytest.raises(QuerenciaError, match="It serves already"):
        roll_back(registry, to=2)
    with pytest.raises(QuerenciaError, match=r"to 9\. There is no such version"):
        roll_back(registry, to=9)
    assert roll_back(registry).version == 3


def test_a_version_that_was_tampered_with_is_not_gone_back_to(registry: Registry) -> None:
    version = registry.version(1)
    assert version is not None
    (registry.fetch(version) / "model.json").write_text("{}")
    with pytest.raises(QuerenciaError, match="cannot be trusted"):
        roll_back(registry)
    assert Champion.require(registry).version.number == 3


def test_without_a_champion_there_is_nothing_to_go_back_from(tmp_path: Path) -> None:
    with pytest.raises(QuerenciaError, match="No model serves yet"):
        roll_back(Registry(tmp_path / "mlruns"))
