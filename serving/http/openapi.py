"""The API's description (OpenAPI 3.1), made from the types that requests are read by."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving.http import examples
from serving.http.body import JSON
from serving.http.operations import LONGEST_KEY, OPERATIONS, Operation
from serving.http.problem import ProblemDetails
from serving.http.receiving import Sent

PROBLEM = "application/problem+json"

_REFUSED = {
    "400": "the body is no JSON",
    "401": "a key is needed, and none or no good one was sent",
    "403": "the key opens something else",
    "408": "the body took too long to arrive",
    "413": "the body is too large",
    "415": "the body is not declared to be JSON",
    "422": "the body is JSON, and not what can be asked",
    "429": "this key has too many requests waiting; Retry-After says when to come back",
    "503": "too much is being asked; Retry-After says when to come back",
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "the sender's name for what is sent: sent again under it, it is told the same "
    "and kept once; something else under it is refused with 422",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    "example": "orders-2025-06-01",
}
_OF_BODY = {"400", "408", "413", "415", "422"}


def document() -> dict[str, Any]:
    """The description of every operation, with examples and units."""
    types = _types()
    _, definitions = models_json_schema(
        [(each, mode) for each, mode in types.items()],  # type: ignore[misc]
        ref_template="#/components/schemas/{model}",
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Querencia",
            "version": "1",
            "description": "Which customers are about to leave, what each is worth, and why. "
            "Amounts are in the reporting currency and durations in days; instants have a zone. "
            "Every answer says which version made it, and how stale it is.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {each.path: {each.method.lower(): _path(each)} for each in OPERATIONS.values()},
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`querencia key NAME` makes one; none is needed on loopback",
                }
            },
        },
        "security": [{"key": []}, {}],
    }


def _types() -> dict[type[BaseModel], str]:
    asked = {each.asked: "validation" for each in OPERATIONS.values() if each.asked}
    told = {each.told: "serialization" for each in OPERATIONS.values()}
    return {**asked, **told, ProblemDetails: "serialization"}


def _path(operation: Operation) -> dict[str, Any]:
    summary, _, _ = (operation.answer.__doc__ or "").partition("\n")
    codes = (code for code in _REFUSED if operation.asked or code not in _OF_BODY)
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": summary.rstrip("."),
        "description": f"Needs the scope `{operation.scope}`.",
        "responses": {
            "200": {
                "description": operation.told.__doc__,
                "content": {
                    JSON: {
                        "schema": _ref(operation.told),
                        "examples": {
                            "example": {"value": examples.answer(operation.told.__name__)}
                        },
                    }
                },
            },
            **{code: _refused(_REFUSED[code]) for code in codes},
        },
    }
    if operation.asked and issubclass(operation.asked, Sent):
        described["parameters"] = [_KEY]
        described["responses"]["409"] = _refused("the rows cannot be added to those there are")
    if operation.asked:
        content = {JSON: {"schema": _ref(operation.asked), "examples": _examples(operation.asked)}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _examples(asked: type[BaseModel]) -> dict[str, Any]:
    extra = asked.model_config.get("json_schema_extra") or {}
    examples = extra["examples"] if isinstance(extra, dict) else []
    return {f"example {i}": {"value": value} for i, value in enumerate(examples, 1)}  # type: ignore[arg-type]


def _refused(why: str) -> dict[str, Any]:
    return {"description": why, "content": {PROBLEM: {"schema": _ref(ProblemDetails)}}}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
