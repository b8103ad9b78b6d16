"""JSON Schema (draft 2020-12) of webhook bodies, generated from the serializers that build them, so that the two always
agree."""

from __future__ import annotations

from typing import Any

from .payload_fields import Payload, Schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def build_schema(payload: type[Any]) -> Schema:
    """The schema of a whole body; `payload` is a Payload. No other keys are allowed: some receivers reject bodies with
    keys that they do not know."""
    instance: Payload = payload()
    properties = {
        name: _of_field(field, instance.meanings.get(name, "")) for name, field in instance.fields.items()
    } | instance.appended
    return {
        "$schema": DIALECT,
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in instance.optional],
        "additionalProperties": False,
    }


def _of_field(field: Any, meaning: str) -> Schema:
    schema: Schema = field.schema
    if field.allow_null:
        schema = {**schema, "type": [schema["type"], "null"]}
    return {**schema, "description": meaning} if meaning else schema
