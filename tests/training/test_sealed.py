"""Sealed files: whatever is changed, added or missing is found, and named."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from features.errors import QuerenciaError
from training import sealed

SIGNATURE = ModelSignature(inputs=Schema([ColSpec("double", "recency")]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files as a model writes them, and the example beside them."""
    folder = tmp_path / "model"
    (folder / "risk").mkdir(parents=True)
    (folder / "value.json").write_text('{"r": 0.243}')
    (folder / "risk" / "booster.ubj").write_bytes(bytes(range(256)))
    return folder


@pytest.fixture
def seal(folder: Path) -> str:
    """Their seal."""
    return sealed.seal(folder, signature=SIGNATURE, run_id="run", model_id="model")


def _verify(folder: Path, seal: str) -> None:
    sealed.verify(folder, seal=seal, whose="Version 3 of 'querencia'")


def test_untouched_files_pass(folder: Path, seal: str) -> None:
    _verify(folder, seal)
    assert set(sealed.digests(folder)) == {"value.json", "risk/booster.ubj"}


def _change(folder: Path) -> None:
    (folder / "risk" / "booster.ubj").write_bytes(bytes(range(255)) + b"\0")


def _remove(folder: Path) -> None:
    (folder / "value.json").unlink()


def _add(folder: Path) -> None:
    (folder / "more.json").write_text("{}")


def _add_pickle(folder: Path) -> None:
    (folder / "more.pkl").write_bytes(b"")


def _link(folder: Path) -> None:
    elsewhere = (folder / "value.json").rename(folder.parent / "value.json")
    (folder / "value.json").symlink_to(elsewhere)


def _forge(folder: Path) -> None:
    card = folder / "MLmodel"
    card.write_text(card.read_text().replace("format_version: 1", "format_version: 0"))


def _escape(folder: Path) -> None:
    outside = (folder / "value.json").rename(folder.parent / "value.json")
    card = folder / "MLmodel"
    card.write_text(card.read_text().replace("value.json", f"../{outside.name}"))


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (_change, "booster.ubj"),
        (_remove, "value.json"),
        (_add, "more.json"),
        (_add_pickle, "more.pkl"),
        (_link, "value.json"),
        (_forge, "MLmodel"),
        (_escape, "MLmodel"),
    ],
)
def test_tampered_files_are_refused_by_name(
    folder: Path, seal: str, tamper: Callable[[Path], None], named: str
) -> None:
    tamper(folder)
    with pytest.raises(QuerenciaError, match=rf"{named}.*(Restore|Remove)"):
        _verify(folder, seal)


def test_files_outside_the_folder_cannot_be_named(folder: Path, seal: str) -> None:
    _escape(folder)
    resealed = hashlib.sha256((folder / "MLmodel").read_bytes()).hexdigest()
    assert resealed != seal
    with pytest.raises(QuerenciaError, match=r"\.\./value\.json"):
        _verify(folder, resealed)


def test_a_newer_format_asks_for_an_upgrade(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.sealed.FORMAT_VERSION", 2)
    newer = sealed.seal(folder, signature=SIGNATURE, run_id="run", model_id="model")
    _verify(folder, newer)
    monkeypatch.undo()
    with pytest.raises(QuerenciaError, match=r"Version 3.*has format 2.*Upgrade Querencia"):
        _verify(folder, newer)


def test_an_example_with_customer_ids_is_refused() -> None:
    sealed.refuse_ids(pd.DataFrame({"recency": [1.0]}))
    with pytest.raises(QuerenciaError, match="customer_id"):
        sealed.refuse_ids(pd.DataFrame({"recency": [1.0], "customer_id": ["4711"]}))
