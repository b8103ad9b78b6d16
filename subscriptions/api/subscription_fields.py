"""Fields of subscriptions, of what reads as they do, and of what is tried before one is saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework import serializers

from ..endpoints.rules import validate_events, validate_url
from ..events import versions
from .kit.fields import StrictCharField


def _ruled(check: Callable[[Any], Any], value: Any) -> Any:
    try:
        return check(value)
    except ValueError as error:
        raise serializers.ValidationError(str(error)) from None


class EndpointUrl(StrictCharField):
    """The normalized URL of an endpoint."""

    def to_internal_value(self, data: Any) -> str:
        return str(_ruled(validate_url, super().to_internal_value(data)))


class EventNames(serializers.ListField):
    child = StrictCharField()

    def to_internal_value(self, data: Any) -> list[str]:
        return list(_ruled(validate_events, super().to_internal_value(data)))


class PayloadVersion(StrictCharField):
    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        _ruled(versions.validate, name)
        return str(name)
