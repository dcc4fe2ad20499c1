"""Ten thousand bodies that nobody should send: each is told what is wrong with it."""

import asyncio
import json
import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from serving.http.operations import OPERATIONS
from serving.http.problem import ProblemDetails

COUNT = 10_000
MOST_BYTES = 200_000
STATUSES = {400, 413, 415, 422}
OTHERS_WORD = "Zebedäus"
"""Stands in every body, and in no answer: what was sent is not told again."""


class Bad(NamedTuple):
    """A body that is wrong."""

    path: str
    body: bytes


def examples() -> list[tuple[str, dict[str, Any]]]:
    """What the API's own description asks, by path."""
    return [
        (path, example)
        for path, operation in OPERATIONS.items()
        if operation.asked
        for example in operation.asked.model_json_schema()["examples"]
    ]


def truncated(body: dict[str, Any], chance: random.Random) -> bytes:
    text = json.dumps(body | {"and": OTHERS_WORD}, ensure_ascii=False).encode()
    return text[: chance.randrange(1, len(text))]


def deep(_: dict[str, Any], chance: random.Random) -> bytes:
    opening = chance.choice(["[", '{"a":', '{"histories":['])
    return (opening * chance.choice([10, 300, 20_000])).encode()


def huge(body: dict[str, Any], chance: random.Random) -> bytes:
    padding = chance.choice([" ", "9", '"'])
    return json.dumps(body).encode() + padding.encode() * MOST_BYTES


def wrong_type(body: dict[str, Any], chance: random.Random) -> bytes:
    other: Any = chance.choice([{"of": OTHERS_WORD}, {}, [[[OTHERS_WORD]]]])
    return json.dumps(body | {chance.choice([*body]): other}).encode()


def no_object(body: dict[str, Any], chance: random.Random) -> bytes:
    return json.dumps(chance.choice([[body], [], OTHERS_WORD, 7, None, True, 1.5])).encode()


def unknown_field(body: dict[str, Any], chance: random.Random) -> bytes:
    return json.dumps(body | {chance.choice(["", "__proto__", "ñ"]): OTHERS_WORD}).encode()


def no_number(body: dict[str, Any], chance: random.Random) -> bytes:
    """A number that is none, in the place of one; else in a field of its own."""
    strange = chance.choice(["NaN", "Infinity", "-Infinity", "1e999", "9" * 5_000, "-"])
    numbers = [*numbers_of(body)]
    if not numbers:
        return json.dumps(body | {"n": "@"}).replace('"@"', strange).encode()
    whole = json.dumps(body)
    return whole.replace(f": {chance.choice(numbers)}", f": {strange}", 1).encode()


def numbers_of(value: Any) -> Iterator[str]:
    """The numbers that fields of a body have."""
    if isinstance(value, dict):
        yield from (json.dumps(v) for v in value.values() if isinstance(v, int | float))
    for each in value.values() if isinstance(value, dict) else value:
        if isinstance(each, dict | list):
            yield from numbers_of(each)


def strange_letters(body: dict[str, Any], chance: random.Random) -> bytes:
    """Letters that are none: halves of some, bytes that no letter has, control characters."""
    letters = [b"\\ud800", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\x00", b"\n", b"\\x41"]
    text = json.dumps(body | {"and": "@"}).encode()
    return text.replace(b'"@"', b'"' + chance.choice(letters) + b'"')


def other_encoding(body: dict[str, Any], chance: random.Random) -> bytes:
    encoding = chance.choice(["utf-16", "utf-32", "utf-8-sig", "cp037"])
    return json.dumps(body).encode(encoding)


def noise(_: dict[str, Any], chance: random.Random) -> bytes:
    return b"\xff" + chance.randbytes(chance.randrange(1, 200))


KINDS: tuple[Callable[[dict[str, Any], random.Random], bytes], ...] = (
    *(truncated, deep, huge, wrong_type, no_object, unknown_field, no_number),
    *(strange_letters, other_encoding, noise),
)


def malformed(count: int) -> Iterator[Bad]:
    chance, known = random.Random(0), examples()  # noqa: S311 - examples, no secrets
    for i in range(count):
        path, body = known[i % len(known)]
        yield Bad(path, KINDS[i % len(KINDS)](body, chance))


@pytest.fixture(scope="module")
def client(make_client: Callable[..., Any]) -> Any:
    return make_client(most_bytes=MOST_BYTES)


def test_ten_thousand_malformed_bodies_are_each_told_what_is_wrong(client: Any) -> None:
    async def ask_all() -> list[str]:
        return [fault async for fault in faults()]

    async def faults() -> Any:
        for path, body in malformed(COUNT):
            size = {"content_type": "application/json", "content_length": str(len(body))}
            told = await client.ask("POST", path, [body], **size)
            if (fault := what_is_wrong(told)) is not None:
                yield f"{fault}: POST {path} {body[:200]!r} -> {told.status} {told.body[:300]!r}"

    found = asyncio.run(ask_all())
    assert not found, f"{len(found)} of {COUNT}, such as\n" + "\n".join(found[:5])


def what_is_wrong(told: Any) -> str | None:
    if told.status not in STATUSES:
        return "no clear refusal"
    if told.headers["content-type"] != "application/problem+json":
        return "no problem details"
    problem = ProblemDetails.model_validate_json(told.body)
    if problem.status != told.status or len(problem.detail) < 10:
        return "it does not say what is wrong"
    if OTHERS_WORD in json.dumps(problem.model_dump(), ensure_ascii=False):
        return "it tells again what was sent"
    return None


def test_every_kind_of_body_is_asked_of_every_operation() -> None:
    asked = {path for path, _ in malformed(COUNT)}
    assert asked == {path for path, operation in OPERATIONS.items() if operation.asked}
