"""The history: who became champion when, why, and at whose wish; appended to, never rewritten."""

import getpass
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from features.files import append_line
from features.findings import Finding

What = Literal["registered", "promoted", "refused", "rolled_back"]


class Entry(BaseModel):
    """One thing that happened to a version."""

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime = Field(description="when, UTC")
    what: What = Field(description="what happened")
    version: int = Field(description="to which version")
    champion: int | None = Field(None, description="the version that served until then")
    by: str = Field(description="the job that asked for it")
    user: str = Field(description="whose account it ran under")
    findings: tuple[Finding, ...] = Field((), description="why")


class History:
    """The file of entries in a store, one line of JSON each.

    Processes may append at a time. A line that was torn, as by a full disk, is passed over.

    Args:
        folder: The folder of the MLflow store.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "history.jsonl"

    def note(
        self,
        what: What,
        version: int,
        *,
        by: str,
        champion: int | None = None,
        findings: tuple[Finding, ...] = (),
    ) -> Entry:
        """Append an entry of now; it is on disk when this returns."""
        entry = Entry(
            at=datetime.now(UTC),
            what=what,
            version=version,
            champion=champion,
            by=by,
            user=_user(),
            findings=findings,
        )
        append_line(self.path, entry.model_dump_json())
        return entry

    def entries(self) -> list[Entry]:
        """All entries, the oldest first."""
        if not self.path.is_file():
            return []
        return list(_readable(self.path.read_bytes().splitlines()))

    def champions(self) -> list[int]:
        """Who led to the present champion, one after the other; who was rolled back is not there.

        Going back to a version takes away whoever came after it.
        """
        line: list[int] = []
        for entry in self.entries():
            if entry.what == "rolled_back" and entry.version in line:
                line = line[: line.index(entry.version) + 1]
            elif entry.what in ("promoted", "rolled_back"):
                line.append(entry.version)
        return line


def _readable(lines: list[bytes]) -> Iterator[Entry]:
    for line in lines:
        try:
            entry = Entry.model_validate_json(line)
        except ValidationError:
            continue
        told = tuple(replace(each, figures=_figures(each)) for each in entry.findings)
        yield entry.model_copy(update={"findings": told})


def _figures(finding: Finding) -> dict[str, object]:
    """JSON has no tuples."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in finding.figures.items()}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's account has no name
        return str(os.getuid())
