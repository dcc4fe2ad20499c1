"""The journal: a line of JSON per request, which never tells whom it was about."""

import logging
import os
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic_core import to_json

ROOT = "querencia"

_OWN_ID = re.compile(rb"[0-9a-fA-F-]{8,64}")
"""Ids that clients may choose: none that could name a person."""


class Lines(logging.Formatter):
    """Records as lines of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "says": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return to_json(told).decode()


def begin() -> None:
    """Write what the service says to standard output, as lines of JSON."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Lines())
    logger = logging.getLogger(ROOT)
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


def note(facts: Mapping[str, object]) -> None:
    """A line about a request, in the same shape; without the detours of a logger."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"at": at, "level": "info", "from": f"{ROOT}.http", "says": "answered", **facts}
    sys.stdout.write(to_json(line).decode() + "\n")
    sys.stdout.flush()


def request_id(sent: bytes | None) -> str:
    """The client's own id of the request, where it may be told, or a new one."""
    if sent and _OWN_ID.fullmatch(sent):
        return sent.decode("ascii")
    return os.urandom(8).hex()
