"""A JSON Schema in words, for people: `list of text`, `"inbound" or "outbound"`, `text or null`. No Django."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

REFERENCE = "#/components/schemas/"
_KINDS = {
    "string": "text",
    "boolean": "true or false",
    "integer": "whole number",
    "number": "number",
    "array": "list",
    "object": "object",
    "null": "null",
}


def describe_kind(schema: Mapping[str, Any], known: Mapping[str, Any] | None = None) -> str:
    """`known`: the schemas that a `$ref` may name."""
    if "$ref" in schema:
        return describe_kind((known or {}).get(str(schema["$ref"]).removeprefix(REFERENCE), {"type": "object"}), known)
    if "enum" in schema:
        return _or([json.dumps(value) for value in schema["enum"]])
    if "const" in schema:
        return json.dumps(schema["const"])
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return _or([describe_kind(one, known) for one in schema[several]])
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds == ["array"] and schema.get("items"):
        of = schema["items"]
        of_objects = "$ref" in of or of.get("type") == "object"
        return f"list of {'objects' if of_objects else describe_kind(of, known)}"
    if kinds == ["object"] and "properties" in schema:
        return f"object with {', '.join(schema['properties'])}"
    return _or([_KINDS[kind] for kind in kinds]) or "any value"


def _or(words: list[str]) -> str:
    *some, last = words or [""]
    return f"{', '.join(some)} or {last}" if some else last
