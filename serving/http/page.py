"""The documentation as a page that loads nothing from anywhere: no script, no font, no picture."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "pre{background:#f4f4f4;padding:.7rem;overflow:auto}table{border-collapse:collapse}"
    "td,th{text-align:left;vertical-align:top;padding:.15rem .8rem .15rem 0}"
    "@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}pre{background:#222}}"
)


def render(document: Mapping[str, Any]) -> bytes:
    """The description of the API as HTML."""
    schemas = document["components"]["schemas"]
    parts = [
        f"<h1>{escape(document['info']['title'])}</h1><p>{escape(document['info']['description'])}"
        '</p><p>For programs: <a href="openapi.json">openapi.json</a></p>',
        *(_operation(path, method, told) for path, method, told in _operations(document)),
        "<h2>Parts</h2>",
        *(_schema(name, schema) for name, schema in sorted(schemas.items())),
    ]
    html = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Querencia API</title>'
        f"<style>{_STYLE}</style><body>{''.join(parts)}"
    )
    return html.encode()


def _operations(document: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    return [
        (path, method, told)
        for path, methods in document["paths"].items()
        for method, told in methods.items()
    ]


def _operation(path: str, method: str, told: Mapping[str, Any]) -> str:
    asked = told.get("requestBody", {}).get("content", {}).get("application/json", {})
    examples = (json.dumps(each["value"]) for each in asked.get("examples", {}).values())
    curls = (f"curl -s localhost:3000{path} --json '{example}'" for example in examples)
    lines = "\n".join(curls) or f"curl -s localhost:3000{path}"
    answers = told["responses"].items()
    rows = "".join(f"<tr><td>{code}<td>{escape(a['description'])}" for code, a in answers)
    return (
        f'<h2 id="{escape(path)}">{method.upper()} {escape(path)}</h2>'
        f"<p>{escape(told['summary'])}. {escape(told['description'])}</p>"
        f"<pre>{escape(lines)}</pre><table>{rows}</table>"
        f"<p>{_link(asked.get('schema'))} &rarr; {_link(_answer(told))}</p>"
    )


def _answer(told: Mapping[str, Any]) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = told["responses"]["200"]["content"]["application/json"]["schema"]
    return schema


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    fields = schema.get("properties", {}).items()
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code><td>{_kind(told)}<td>"
        f"{escape(told.get('description', ''))}"
        for field, told in fields
    )
    return (
        f'<h3 id="{escape(name)}">{escape(name)}</h3>'
        f"<p>{escape(schema.get('description', ''))}</p><table>{rows}</table>"
    )


def _kind(told: Mapping[str, Any]) -> str:
    if "$ref" in told:
        return _link(told)
    if "anyOf" in told:
        return " or ".join(map(_kind, told["anyOf"]))
    if told.get("type") == "array":
        return f"list of {_kind(told.get('items', {}))}"
    return escape(str(told.get("format", told.get("type", "any"))))


def _link(schema: Mapping[str, Any] | None) -> str:
    if not schema:
        return "nothing"
    name = escape(schema["$ref"].rsplit("/", 1)[-1])
    return f'<a href="#{name}">{name}</a>'
