"""What an object looks like: its fields by name, each with its JSON Schema and how it is read.

Lists and single objects show the default fields and those that `fields=a,b` adds. Names that are not known are ignored,
as clients send them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from subscriptions.events.payload_fields import format_time

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
WHOLE: Schema = {"type": "integer"}
WHOLE_OR_NULL: Schema = {"type": ["integer", "null"]}
NUMBER_OR_NULL: Schema = {"type": ["number", "null"]}
FLAG: Schema = {"type": "boolean"}
FLAG_OR_NULL: Schema = {"type": ["boolean", "null"]}
LIST: Schema = {"type": "array"}
TEXTS: Schema = {"type": "array", "items": {"type": "string"}}
OBJECT: Schema = {"type": "object"}
OBJECT_OR_NULL: Schema = {"type": ["object", "null"]}
ANY: Schema = {}


@dataclass(frozen=True)
class Context:
    """What a value depends on beside its row: the zone of times, and where this API is, up to `/v3/a/ACC…`."""

    zone: str
    base: str


@dataclass(frozen=True)
class Field:
    schema: Schema
    get: Callable[[Any, Context], Any]
    selectable: bool = False  # shown only where it is asked for


class Shape:
    def __init__(self, fields: Mapping[str, Field]) -> None:
        self.fields = dict(fields)
        self.default = [name for name, field in self.fields.items() if not field.selectable]

    def names(self, added: Collection[str] = ()) -> list[str]:
        """The default fields, and the selectable ones that are asked for, in the order in which they are declared."""
        return [name for name, field in self.fields.items() if not field.selectable or name in added]

    def only(self, names: Collection[str]) -> list[str]:
        """Where `fields` limits: those that are asked for and known, or all."""
        return [name for name in self.fields if name in names] or list(self.fields)

    def show(self, row: Any, context: Context, names: Collection[str] | None = None) -> dict[str, Any]:
        return {name: self.fields[name].get(row, context) for name in (self.default if names is None else names)}

    def schema(self) -> Schema:
        return {
            "type": "object",
            "properties": {name: field.schema for name, field in self.fields.items()},
            "required": self.default,
            "additionalProperties": False,
        }


def of(name: str, schema: Schema, *, selectable: bool = False) -> Field:
    """A column whose empty text is null."""

    def get(row: Any, context: Context) -> Any:
        value = row
        for part in name.split("."):
            value = getattr(value, part)
        return None if value == "" else value

    return Field(schema, get, selectable)


def always(value: Any, schema: Schema, *, selectable: bool = False) -> Field:
    """What this service does not know, or what is the same for everybody."""
    return Field(schema, lambda row, context: value, selectable)


def local(value: datetime | None, context: Context) -> str | None:
    """`2017-01-24T11:27:48.119-05:00`, in the zone that was asked for."""
    return format_time(value, context.zone) if value else None


def utc(value: datetime | None) -> str | None:
    """`2017-01-24T16:27:48.119Z`"""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if value else None


def amount(value: Any) -> int | float | None:
    """Money as a number: whole where it is whole."""
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)
