"""Serializer fields for webhook bodies. Each has a JSON Schema for the documentation, and reads its value with a plain
function, for speed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from rest_framework import serializers
from rest_framework.fields import Field

Get = Callable[[Any], Any]
Schema = dict[str, Any]  # JSON Schema, draft 2020-12


class _ValueField(Field):  # type: ignore[type-arg]
    """Reads its value with `get(subject)`, and replaces None by `absent`. `schema` is the field's JSON Schema where
    that of its class says too little."""

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


class TextValue(_ValueField, serializers.CharField):
    kind = {"type": "string"}


class BooleanValue(_ValueField, serializers.BooleanField):
    kind = {"type": "boolean"}


class IntegerValue(_ValueField, serializers.IntegerField):
    kind = {"type": "integer"}


class ListValue(_ValueField, serializers.ListField):
    kind = {"type": "array"}


class JsonValue(_ValueField, serializers.JSONField):
    pass


class Payload(serializers.Serializer[Any]):
    """A body. It has the declared fields that `keys` names, in that order. Those in `optional` may be missing;
    `appended` has the schemas of keys that `catalogue.build_body` adds at the end. `meanings` explains each key."""

    keys: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    appended: dict[str, Schema] = {}
    meanings: Mapping[str, str] = {}

    def get_fields(self) -> dict[str, Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        return {key: fields[key] for key in self.keys} if self.keys else fields

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {key: absent if (value := get(instance)) is None else value for key, get, absent in self._values}

    @cached_property
    def _values(self) -> list[tuple[str, Get, Any]]:
        """How each key is read, and what stands for nothing."""
        fields: Any = self.fields
        return [(key, field.get, field.absent) for key, field in fields.items()]


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def format_time(value: datetime, time_zone: str) -> str:
    """`2018-02-19T13:41:00.236-05:00`: milliseconds and the numeric offset of the company's zone."""
    return value.astimezone(_zone(time_zone)).isoformat(timespec="milliseconds")
