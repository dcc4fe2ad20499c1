"""The forgotten: of them nothing is kept but a salted hash, by which they are known if they come.

`forgotten/` of the data folder holds the salt and, for each of them, a proof named by the hash.
Until all is removed the proof says whom it is about, so that a job that died is taken up.
"""

import hashlib
import os
import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from features.errors import QuerenciaError
from features.files import aside, synced

_PRIVATE = 0o600
_SALT_BYTES = 16


class Proof(BaseModel):
    """What was done to forget a customer."""

    model_config = ConfigDict(frozen=True)

    sha256: str = Field(description="of the salt and the customer's id")
    customer_id: str | None = Field(None, description="the customer; none once all is removed")
    asked_at: AwareDatetime = Field(description="from when on nothing is answered, UTC")
    done_at: AwareDatetime | None = Field(None, description="when all was removed, UTC")
    removed: dict[str, int] = Field({}, description="rows removed, by the place they were in")
    versions: list[int] = Field(
        [], description="versions of the model that may have been trained with rows of theirs"
    )
    remains: list[str] = Field([], description="what this could not reach")

    def after(self, place: str, rows: int) -> "Proof":
        """With what was removed from one more place."""
        told = {**self.removed, place: self.removed.get(place, 0) + rows}
        return self.model_copy(update={"removed": told})


@dataclass(frozen=True)
class Forgotten:
    """Those of a data folder.

    Whoever has the folder can tell whether an id they already know is among them: that is what it
    is for.

    Attributes:
        data: The data folder.
    """

    data: Path

    @property
    def folder(self) -> Path:
        """Where the salt and the proofs lie."""
        return self.data / "forgotten"

    @property
    def stamp(self) -> int:
        """Changes whenever one more is forgotten; 0 while there is nobody."""
        return self.folder.stat().st_mtime_ns if self.folder.is_dir() else 0

    @property
    def digests(self) -> frozenset[str]:
        """The hashes of all of them."""
        return frozenset(path.stem for path in self.folder.glob("*.json"))

    @cached_property
    def salt(self) -> str:
        """What ids are hashed with, made when it is first asked for."""
        path = self.folder / "salt"
        if not path.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            _make_once(path, secrets.token_hex(_SALT_BYTES))
        return path.read_text("ascii")

    def digest(self, customer_id: str) -> str:
        """What stays of a customer; SQL has the same as `sha256(salt || customer_id)`."""
        return hashlib.sha256(f"{self.salt}{customer_id}".encode()).hexdigest()

    def among(self, customers: frozenset[str]) -> frozenset[str]:
        """Those of some customers who are forgotten."""
        digests = self.digests
        return frozenset(each for each in customers if digests and self.digest(each) in digests)

    def find(self, customer_id: str) -> Proof | None:
        """The proof of one of them; None where the customer is not."""
        path = self._path(self.digest(customer_id))
        return Proof.model_validate_json(path.read_bytes()) if path.is_file() else None

    def pending(self) -> list[Proof]:
        """Those of whom not all is removed yet, who came first first."""
        proofs = (Proof.model_validate_json(p.read_bytes()) for p in self.folder.glob("*.json"))
        return sorted((each for each in proofs if not each.done_at), key=lambda e: e.asked_at)

    def ask(self, customer_id: str) -> Proof:
        """Forget a customer from now on: on disk when this returns; all else is for a job to do."""
        found = self.find(customer_id)
        if found is None:
            found = Proof(
                sha256=self.digest(customer_id),
                customer_id=customer_id,
                asked_at=datetime.now(UTC),
            )
            self.write(found)
        return found

    def write(self, proof: Proof) -> None:
        """Put a proof in the place of the one before."""
        path = self._path(proof.sha256)
        with aside(path) as new:
            new.touch(mode=_PRIVATE)
            new.write_text(proof.model_dump_json(indent=1) + "\n", "utf-8")
        synced(path.parent)

    def admit(self, customer_id: str) -> None:
        """Let records of a forgotten customer in again; the proof stays, under `admitted/`.

        Raises:
            QuerenciaError: where the customer is not forgotten, or not all is removed yet.
        """
        proof = self.find(customer_id)
        if proof is None or not proof.done_at:
            state = "is not forgotten" if proof is None else "is still being forgotten"
            raise QuerenciaError(f"This customer {state}: there is nobody to admit again.")
        kept = self.folder / "admitted" / f"{proof.sha256}-{proof.done_at:%Y%m%dT%H%M%SZ}.json"
        kept.parent.mkdir(exist_ok=True)
        self._path(proof.sha256).rename(kept)

    def copy(self, data: Path) -> None:
        """Have the same in another data folder, such as one in which records are read anew."""
        if self.folder.is_dir():
            shutil.copytree(self.folder, data / self.folder.name)

    def _path(self, digest: str) -> Path:
        return self.folder / f"{digest}.json"


def _make_once(path: Path, text: str) -> None:
    """Write a file unless another process has written it meanwhile."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    new.write_text(text, "ascii")
    new.chmod(_PRIVATE)
    try:
        os.link(new, path)
    except FileExistsError:
        pass
    finally:
        new.unlink()
