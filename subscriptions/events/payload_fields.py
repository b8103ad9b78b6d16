"""Fields of webhook bodies: typed for the catalogue's documentation, read by a function for speed and plainness."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from rest_framework import serializers
from rest_framework.fields import Field

Get = Callable[[Any], Any]
Schema = dict[str, Any]  # JSON Schema, draft 2020-12


class _Read(Field):  # type: ignore[type-arg]
    """Takes its value from `get(subject)`; a value of None becomes `absent`. `schema` says what the value is where the
    kind of the field says too little."""

    kind: Schema = {}

    def __init__(self, get: Get, *, absent: Any = None, schema: Schema | None = None, **kwargs: Any) -> None:
        self.get = get
        self.absent = absent
        self.schema = self.kind if schema is None else schema
        super().__init__(read_only=True, **kwargs)

    def get_attribute(self, instance: Any) -> Any:
        value = self.get(instance)
        return self.absent if value is None else value

    def to_representation(self, value: Any) -> Any:
        return value


class TextValue(_Read, serializers.CharField):
    kind = {"type": "string"}


class BooleanValue(_Read, serializers.BooleanField):
    kind = {"type": "boolean"}


class IntegerValue(_Read, serializers.IntegerField):
    kind = {"type": "integer"}


class ListValue(_Read, serializers.ListField):
    kind = {"type": "array"}


class JsonValue(_Read, serializers.JSONField):
    pass


class Payload(serializers.Serializer[Any]):
    """A body: the fields named in `keys`, in that order, out of those that the class and its bases declare. Those in
    `optional` may be missing; `appended` are what `catalogue.build_body` adds behind them. `meanings` has a sentence on
    each key."""

    keys: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    appended: dict[str, Schema] = {}
    meanings: Mapping[str, str] = {}

    def get_fields(self) -> dict[str, Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        return {key: fields[key] for key in self.keys} if self.keys else fields


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def format_time(value: datetime, time_zone: str) -> str:
    """`2018-02-19T13:41:00.236-05:00`: milliseconds and the numeric offset of the company's zone."""
    return value.astimezone(_zone(time_zone)).isoformat(timespec="milliseconds")
