"""JSON Schema (draft 2020-12) of webhook bodies, out of the serializers that make them: one truth, so neither can say
what the other does not."""

from __future__ import annotations

from typing import Any

from .payload_fields import Payload, Schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(payload: type[Any]) -> Schema:
    """Of a whole body; `payload` is a Payload. Its keys are all that there are: receivers of this contract refuse what
    they do not know."""
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
