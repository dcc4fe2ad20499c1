"""The files of a registered model: plain data under an MLflow flavour of our own, and sealed.

There is no ``python_function`` flavour: MLflow would pickle, or run code from the model's folder,
and would return labels where this product needs probabilities. ``MLmodel`` lists the SHA-256 of
every file beside it; the seal is the SHA-256 of ``MLmodel``, kept elsewhere.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.errors import QuerenciaError

if TYPE_CHECKING:  # slow to import
    import pandas as pd
    from mlflow.models import ModelSignature

FLAVOR = "querencia"
FORMAT_VERSION = 1
SUFFIXES = frozenset({".json", ".ubj", ".onnx", ".skops"})
CARD = "MLmodel"
EXAMPLE = "input_example.json"


def refuse_ids(input_example: "pd.DataFrame") -> None:
    """Stop where a model's example would hold customer ids.

    Raises:
        QuerenciaError: If it does.
    """
    if "customer_id" in input_example.columns:
        raise QuerenciaError(
            f"The input example has {len(input_example)} rows with customer_id, which MLflow must"
            " not store. Drop the column."
        )


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a model but ``MLmodel``, by path.

    Raises:
        QuerenciaError: If one of them is no plain data of the `SUFFIXES` allowed.
    """
    files = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }
    files.pop(CARD, None)
    foreign = [n for n, p in files.items() if p.is_symlink() or p.suffix not in SUFFIXES]
    if foreign:
        raise QuerenciaError(
            f"{folder} holds {len(foreign)} file(s) no model may have, such as {foreign[0]!r}: a"
            f" model is plain {', '.join(sorted(SUFFIXES))} files. Remove them, or train again."
        )
    return {name: _sha256(path) for name, path in files.items()}


def seal(folder: Path, *, signature: "ModelSignature", run_id: str, model_id: str) -> str:
    """Write ``MLmodel`` beside a model's files; returns its SHA-256."""
    from mlflow.models import Model

    example = {"artifact_path": EXAMPLE, "type": "dataframe", "pandas_orient": "split"}
    card = Model(
        run_id=run_id,
        model_id=model_id,
        model_uuid=model_id,
        signature=signature,
        saved_input_example_info=example,
    )
    card.add_flavor(FLAVOR, format_version=FORMAT_VERSION, files=digests(folder))
    card.save(folder / CARD)
    return _sha256(folder / CARD)


def verify(folder: Path, *, seal: str | None, whose: str) -> None:
    """Check every file of a model.

    Args:
        folder: Where they are.
        seal: What `seal` returned.
        whose: The model in words, for messages.

    Raises:
        QuerenciaError: If a file is missing, unknown, changed or not plain data, or if a newer
            Querencia wrote it.
    """
    card = folder / CARD
    if not card.is_file() or _sha256(card) != seal:
        raise _damaged(whose, card, "is missing or not the one registered")
    entry = _flavor(card)
    if entry["format_version"] > FORMAT_VERSION:
        raise QuerenciaError(
            f"{whose} has format {entry['format_version']}; this Querencia reads up to"
            f" {FORMAT_VERSION}. Upgrade Querencia."
        )
    listed, found = set(entry["files"].items()), set(digests(folder).items())
    if listed != found:
        name = min(listed ^ found)[0]
        raise _damaged(whose, folder / name, "is missing, unknown or changed")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flavor(card: Path) -> dict[str, Any]:
    from mlflow.models import Model

    flavor: dict[str, Any] = Model.load(str(card)).flavors[FLAVOR]
    return flavor


def _damaged(whose: str, path: Path, what: str) -> QuerenciaError:
    return QuerenciaError(
        f"{whose} cannot be trusted: {path} {what}. Restore the store from a backup, or train and"
        " register a new version."
    )
