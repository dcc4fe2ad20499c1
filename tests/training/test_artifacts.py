"""Every file of a registered version is plain data: nothing of it can be unpickled or run."""

import hashlib
import json
import pickle
import pickletools
from pathlib import Path

import pytest
import yaml

from serving.settings import Settings
from training import sealed
from training.registry import SEAL, Version

PLAIN = {".json", ".ubj"}
"""What a version may be made of, beside MLflow's card of it."""

MAGIC = {
    "a pickle": (b"\x80",),
    "an archive": (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"ustar"),
    "a program": (b"\x7fELF", b"MZ", b"#!", b"\xca\xfe\xba\xbe"),
    "bytecode": (b"\xa7\r\r\n", b"\xcb\r\r\n"),
    "an array that may hold objects": (b"\x93NUMPY", b"\x89HDF"),
}


@pytest.fixture(scope="module", params=["trained", "trained_company"])
def settings(request: pytest.FixtureRequest) -> Settings:
    found: Settings = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def version(settings: Settings) -> Version:
    return settings.registry.versions()[0]


@pytest.fixture(scope="module")
def files(settings: Settings, version: Version) -> list[Path]:
    return [path for path in settings.registry.fetch(version).rglob("*") if path.is_file()]


def test_every_file_is_of_a_kind_that_is_allowed(files: list[Path]) -> None:
    assert {path.suffix for path in files if path.name != sealed.CARD} == PLAIN
    assert PLAIN <= sealed.SUFFIXES
    assert not any(path.is_symlink() or path.stat().st_mode & 0o111 for path in files)


def test_every_file_is_what_its_name_says(files: list[Path]) -> None:
    for path in files:
        content = path.read_bytes()
        if path.suffix == ".json":
            json.loads(content)
        for what, beginnings in MAGIC.items():
            assert not content.startswith(beginnings), f"{path} is {what}"


def is_pickle(content: bytes) -> bool:
    """Whether a pickle's instructions can be read from it to the end."""
    try:
        return bool([*pickletools.genops(content)])
    except (ValueError, UnicodeDecodeError):
        return False


def test_no_file_can_be_unpickled(files: list[Path]) -> None:
    assert is_pickle(pickle.dumps({"a": [1.5]}))
    assert is_pickle(b"cos\nsystem\n.")
    assert [path for path in files if is_pickle(path.read_bytes())] == []


def test_mlflow_knows_no_way_to_load_or_run_it(files: list[Path]) -> None:
    (card,) = (path for path in files if path.name == sealed.CARD)
    told = yaml.safe_load(card.read_text())
    assert set(told["flavors"]) == {sealed.FLAVOR}
    assert "python_function" not in card.read_text()
    text = card.read_text()
    assert not [word for word in ("loader_module", "code:", "python_model", ".py") if word in text]


def test_every_file_has_its_digest_and_the_card_has_one_outside(
    files: list[Path], version: Version
) -> None:
    (card,) = (path for path in files if path.name == sealed.CARD)
    listed = yaml.safe_load(card.read_text())["flavors"][sealed.FLAVOR]["files"]
    found = {
        path.relative_to(card.parent).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path != card
    }
    assert listed == found
    assert version.tags[SEAL] == hashlib.sha256(card.read_bytes()).hexdigest()


def test_the_runs_that_trained_them_left_nothing_to_run_either(settings: Settings) -> None:
    artifacts = settings.store / "artifacts"
    suffixes = {path.suffix for path in artifacts.rglob("*") if path.is_file()}
    texts = {".txt", ".md", ".html", ".csv", ""}
    assert suffixes <= {".json", ".ubj", ".png", ".svg", ".parquet", *texts}
    strange = [path for path in artifacts.rglob("*") if path.suffix == "" and path.is_file()]
    assert {path.name for path in strange} <= {sealed.CARD}
