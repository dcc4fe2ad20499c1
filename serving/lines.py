"""Customers of the last scores as lines of JSON, ready to be sent."""

import mmap
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

import pandas as pd
from pydantic_core import from_json, to_json

from serving import words

Figure = Literal[
    "risk",
    "value",
    "value_low",
    "value_high",
    "value_at_stake",
    "expected_loss",
    "expected_purchases",
    "expected_purchases_low",
    "expected_purchases_high",
    "expected_spend",
    "expected_spend_low",
    "expected_spend_high",
    "next_purchase_from",
    "next_purchase_at",
    "next_purchase_by",
    "reason",
]
"""What is told of a customer who is known, in order."""

EVERY: tuple[Figure, ...] = get_args(Figure)
_WHOSE = ("customer_id", "known")
_FIELDS = (*_WHOSE, *EVERY)
_AT_ONCE = 10_000


@dataclass(frozen=True)
class Lines:
    """A line of JSON per customer, in a file that is gone when the process is.

    The system keeps in memory what is asked for; a million customers take some 700 MB of it.
    """

    _file: mmap.mmap
    _starts: "array[int]"

    @classmethod
    def of(cls, lines: Iterable[bytes]) -> Self:
        """These lines, in this order."""
        starts = array("q", [0])
        with tempfile.TemporaryFile(prefix="querencia-") as file:
            for line in lines:
                starts.append(starts[-1] + file.write(line))
            if starts[-1] == 0:
                file.write(b"\n")  # nothing cannot be mapped
            file.flush()
            return cls(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), starts)

    def __getitem__(self, place: int) -> bytes:
        return self._file[self._starts[place] : self._starts[place + 1]]

    def __len__(self) -> int:
        return len(self._starts) - 1


def told(scores: pd.DataFrame, language: words.Language) -> Iterator[bytes]:
    """Every customer of the scores, in their order."""
    for start in range(0, len(scores), _AT_ONCE):
        rows = scores.iloc[start : start + _AT_ONCE]
        rows = rows.assign(known=True, reason=words.reasons(rows, language))[list(_FIELDS)]
        plain = rows.astype(object).where(rows.notna(), None)
        yield from map(to_json, plain.to_dict("records"))


def unknown(customer_id: str, figures: Sequence[Figure] = EVERY) -> bytes:
    """One of whom there is nothing to say."""
    return to_json({"customer_id": customer_id, "known": False, **dict.fromkeys(figures)})


def known(customer: Mapping[str, Any], figures: Sequence[Figure] = EVERY) -> bytes:
    """One who is known; what is not a number is told as null."""
    return to_json({name: customer[name] for name in (*_WHOSE, *figures)}, inf_nan_mode="null")


def cut(line: bytes, figures: Sequence[Figure]) -> bytes:
    """A line of one who is known, with these figures alone."""
    return line if figures == EVERY else known(from_json(line), figures)
